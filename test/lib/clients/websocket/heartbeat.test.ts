import t from 'tap'
import { closeCodes } from '../../../../lib/protocol/close-codes.ts'
import { PING_FRAME } from '../../../../lib/clients/websocket/frame.ts'
import { Heartbeat } from '../../../../lib/clients/websocket/heartbeat.ts'
import { congest, trackClients, type Client } from '../../../support/clients.ts'

const INTERVAL_MS = 25_000
const HOUR_MS = 3_600_000

function setUp (staleAfterMs = 4 * INTERVAL_MS, maxMissedPings = 100) {
  const tracked = trackClients()
  const heartbeat = new Heartbeat({
    connections: tracked.connections,
    clock: tracked.clock,
    log: tracked.log,
    intervalMs: INTERVAL_MS,
    staleAfterMs,
    maxMissedPings
  })
  return { ...tracked, heartbeat }
}

/** One interval, after which the client answers the ping it got. */
async function beatAnswered ({ connection }: Client, clock: ReturnType<typeof setUp>['clock']): Promise<void> {
  await clock.advance(INTERVAL_MS)
  connection.touch(clock.now())
}

t.test('every client is pinged once per interval', async (t) => {
  const { clock, connect } = setUp()
  const clients = [connect(), connect()]
  await clock.advance(INTERVAL_MS - 1)
  t.strictSame(clients.map(({ socket }) => socket.stream.frames), [[], []])
  await clock.advance(1)
  t.strictSame(clients.map(({ socket }) => socket.stream.frames), [[PING_FRAME], [PING_FRAME]])
  await clock.advance(INTERVAL_MS)
  t.strictSame(clients.map(({ socket }) => socket.stream.frames.length), [2, 2])
  t.strictSame(clients.map(({ connection }) => connection.missedPings), [2, 2])
})

const limits = [
  { name: 'one interval', staleAfterMs: INTERVAL_MS, pings: 2 },
  { name: 'a little more than one interval', staleAfterMs: INTERVAL_MS + 1, pings: 2 },
  { name: 'four intervals', staleAfterMs: 4 * INTERVAL_MS, pings: 4 },
  { name: 'the default of five minutes', staleAfterMs: 300_000, pings: 12 }
]

for (const { name, staleAfterMs, pings } of limits) {
  t.test(`stale after ${name}: closed with 4012 after ${pings} unanswered pings`, async (t) => {
    const { clock, connect } = setUp(staleAfterMs)
    const { socket, connection } = connect()
    await clock.advance(pings * INTERVAL_MS)
    t.equal(socket.stream.frames.length, pings)
    t.equal(socket.closedWith, null)
    await clock.advance(INTERVAL_MS)
    t.strictSame(socket.closedWith, { code: 4012, reason: closeCodes.stale.reason })
    t.equal(connection.closedBy, closeCodes.stale)
    t.equal(socket.stream.frames.length, pings, 'not pinged again')
  })
}

t.test('unanswered pings tell sooner than inactivity, and who answers none is cut off soon after', async (t) => {
  const { clock, connect } = setUp(300_000, 2)
  const { socket } = connect()
  await clock.advance(2 * INTERVAL_MS)
  t.equal(socket.closedWith, null)
  await clock.advance(INTERVAL_MS)
  t.equal(socket.closedWith?.code, 4012)
  t.equal(socket.terminated, false)
  await clock.advance(1_000)
  t.equal(socket.terminated, true)
})

t.test('a client that throws costs no other client its ping, and the beat goes on', async (t) => {
  const { clock, log, connect } = setUp()
  const [bad, good] = [connect(), connect()]
  bad.connection.ping = () => { throw new Error('a defect') }
  await clock.advance(2 * INTERVAL_MS)
  t.equal(good.socket.stream.frames.length, 2)
  t.match(log.lines.filter(({ event }) => event === 'ping_failed'), [{ connectionId: bad.connection.id }, {}])
})

t.test('a client that gives a sign of life stays, the silent one beside it goes', async (t) => {
  const { clock, connect } = setUp()
  const lively = connect()
  const silent = connect()
  for (let beat = 0; beat < 10; beat++) await beatAnswered(lively, clock)
  t.equal(lively.socket.closedWith, null)
  t.equal(lively.socket.stream.frames.length, 10)
  t.equal(silent.socket.closedWith?.code, 4012)
  t.equal(silent.socket.stream.frames.length, 4)
})

t.test('an answer to the last ping is early enough', async (t) => {
  const { clock, connect } = setUp()
  const { socket, connection } = connect()
  await clock.advance(4 * INTERVAL_MS)
  connection.touch(clock.now())
  await clock.advance(INTERVAL_MS)
  t.equal(socket.closedWith, null)
  t.equal(connection.missedPings, 1)
})

t.test('a process that was paused for an hour blames nobody', async (t) => {
  const { clock, connect } = setUp()
  const client = connect()
  await beatAnswered(client, clock)
  await clock.pause(HOUR_MS)
  t.equal(client.connection.missedPings, 1, 'one beat came due, not 144')
  t.equal(client.socket.stream.frames.length, 2)
  t.equal(client.socket.closedWith, null)
  client.connection.touch(clock.now())
  await clock.advance(INTERVAL_MS)
  t.equal(client.socket.stream.frames.length, 3, 'and the beat goes on')
  t.equal(client.socket.closedWith, null)
})

t.test('a wall clock that is set a year ahead closes nobody', async (t) => {
  const { clock, connect } = setUp()
  const client = connect()
  await beatAnswered(client, clock)
  clock.setWall(clock.now() + 365 * 24 * HOUR_MS)
  await beatAnswered(client, clock)
  t.equal(client.socket.closedWith, null)
  t.equal(client.socket.stream.frames.length, 2)
})

t.test('a congested client is not written more pings, but silence counts', async (t) => {
  const { clock, connect } = setUp()
  const client = connect()
  congest(client)
  await clock.advance(4 * INTERVAL_MS)
  t.strictSame(client.socket.stream.frames, [])
  t.equal(client.connection.missedPings, 4)
  await clock.advance(INTERVAL_MS)
  t.equal(client.socket.closedWith?.code, 4012)
})

t.test('a client that cannot be pinged does not stop the others', async (t) => {
  const { clock, connections, connect } = setUp()
  const failing = connect()
  const other = connect()
  failing.socket.stream.throws = new Error('EPIPE')
  await clock.advance(INTERVAL_MS)
  t.strictSame(other.socket.stream.frames, [PING_FRAME])
  t.equal(failing.connection.missedPings, 1)
  t.equal(connections.totals.failed, 1)
})

t.test('stopped, it pings nobody', async (t) => {
  const { clock, heartbeat, connect } = setUp()
  const { socket } = connect()
  heartbeat.stop()
  t.equal(clock.pendingTimers, 0)
  await clock.advance(10 * INTERVAL_MS)
  t.strictSame(socket.stream.frames, [])
})

t.test('thousands are pinged in slices, and one that comes later than the next interval is not overtaken', async (t) => {
  const { clock, connections, connect } = setUp()
  const clients = Array.from({ length: 200 }, () => connect())
  for (const { socket } of clients) {
    const write = socket.stream.write.bind(socket.stream)
    socket.stream.write = (frame) => {
      clock.pass(1)
      return write(frame)
    }
  }
  await clock.advance(INTERVAL_MS)
  for (let turn = 0; turn < 20; turn++) await clock.advance(0)
  t.ok(clock.turns >= 6, `${clock.turns} turns for everybody else`)
  t.ok([...connections].every(({ missedPings }) => missedPings === 1))
})

t.test('each of those that are gone is cut off, however short the interval', async (t) => {
  const tracked = trackClients()
  const { clock, log, connections, connect } = tracked
  const heartbeat = new Heartbeat({ connections, clock, log, intervalMs: 100, staleAfterMs: 200, maxMissedPings: 2 })
  t.teardown(() => heartbeat.stop())
  const first = connect()
  await clock.advance(150)
  const second = connect()
  await clock.advance(1_200)
  t.strictSame([first, second].map(({ socket }) => socket.terminated), [true, true])
})

t.test('one that is stopped in the midst of a beat pings nobody else, and cuts nobody off later', async (t) => {
  const { clock, connect, heartbeat } = setUp(2 * INTERVAL_MS, 2)
  const clients = Array.from({ length: 100 }, () => connect())
  await clock.advance(2 * INTERVAL_MS)
  const { length: pings } = clients.flatMap(({ socket }) => socket.stream.frames)
  for (const { connection } of clients.slice(50)) connection.touch(clock.now())
  clock.onTurn = () => heartbeat.stop()
  for (const { socket } of clients) {
    const { close } = socket
    socket.close = (...args) => {
      clock.pass(1)
      close.apply(socket, args)
    }
  }
  await clock.advance(INTERVAL_MS)
  t.equal(clients.flatMap(({ socket }) => socket.stream.frames).length, pings)
  await clock.advance(INTERVAL_MS)
  t.equal(clients.some(({ socket }) => socket.terminated), false)
  t.equal(clock.pendingTimers, 0)
})
