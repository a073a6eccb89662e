import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { closed } from '../../test/support/closed.ts'
import { maskedFrame } from '../../test/support/raw-client.ts'
import { HANDSHAKE, refusedUpgrades, statusOf } from '../../test/support/refused-upgrades.ts'
import type { Context } from '../context.ts'
import { toMs, type Fault, type Finding } from '../fault.ts'
import { Observer } from '../observer.ts'
import { expectSoon, HANG_MS, many } from '../waiting.ts'

const HOST = '127.0.0.1'
const AT_A_TIME = 50
const REQUEST = ['GET /ws HTTP/1.1', `Host: ${HOST}`, ...HANDSHAKE, '', ''].join('\r\n')

/** How far the upgrade is when the client resets the connection. */
const stages: Array<{ name: string, reach: (socket: Socket) => unknown }> = [
  { name: 'connected', reach: () => {} },
  { name: 'half a request line', reach: (socket) => written(socket, 'GET /w') },
  { name: 'half the headers', reach: (socket) => written(socket, REQUEST.slice(0, REQUEST.length / 2)) },
  { name: 'all of the request', reach: (socket) => written(socket, REQUEST) },
  { name: 'a request that is refused', reach: (socket) => written(socket, REQUEST.replace('/ws', '/nope')) },
  { name: 'the 101', reach: (socket) => answered(socket, REQUEST) },
  {
    name: 'half a frame',
    async reach (socket) {
      await answered(socket, REQUEST)
      await written(socket, maskedFrame(0x81, Buffer.from('{"type":"ping"}')).subarray(0, 9))
    }
  },
  {
    name: 'a subscribe',
    async reach (socket) {
      await answered(socket, REQUEST)
      await written(socket, maskedFrame(0x81, Buffer.from('{"type":"subscribe","topics":["pops"]}')))
    }
  }
]

const written = (socket: Socket, bytes: string | Buffer) =>
  new Promise<void>((resolve) => { socket.write(bytes, () => resolve()) })

async function answered (socket: Socket, request: string): Promise<void> {
  socket.write(request)
  await once(socket, 'data')
}

async function resets (context: Context): Promise<Finding> {
  const times = context.isQuick ? 50 : 1_000
  const subject = await context.start()
  const startedAt = performance.now()
  await many(times * stages.length, AT_A_TIME, async (index) => {
    const socket = connect(subject.port, HOST)
    socket.on('error', () => {})
    await once(socket, 'connect')
    await stages[index % stages.length]?.reach(socket)
    socket.resetAndDestroy()
    if (!socket.closed) await closed(socket)
  })
  const tookMs = performance.now() - startedAt
  await expectSoon(HANG_MS, 'their sockets are closed', () => subject.clientSockets <= subject.observers.length)
  const open = await subject.counted('popcast_connections_open')
  return {
    what: `reset at: ${stages.map(({ name }) => name).join(', ')}`,
    figure: `${stages.length} x ${times} in ${(tookMs / 1_000).toFixed(1)} s, ${open - subject.observers.length} left`,
    goal: '0 left',
    pass: open === subject.observers.length
  }
}

async function refused (context: Context): Promise<Finding> {
  const times = context.isQuick ? 10 : 100
  const subject = await context.start()
  const wrong: string[] = []
  await many(times * refusedUpgrades.length, AT_A_TIME, async (index) => {
    const { name, line, headers, status } = refusedUpgrades[index % refusedUpgrades.length]!
    const answer = await statusOf(subject.port, line, headers)
    if (answer.status !== status) wrong.push(`${name}: ${answer.status}`)
  })
  const counted = await subject.counted('popcast_connections_refused_total')
  return {
    what: wrong[0] ?? `each with its status: ${Array.from(new Set(refusedUpgrades.map(({ status }) => status))).join(', ')}`,
    figure: `${refusedUpgrades.length} x ${times}, ${wrong.length} answered otherwise`,
    goal: '0',
    pass: wrong.length === 0 && counted > 0
  }
}

/** Node looks every 30 s for requests that take longer than 10 s. */
const ENDED_WITHIN_MS = 50_000

async function slowHandshakes (context: Context): Promise<Finding> {
  const clients = 500
  const subject = await context.start()
  const sockets: Socket[] = []
  await many(clients, AT_A_TIME, async () => {
    const socket = connect(subject.port, HOST)
    socket.on('error', () => {}).resume()
    await once(socket, 'connect')
    sockets.push(socket)
  })
  let at = 0
  const trickling = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write(REQUEST[at % REQUEST.length] ?? '')
    // Never the last ones: it never ends.
    if (at < REQUEST.length - 5) at++
  }, 500)
  context.teardown(() => clearInterval(trickling))
  const askedAt = performance.now()
  const good = await Observer.open(subject.told, subject)
  await good.until(() => good.last > 0)
  const connectedMs = performance.now() - askedAt
  subject.observers.push(good)
  await subject.updates(2)
  const isAll = () => sockets.every(({ destroyed }) => destroyed)
  if (!context.isQuick) await expectSoon(ENDED_WITHIN_MS, 'they are ended', isAll)
  const ended = sockets.filter(({ destroyed }) => destroyed).length
  clearInterval(trickling)
  for (const socket of sockets) socket.destroy()
  return {
    what: `${clients} that send a byte now and then: ${ended} ended by popcast so far; a good one is let in at once`,
    figure: `connected and told in ${toMs(connectedMs)}`,
    goal: '< 1000 ms',
    pass: context.isQuick || ended === clients,
    inTime: connectedMs < 1_000
  }
}

export const upgrades: Fault[] = [
  { name: 'RST at each stage of an upgrade', isQuick: true, run: resets },
  { name: 'refused upgrades of ten forms', isQuick: true, run: refused },
  { name: '500 slow handshakes', isQuick: true, withinMs: 100_000, run: slowHandshakes }
]
