import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../test/support/free-port.ts'
import { fifo, run } from '../../test/support/outputs.ts'
import { HANDSHAKE } from '../../test/support/refused-upgrades.ts'
import type { Context } from '../context.ts'
import { toMs, type Fault, type Finding } from '../fault.ts'
import { get } from '../http.ts'
import { Observer } from '../observer.ts'
import { clientSockets } from '../process-files.ts'
import { readExposition } from '../../test/support/exposition.ts'
import { expectSoon, expectWithin, HANG_MS, many, pause } from '../waiting.ts'

const HOST = '127.0.0.1'
const HOUR_MS = 3_600_000
const CLOCK = ['--import', fileURLToPath(new URL('../clock.js', import.meta.url))]

/** @param hours by which the clock of the service jumps, and later back */
async function clockJumps (context: Context, hours: number): Promise<Finding> {
  const jump = hours * HOUR_MS
  const subject = await context.start({
    nodeArguments: CLOCK,
    env: {
      POPCAST_CHAOS_CLOCK: `${jump},${-jump}`,
      OVERVIEW_WINDOW_MS: '60000',
      PING_INTERVAL_MS: '1000',
      STALE_AFTER_MS: '3000'
    }
  })
  await subject.updates(1)
  const count = context.isQuick ? 4 : 8
  const beganAt = performance.now()
  await subject.updates(count)
  const usualMs = Math.max((performance.now() - beganAt) / count, subject.intervalMs)
  const ticks = subject.database.ticks.length
  subject.database.askerAheadMs = jump
  subject.service.child.kill('SIGIO')
  const jumpedAt = performance.now()
  await subject.updates(count)
  const meanMs = (performance.now() - jumpedAt) / count
  const said = Array.from(new Set(subject.observers.map(({ status }) => status))).join(', ')
  subject.database.askerAheadMs = 0
  subject.service.child.kill('SIGIO')
  const backAt = performance.now()
  await subject.updates(1)
  await subject.all('fresh again', ({ status }) => status === 'fresh', 20_000)
  const freshMs = performance.now() - backAt
  const asked = subject.database.ticks.length - ticks
  return {
    what: `an update each ${toMs(meanMs)} as before, said to be ${said}; fresh again when the clock is right`,
    figure: `fresh after ${toMs(freshMs)}, ${asked} queries`,
    goal: '< 8000 ms, nobody disconnected',
    // On a machine that is busy they come more slowly before it as well.
    pass: meanMs < 4 * usualMs,
    inTime: freshMs < 8_000 && meanMs < 2 * subject.intervalMs
  }
}

const answers = (url: string) => get(url).then(({ status }) => status === 200, () => false)

async function fewFiles (context: Context): Promise<Finding> {
  const clients = 200
  const subject = await context.start({ launcher: ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh'], program: 'popcast.js' })
  const outcomes = new Map<string, number>()
  const sockets: Socket[] = []
  await many(clients, clients, async () => {
    const socket = connect(subject.port, HOST)
    socket.on('error', () => {})
    sockets.push(socket)
    socket.write(['GET /ws HTTP/1.1', `Host: ${HOST}`, ...HANDSHAKE, '', ''].join('\r\n'))
    const answer = await Promise.race([
      // What is dropped may be reset.
      once(socket, 'data').then(([data]) => String(data).slice(9, 12), () => 'closed'),
      once(socket, 'close').then(() => 'closed', () => 'closed'),
      pause(3_000).then(() => 'waiting')
    ])
    outcomes.set(answer, (outcomes.get(answer) ?? 0) + 1)
    socket.resume()
  })
  await subject.updates(2)
  for (const socket of sockets) socket.destroy()
  await expectSoon(HANG_MS, 'their sockets are closed', () => subject.clientSockets <= subject.observers.length)
  await expectSoon(HANG_MS, 'it is ready again', () => answers(`${subject.url}/health/ready`))
  const back = await Observer.open(subject.told, subject)
  await back.until(() => back.last > 0)
  subject.observers.push(back)
  const refused = await subject.counted('popcast_connections_refused_total', { reason: 'over_capacity' })
  const isSaid = subject.lines('few_open_files').length === 1
  const letIn = outcomes.get('101') ?? 0
  const said = Array.from(outcomes, (pair) => pair.join(': ')).join(', ')
  return {
    what: `starts, serves as many as it can (${said}), lets others in when those are gone`,
    figure: `${letIn} of ${clients} let in, ${refused} told why not`,
    goal: 'it lives, nobody disconnected',
    pass: isSaid && letIn > 10 && letIn < clients
  }
}

/** With a log that nobody reads, or that has no end to read at. */
async function stdout (context: Context, kind: 'stalled' | 'closed'): Promise<Finding> {
  const folder = mkdtempSync(join(tmpdir(), 'popcast-chaos-'))
  context.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const { writer, closeWriter } = fifo({ testdir: () => folder })
  const port = await freePort()
  const fast = { BROADCAST_INTERVAL_MS: '500', QUERY_TIMEOUT_MS: '400', DRAIN_TIMEOUT_MS: '1000' }
  const env = { HOST, PORT: String(port), LOG_LEVEL: 'trace', ...fast }
  const { child, exit, stderr } = run(context, 'server.js', [], kind === 'stalled' ? writer : 'pipe', env)
  closeWriter()
  if (kind === 'closed') child.stdout?.destroy()
  const url = `http://${HOST}:${port}`
  await expectSoon(HANG_MS, 'it is alive', () => answers(`${url}/health/live`))
  const told = new Map<string, string>()
  const observer = await Observer.open(told, { port })
  const connects = context.isQuick ? 2_000 : 3_000
  await many(connects, 20, async () => {
    const one = await Observer.open(new Map(), { port, headers: { 'user-agent': 'x'.repeat(250) } })
    await one.leave()
  })
  const { last } = observer
  await expectWithin(HANG_MS, 'two updates more', observer.until(() => observer.last >= last + 2))
  const { body } = await get(`${url}/metrics`)
  const dropped = readExposition(body).value('popcast_log_lines_dropped_total')
  const complaints = observer.complaints
  await observer.leave()
  await expectSoon(HANG_MS, 'no socket is left', () => clientSockets(child.pid ?? 0, port) === 0)
  const signalledAt = performance.now()
  child.kill('SIGTERM')
  const [code] = await expectWithin(HANG_MS, 'its exit', exit)
  const tookMs = performance.now() - signalledAt
  return {
    what: complaints[0] ?? `serves on, ${dropped} lines dropped and counted in the metrics`,
    figure: `exit ${code} after ${toMs(tookMs)}`,
    goal: 'exit 0, < 5000 ms',
    pass: complaints.length === 0 && code === 0 && dropped > 0 && stderr() === '',
    inTime: tookMs < 5_000
  }
}

export const processes: Fault[] = [
  { name: 'clock + 1 h', isQuick: true, run: (context) => clockJumps(context, 1) },
  { name: 'clock - 1 h', isQuick: true, run: (context) => clockJumps(context, -1) },
  { name: 'ulimit -n 64', isQuick: true, run: fewFiles },
  { name: 'stdout stalled', isQuick: true, run: (context) => stdout(context, 'stalled') },
  { name: 'stdout closed', isQuick: false, run: (context) => stdout(context, 'closed') }
]
