import { WebSocket } from 'ws'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { rawHandshake } from '../../test/support/raw-client.ts'
import type { Context } from '../context.ts'
import { MIB, type Fault, type Finding } from '../fault.ts'
import { openFiles } from '../process-files.ts'
import type { Subject } from '../subject.ts'
import { many, pause } from '../waiting.ts'

const SECONDS = { quick: 12, whole: 120 }
const HOUR_MS = 3_600_000
/** The heap fills with what stays, code and caches, before anything can be said of what grows. */
const WARM_UP_SHARE = 0.25
const SAMPLES = 60

interface Sample {
  hours: number
  bytes: number
  files: number
  timers: number
}

/** One of these at a time, by chance; each is over when it resolves. */
const disturbances: Array<(context: Context, subject: Subject) => Promise<unknown>> = [
  // Clients that come, ask and go.
  (context, { port }) => many(40, 20, async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws?topics=metrics,pops&delta=true`)
    await once(socket, 'message')
    socket.send('{"type":"subscribe","topics":["alerts"],"history":10}')
    await pause(context.draw(300))
    const closed = once(socket, 'close')
    socket.close()
    await closed
  }),
  // Those that are gone without a word.
  (_context, { port }) => many(40, 20, async () => { (await rawHandshake(port)).socket.resetAndDestroy() }),
  // No HTTP, and half of it.
  (context, { port }) => many(20, 20, async () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {}).resume()
    await once(socket, 'connect')
    socket.write(context.draw(2) === 0 ? context.drawn(50) : 'GET /ws HTTP/1.1\r\nHost: a\r\n')
    await pause(context.draw(200))
    socket.destroy()
  }),
  ...[
    (response: ServerResponse) => { response.writeHead(503).end() },
    (response: ServerResponse) => { response.writeHead(200, { 'content-type': 'application/json' }).write('{"results":[') },
    (response: ServerResponse) => { response.socket?.resetAndDestroy() }
  ].map((fault) => async (context: Context, subject: Subject) => {
    subject.database.fault = fault
    await pause(500 + context.draw(2_500))
    subject.database.fault = null
  }),
  async (_context, subject) => {
    for (const path of ['/metrics', '/health', '/api/pops', '/api/websocket/status', '/nope']) await subject.status(path)
  }
]

async function sample (subject: Subject, startedAt: number): Promise<Sample> {
  const { bytes, timers } = await subject.held()
  return { hours: (performance.now() - startedAt) / HOUR_MS, bytes, timers, files: openFiles(subject.pid) }
}

/** Least squares. @returns change per hour */
export function slope (samples: readonly Sample[], of: 'bytes' | 'files' | 'timers'): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(samples.map(({ hours }) => hours)), mean(samples.map((one) => one[of]))]
  const covariance = samples.reduce((sum, one) => sum + (one.hours - x) * (one[of] - y), 0)
  return covariance / samples.reduce((sum, { hours }) => sum + (hours - x) ** 2, 0)
}

async function soak (context: Context): Promise<Finding> {
  const { hours } = context.options
  const ms = hours !== null ? hours * HOUR_MS : (context.isQuick ? SECONDS.quick : SECONDS.whole) * 1_000
  const subject = await context.start({ observers: 8, env: { PING_INTERVAL_MS: '2000', STALE_AFTER_MS: '8000' } })
  const startedAt = performance.now()
  const samples: Sample[] = []
  let count = 0
  let sampledAt = -Infinity
  for (; performance.now() - startedAt < ms; count++) {
    await disturbances[context.draw(disturbances.length)]?.(context, subject)
    if (performance.now() - sampledAt < ms / SAMPLES) continue
    sampledAt = performance.now()
    samples.push(await sample(subject, startedAt))
  }
  await subject.all('fresh in the end', ({ status }) => status === 'fresh')
  const warm = samples.slice(Math.floor(samples.length * WARM_UP_SHARE))
  const [first, last] = [warm[0] as Sample, warm.at(-1) as Sample]
  const grown = { bytes: slope(warm, 'bytes'), files: slope(warm, 'files'), timers: slope(warm, 'timers') }
  // What a line through so few samples says is noise; what it comes to over the time is not.
  const over = last.hours - first.hours
  const most = { bytes: 8 * MIB, files: 12, timers: 12 }
  return {
    what: `${count} disturbances in ${(ms / 1_000).toFixed(0)} s: clients that come and go, faults of the database, no HTTP`,
    figure: `per hour: ${(grown.bytes / MIB).toFixed(1)} MiB, ${grown.files.toFixed(0)} files, ${grown.timers.toFixed(0)} timers`,
    goal: `over the time < ${most.bytes / MIB} MiB, < ${most.files} files, < ${most.timers} timers`,
    pass: grown.bytes * over < most.bytes && grown.files * over < most.files && grown.timers * over < most.timers
  }
}

const HOURS = 8

export const soaks: Fault[] = [
  { name: 'soak', isQuick: true, withinMs: 2 * HOURS * HOUR_MS, run: soak }
]
