import t from 'tap'
import { closeCodes } from '../../../lib/protocol/close-codes.ts'
import { drain } from '../../../lib/clients/drain.ts'
import { settle } from '../../support/fake-clock.ts'
import { congest, messagesOf, START, trackClients, type Client } from '../../support/clients.ts'

const TIMEOUT_MS = 3_000
const GOING_AWAY = { code: 1001, reason: closeCodes.goingAway.reason }

/** A drain of so many clients, begun. `randoms` are given out one after the other, the last again and again. */
function beginDrain (count: number, randoms = [0.5], prepare: (clients: Client[]) => void = () => {}) {
  const tracked = trackClients()
  const clients = Array.from({ length: count }, () => tracked.connect())
  prepare(clients)
  let call = 0
  const random = () => randoms[Math.min(call++, randoms.length - 1)] as number
  const state = { finished: false }
  const done = drain({ connections: tracked.connections, clock: tracked.clock, log: tracked.log, timeoutMs: TIMEOUT_MS, random })
    .then(() => { state.finished = true })
  return { ...tracked, clients, state, done }
}

function shutdownMessage (retryAfterMs: number) {
  return {
    type: 'server_shutdown',
    data: { message: 'the server is shutting down', timestamp: START },
    reconnect: true,
    retryAfterMs,
    closeCode: 1001
  }
}

function retryAfter ({ socket }: Client): unknown {
  return messagesOf(socket).map((message) => message.type === 'server_shutdown' && message.retryAfterMs)
}

t.test('without clients it resolves at once and says nothing', async (t) => {
  const { clock, log, state } = beginDrain(0)
  await settle()
  t.equal(state.finished, true)
  t.strictSame(log.lines, [])
  t.equal(clock.pendingTimers, 0)
})

t.test('every client is told when to come back, each at its own time, and closed with 1001', async (t) => {
  const { clients } = beginDrain(4, [0, 0.25, 0.5, 0.9994])
  for (const [index, retryAfterMs] of [1_000, 1_250, 1_500, 1_999].entries()) {
    const { socket, connection } = clients[index] as Client
    t.strictSame(messagesOf(socket), [shutdownMessage(retryAfterMs)])
    t.strictSame(socket.closedWith, GOING_AWAY)
    t.equal(connection.closedBy, closeCodes.goingAway)
  }
})

t.test('it resolves when the last one has left, not before', async (t) => {
  const { clock, log, clients, state, done } = beginDrain(2)
  const [first, last] = clients as [Client, Client]
  first.socket.finish()
  await clock.advance(100)
  t.equal(state.finished, false)
  last.socket.finish()
  await done
  t.equal(state.finished, true)
  t.equal(clock.pendingTimers, 0, 'nobody is cut off any more')
  t.strictSame(log.of('drain_started'), [
    { event: 'drain_started', clients: 2, timeoutMs: TIMEOUT_MS, level: 'info', message: 'telling clients to come back later' }
  ])
  t.strictSame(log.of('drain_finished'), [
    { event: 'drain_finished', clients: 2, remainingMs: 2_900, level: 'info', message: 'every client is gone' }
  ])
  t.strictSame(log.of('drain_timeout'), [])
})

t.test('stragglers are cut off at the deadline', async (t) => {
  const { clock, log, connections, clients, state, done } = beginDrain(3)
  const [polite, ...stragglers] = clients as [Client, Client, Client]
  polite.socket.finish()
  await clock.advance(TIMEOUT_MS - 1)
  t.strictSame(stragglers.map(({ socket }) => socket.terminated), [false, false])
  t.equal(state.finished, false)
  await clock.advance(1)
  await done
  t.strictSame(stragglers.map(({ socket }) => socket.terminated), [true, true])
  t.equal(polite.socket.terminated, false)
  t.equal(connections.size, 0)
  t.match(log.of('drain_timeout'), [{ level: 'warn', stragglers: 2 }])
  t.match(log.of('drain_finished'), [{ clients: 3, remainingMs: 0 }])
})

t.test('at the deadline it still waits until the sockets are gone', async (t) => {
  const { clock, clients, state, done } = beginDrain(1)
  const { socket } = clients[0] as Client
  // A real socket says that it is closed some time after it was destroyed.
  socket.terminate = () => { socket.terminated = true }
  await clock.advance(TIMEOUT_MS)
  t.equal(socket.terminated, true)
  t.equal(state.finished, false)
  socket.finish(1006)
  await done
  t.equal(state.finished, true)
})

t.test('clients are told and closed in batches of 500', async (t) => {
  const { clock, clients, done } = beginDrain(1_200)
  const closed = () => clients.filter(({ socket }) => socket.closedWith !== null).length
  // The clock stands still, so that what is due at once waits for the test.
  await settle()
  t.equal(closed(), 500)
  t.strictSame((clients[500] as Client).socket.stream.frames, [])
  await clock.advance(0)
  t.equal(closed(), 1_200)
  t.ok(clients.every(({ socket }) => socket.closedWith?.code === 1001 && messagesOf(socket).length === 1), 'each was told once')
  for (const { socket } of clients) socket.finish()
  await done
})

t.test('one that leaves between two batches is neither told nor closed', async (t) => {
  const { clock, connections, clients } = beginDrain(501)
  const { socket } = clients[500] as Client
  socket.finish(1000)
  await clock.advance(0)
  t.strictSame(socket.stream.frames, [])
  t.equal(socket.closedWith, null)
  t.equal(connections.size, 500)
})

const spreads = [
  { name: '1 client', clients: 1, latest: 2_000 },
  { name: '500 clients', clients: 500, latest: 2_000 },
  { name: '1,000 clients', clients: 1_000, latest: 3_000 },
  { name: '5,000 clients', clients: 5_000, latest: 11_000 }
]

for (const { name, clients: count, latest } of spreads) {
  t.test(`${name} come back between 1,000 ms and ${latest} ms`, async (t) => {
    const { clients: [earliest] } = beginDrain(count, [0])
    t.strictSame(retryAfter(earliest as Client), [1_000])
    const { clients: [last] } = beginDrain(count, [0.999999])
    t.strictSame(retryAfter(last as Client), [latest])
  })
}

t.test('a client that cannot be told is closed all the same, and so are the others', async (t) => {
  const { clients, connections } = beginDrain(2, [0.5], ([failing]) => {
    (failing as Client).socket.stream.throws = new Error('EPIPE')
  })
  t.strictSame(clients.map(({ socket }) => socket.closedWith), [GOING_AWAY, GOING_AWAY])
  t.strictSame(retryAfter(clients[1] as Client), [1_500])
  t.equal(connections.totals.failed, 1)
})

t.test('a client whose close throws is cut off', async (t) => {
  const { clients, connections } = beginDrain(2, [0.5], ([failing]) => {
    (failing as Client).socket.close = () => { throw new Error('close failed') }
  })
  t.strictSame(clients.map(({ socket }) => socket.terminated), [true, false])
  t.strictSame([...connections], [clients[1]?.connection])
})

t.test('a client that does not read is not told, but closed 1001 like the others, not 4008', async (t) => {
  const { clients: [client], done } = beginDrain(1, [0.5], ([slow]) => congest(slow as Client))
  const { socket } = client as Client
  t.strictSame(socket.stream.frames, [])
  t.strictSame(socket.closedWith, GOING_AWAY)
  socket.finish()
  await done
})
