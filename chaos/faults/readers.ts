import { fileURLToPath } from 'node:url'
import { once } from 'node:events'
import { connect } from 'node:net'
import { closed } from '../../test/support/closed.ts'
import { maskedFrame, rawHandshake, type RawClient } from '../../test/support/raw-client.ts'
import type { Context } from '../context.ts'
import { MIB, signed, toMiB, toMs, type Fault, type Finding } from '../fault.ts'
import { get } from '../http.ts'
import { Cable } from '../network.ts'
import type { Subject } from '../subject.ts'
import { expectSoon, HANG_MS, pause } from '../waiting.ts'

/** PoPs of which an update is some 64 KiB, different each time. */
const POPS_OF_64_KIB = 260
const FAST = { BROADCAST_INTERVAL_MS: '500', QUERY_TIMEOUT_MS: '450' }
const HOST = '127.0.0.1'
const WARM_UP_UPDATES = 8

const closedWith = (subject: Subject, code: string) => subject.counted('popcast_connections_closed_total', { code })

async function besideSlow (context: Context): Promise<Finding> {
  const [readers, slow] = context.isQuick ? [190, 10] : [990, 10]
  const subject = await context.start({ pops: POPS_OF_64_KIB, env: { ...FAST, SLOW_CLIENT_TIMEOUT_MS: '2000' } })
  const { port } = subject
  const good = await context.crowd({ host: HOST, port, path: '/ws', clients: readers, does: 'observe' })
  await context.crowd({ host: HOST, port, path: '/ws?topics=pops', clients: slow, does: 'never-read' })
  await expectSoon(80_000, 'those that do not read are closed with 4008', async () => await closedWith(subject, '4008') >= slow)
  await subject.updates(3)
  good.child.send('report')
  const { complaints = [], closed = 0 } = await good.report('done')
  await good.end()
  return {
    what: complaints[0] ?? `the ${slow} closed with 4008, the ${readers} served`,
    figure: `${closed} of ${readers} readers disconnected`,
    goal: '0, and no gap',
    pass: closed === 0 && complaints.length === 0
  }
}

async function neverRead (context: Context): Promise<Finding> {
  const clients = 200
  const subject = await context.start({ pops: POPS_OF_64_KIB, env: { ...FAST, SLOW_CLIENT_TIMEOUT_MS: '3000' } })
  const bytes = (await get(`${subject.url}/api/pops`)).body.length
  // What one update costs, whoever reads it.
  await subject.updates(WARM_UP_UPDATES)
  const before = await subject.held()
  const crowd = await context.crowd({
    host: HOST, port: subject.port, path: '/ws?topics=pops', clients, does: 'never-read'
  })
  let most = 0
  let longest = 0
  await expectSoon(80_000, 'those that do not read are closed with 4008', async () => {
    const { bytes, longestTurnMs } = await subject.held()
    most = Math.max(most, bytes)
    longest = Math.max(longest, longestTurnMs)
    return await closedWith(subject, '4008') >= clients
  })
  await expectSoon(HANG_MS, 'they are cut off', () => subject.clientSockets <= subject.observers.length)
  await crowd.end()
  return {
    what: `${clients} closed with 4008 and cut off, of ${(bytes / 1024).toFixed(0)} KiB per update`,
    figure: `memory ${signed(most - before.bytes)}, longest turn ${toMs(longest)}`,
    goal: '< 16 MiB, < 100 ms',
    pass: most - before.bytes < 16 * MIB && bytes > 64 * 1024,
    inTime: longest < 100
  }
}

async function halfOpen (context: Context): Promise<Finding> {
  const clients = context.isQuick ? 100 : 500
  const cable = await Cable.lay(context)
  const pingMs = 1_000
  const env = { HOST: '0.0.0.0', AUTH: 'none', PING_INTERVAL_MS: String(pingMs), STALE_AFTER_MS: '10000' }
  const subject = await context.start({ env })
  const crowd = { host: cable.address, port: subject.port, path: '/ws', clients, does: 'observe' as const }
  await context.crowd(crowd, cable.launcher)
  const open = await subject.counted('popcast_connections_open')
  cable.pull()
  const pulledAt = performance.now()
  await expectSoon(HANG_MS, 'they are closed with 4012', async () => await closedWith(subject, '4012') >= clients)
  const tookMs = performance.now() - pulledAt
  await expectSoon(HANG_MS, 'their sockets are closed', () => subject.clientSockets <= subject.observers.length)
  return {
    what: `${clients} that answered pings until a cable was pulled: closed with 4012, their sockets with them`,
    figure: `after ${toMs(tookMs)}`,
    goal: `< ${toMs(10 * pingMs)}`,
    pass: open >= clients,
    inTime: tookMs < 10 * pingMs
  }
}

async function frozen (context: Context): Promise<Finding> {
  const ms = context.isQuick ? 4_000 : 12_000
  const env = { PING_INTERVAL_MS: '1000', STALE_AFTER_MS: '2000' }
  const subject = await context.start({ env, observers: 20 })
  await subject.updates(1)
  subject.service.child.kill('SIGSTOP')
  await pause(ms)
  const thawedAt = performance.now()
  subject.service.child.kill('SIGCONT')
  await subject.updates(1)
  const tookMs = performance.now() - thawedAt
  await subject.updates(3)
  return {
    what: `popcast frozen ${ms / 1_000} s, twice as long as its clients may be silent: all are served as before`,
    figure: `an update after ${toMs(tookMs)}`,
    goal: '< 5000 ms, nobody disconnected',
    pass: true,
    inTime: tookMs < 5_000
  }
}

const SABOTEUR = ['--import', fileURLToPath(new URL('../saboteur.js', import.meta.url))]

interface Victim {
  name: string
  /** How its listener is called. */
  provoke: (client: RawClient) => unknown
  event: 'listener_failed' | 'delivery_failed'
}

/** Of pino. */
const LEVEL_ERROR = 50
const TEXT = 0x81
const PING = 0x89
const PONG = 0x8a
const CLOSE = 0x88

const victims: Victim[] = [
  { name: 'greeting', provoke: () => {}, event: 'listener_failed' },
  { name: 'message', provoke: ({ socket }) => socket.write(maskedFrame(TEXT, Buffer.from('{}'))), event: 'listener_failed' },
  { name: 'ping', provoke: ({ socket }) => socket.write(maskedFrame(PING, Buffer.alloc(1))), event: 'listener_failed' },
  { name: 'pong', provoke: ({ socket }) => socket.write(maskedFrame(PONG, Buffer.alloc(1))), event: 'listener_failed' },
  // Reserved bits that nobody agreed on.
  { name: 'error', provoke: ({ socket }) => socket.write(maskedFrame(TEXT | 0x70, Buffer.alloc(1))), event: 'listener_failed' },
  { name: 'stream error', provoke: ({ socket }) => socket.resetAndDestroy(), event: 'listener_failed' },
  { name: 'close', provoke: ({ socket }) => socket.write(maskedFrame(CLOSE, Buffer.from([3, 232]))), event: 'listener_failed' },
  { name: 'delivery', provoke: () => {}, event: 'delivery_failed' },
  { name: 'drain', provoke: readLater, event: 'delivery_failed' }
]

/** Reads nothing until an update waits for it. */
async function readLater ({ socket }: RawClient): Promise<void> {
  socket.pause()
  await pause(11_000)
  socket.resume()
}

const idOf = (client: RawClient) => client.message('"welcome"').then((bytes) => /ws_\d+_\d+/.exec(bytes.toString())?.[0])

async function throwing (context: Context): Promise<Finding> {
  const subject = await context.start({ pops: POPS_OF_64_KIB, nodeArguments: SABOTEUR, env: FAST })
  const tried = victims.filter(({ name }) => !(context.isQuick && name === 'drain'))
  const failed = (event: string) => subject.lines(event).length
  await Promise.all(tried.map(async ({ name, provoke, event }) => {
    const victim = await rawHandshake(subject.port, '/ws?topics=metrics,pops', { 'user-agent': `sabotage ${name}` })
    context.teardown(() => victim.socket.destroy())
    const { connectionId } = await subject.logged('connect', (line) => line.userAgent === `sabotage ${name}`)
    await provoke(victim)
    const line = await subject.logged(event, (line) => line.connectionId === connectionId)
    if (Number(line.level) !== LEVEL_ERROR) throw new Error(`${name}: it is no error in the log`)
    await subject.logged('disconnect', (line) => line.connectionId === connectionId).catch((error: Error) => {
      // What threw is the disconnect itself.
      if (name !== 'close') throw error
    })
  }))
  const seen = failed('listener_failed') + failed('delivery_failed')
  const errors = await subject.counted('popcast_connection_errors_total')
  return {
    what: `a throw in ${tried.map(({ name }) => name).join(', ')}: each ended its own client, and is in the log`,
    figure: `${seen} of ${tried.length} in the log, ${errors} errors counted`,
    goal: 'all, nobody else disconnected',
    pass: seen === tried.length && errors >= tried.length
  }
}

async function failingSend (context: Context): Promise<Finding> {
  const subject = await context.start({ nodeArguments: SABOTEUR })
  const victim = await rawHandshake(subject.port, '/ws', { 'user-agent': 'sabotage send' })
  context.teardown(() => victim.socket.destroy())
  const id = await idOf(victim)
  const line = await subject.logged('send_failed', ({ connectionId }) => connectionId === id)
  await subject.updates(2)
  const failures = await subject.counted('popcast_update_write_failures_total')
  victim.socket.destroy()
  return {
    what: `one write threw: ${String(line.detail)} in the log, counted; the others got that update and the next`,
    figure: `${failures} update lost`,
    goal: '1',
    pass: failures === 1
  }
}

async function storm (context: Context): Promise<Finding> {
  const clients = context.isQuick ? 1_000 : 5_000
  const subject = await context.start()
  let slowest = 0
  const over = new AbortController()
  const probing = (async () => {
    while (!over.signal.aborted) {
      const askedAt = performance.now()
      if (await subject.status('/health/live') !== 200) throw new Error('it is not alive')
      slowest = Math.max(slowest, performance.now() - askedAt)
      await pause(20)
    }
  })()
  const { child, tookMs } = await context.load({ port: subject.port, clients })
  over.abort()
  await probing
  await subject.updates(1)
  const open = await subject.counted('popcast_connections_open')
  child.kill('SIGKILL')
  await once(child, 'exit')
  return {
    what: `${open} connected, no query more than without them`,
    figure: `${Math.round(clients / tookMs * 1_000)} per second, liveness within ${toMs(slowest)}`,
    goal: 'all, liveness < 1000 ms',
    pass: open >= clients,
    inTime: slowest < 1_000
  }
}

async function smallHeap (context: Context): Promise<Finding> {
  const clients = context.isQuick ? 1_000 : 2_000
  const subject = await context.start({ nodeArguments: ['--max-old-space-size=64'] })
  const { child } = await context.load({ port: subject.port, clients })
  await subject.updates(context.isQuick ? 2 : 8)
  const { bytes } = await subject.held()
  const open = await subject.counted('popcast_connections_open')
  child.kill('SIGKILL')
  await once(child, 'exit')
  return {
    what: `--max-old-space-size=64 with ${clients} clients: all served`,
    figure: `${toMiB(bytes)} used`,
    goal: 'it lives, nobody disconnected',
    pass: open >= clients
  }
}

/** Asked for every connection while there are thousands. */
async function longStatus (context: Context): Promise<Finding> {
  const clients = context.isQuick ? 2_000 : 9_000
  // Else it would be the updates of thousands that are measured.
  const subject = await context.start({ env: { BROADCAST_INTERVAL_MS: '5000', QUERY_TIMEOUT_MS: '900' } })
  const { child } = await context.load({ port: subject.port, clients })
  await subject.held()
  const shown: number[] = []
  const turns: number[] = []
  for (let times = 0; times < 5; times++) {
    const { body } = await get(`${subject.url}/api/websocket/status?limit=1000000`)
    shown.push(JSON.parse(body).connections.length)
    turns.push((await subject.held()).longestTurnMs)
  }
  const longestTurnMs = turns.sort((a, b) => a - b)[2] ?? NaN
  child.kill('SIGKILL')
  await once(child, 'exit')
  return {
    what: `?limit=1000000 of ${clients} connections, five times: ${Math.min(...shown)} shown`,
    figure: `longest turn ${toMs(longestTurnMs)} (the median of the five)`,
    goal: '< 40 ms',
    pass: Math.min(...shown) >= clients,
    inTime: longestTurnMs < 40
  }
}

async function garbage (context: Context): Promise<Finding> {
  const subject = await context.start()
  const count = 200
  await Promise.all(Array.from({ length: count }, async () => {
    const socket = connect(subject.port, HOST)
    socket.on('error', () => {})
    socket.write(context.drawn(64))
    socket.end()
    socket.resume()
    await closed(socket)
  }))
  return { what: `${count} connections of random bytes: refused`, figure: '', goal: 'nobody else notices', pass: true }
}

export const readers: Fault[] = [
  { name: '990 readers beside 10 that never read', isQuick: true, withinMs: 110_000, run: besideSlow },
  { name: '200 that never read, 64 KiB each time', isQuick: false, isHeavy: true, withinMs: 110_000, run: neverRead },
  { name: 'half-open peers', isQuick: true, needsOwnNetwork: true, run: halfOpen },
  { name: 'popcast frozen', isQuick: true, run: frozen },
  { name: 'a throw in every listener', isQuick: true, run: throwing },
  { name: 'one send failing', isQuick: true, run: failingSend },
  { name: 'storm of 5,000', isQuick: true, isHeavy: true, run: storm },
  { name: 'a heap of 64 MiB', isQuick: false, isHeavy: true, run: smallHeap },
  { name: 'the status of everybody', isQuick: false, isHeavy: true, run: longStatus },
  { name: 'random bytes', isQuick: false, run: garbage }
]
