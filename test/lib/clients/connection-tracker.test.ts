import { PLAIN } from '../../../lib/clients/websocket/encodings.ts'
import { encodePong } from '../../../lib/clients/websocket/frame.ts'
import t, { type Test } from 'tap'
import { statisticsOf } from '../../../lib/clients/durations.ts'
import { SharedMessage } from '../../../lib/feed/shared-message.ts'
import { Broadcaster } from '../../../lib/clients/broadcaster.ts'
import { closeCodes } from '../../../lib/protocol/close-codes.ts'
import { settle } from '../../support/fake-clock.ts'
import { congest, relieve, tickOf, trackClients, UPDATE, type Client } from '../../support/clients.ts'

const SHARED = new SharedMessage(UPDATE)

const DAY_MS = 86_400_000

t.test('a client is added under an id of its own', async (t) => {
  const { clock, log, connections, connect } = trackClients()
  const first = connect()
  await clock.advance(1_500)
  const second = connect()
  t.equal(first.connection.id, `ws_1_${clock.now() - 1_500}`)
  t.equal(second.connection.id, `ws_2_${clock.now()}`)
  t.equal(second.connection.connectedAt, clock.now())
  t.strictSame(second.connection.clientInfo, { userAgent: 'test', ip: '127.0.0.1' })
  t.strictSame([...connections], [first.connection, second.connection])
  t.equal(connections.size, 2)
  t.equal(connections.totals.opened, 2)
  t.strictSame(log.of('connect')[1], {
    event: 'connect',
    connectionId: second.connection.id,
    kind: 'websocket',
    userAgent: 'test',
    ip: '127.0.0.1',
    active: 2,
    level: 'info',
    message: 'client connected'
  })
})

t.test('an id is not given again when its client has left', async (t) => {
  const { connections, connect } = trackClients()
  const { socket, connection } = connect()
  socket.finish(1000)
  t.not(connect().connection.id, connection.id)
  t.strictSame(
    { ...connections.totals },
    { opened: 2, closed: 1, broadcasts: 0, skipped: 0, attempts: 0, failed: 0, failedUpdates: 0, errors: 0 }
  )
})

t.test('a client that left is forgotten, with one line', async (t) => {
  const { clock, log, connections, connect } = trackClients()
  const { socket, connection } = connect()
  const other = connect()
  connection.broadcastCount = 3
  connections.recordError(connection, 'BAD_MESSAGE')
  await clock.advance(2_500)
  socket.finish(1000)
  t.strictSame([...connections], [other.connection])
  t.strictSame(log.of('disconnect'), [{
    event: 'disconnect',
    connectionId: connection.id,
    code: 1000,
    reason: '',
    durationMs: 2_500,
    broadcasts: 3,
    skipped: 0,
    errors: 1,
    lastError: 'BAD_MESSAGE',
    remaining: 1,
    level: 'info',
    message: 'client disconnected'
  }])
})

t.test('the line says why we closed it, whatever code came back', async (t) => {
  const { log, connect } = trackClients()
  const { socket, connection } = connect()
  connection.close(closeCodes.stale)
  socket.finish(1006)
  t.match(log.of('disconnect')[0], { code: 1006, reason: closeCodes.stale.reason, closedBy: closeCodes.stale })
})

t.test('removing a client again does nothing', async (t) => {
  const { log, connections, connect } = trackClients()
  const { connection } = connect()
  connections.remove(connection, 1000, '')
  connections.remove(connection, 1006, '')
  t.equal(connections.totals.closed, 1)
  t.equal(connections.durations.count, 1)
  t.equal(log.of('disconnect').length, 1)
})

t.test('it is full at the limit and not when one has left', async (t) => {
  const { connections, connect } = trackClients({ maxConnections: 2 })
  const { socket } = connect()
  t.equal(connections.isFull, false)
  connect()
  t.equal(connections.isFull, true)
  socket.finish(1000)
  t.equal(connections.isFull, false)
})

const failures: Array<{ name: string, breakDown: (client: Client) => void }> = [
  { name: 'a write that throws', breakDown: ({ socket }) => { socket.stream.throws = new Error('EPIPE') } },
  { name: 'a write that fails later', breakDown: ({ socket }) => { socket.stream.fails = new Error('EPIPE') } },
  {
    name: 'a close that throws',
    breakDown: ({ socket, connection }) => {
      socket.close = () => { throw new Error('EPIPE') }
      connection.close(closeCodes.stale)
    }
  }
]

for (const { name, breakDown } of failures) {
  t.test(`${name} is counted and logged with the client's id`, async (t) => {
    const { log, connections, connect } = trackClients()
    const failing = connect()
    const other = connect()
    breakDown(failing)
    for (const connection of connections) connection.sendShared(SHARED)
    await settle()
    const { failed, errors, broadcasts } = connections.totals
    t.strictSame({ failed, errors, broadcasts }, { failed: 1, errors: 1, broadcasts: 0 })
    t.strictSame([failing.connection.errorCount, failing.connection.lastError], [1, 'EPIPE'])
    t.strictSame([other.connection.errorCount, other.connection.lastError], [0, null])
    t.strictSame(other.socket.stream.frames, [SHARED.as(PLAIN)])
    t.strictSame(log.of('send_failed'), [
      {
        event: 'send_failed',
        connectionId: failing.connection.id,
        errors: 1,
        detail: 'EPIPE',
        level: 'warn',
        message: 'sending to a client failed'
      }
    ])
  })
}

t.test('a client that closed in between is no failure', async (t) => {
  const { log, connections, connect } = trackClients()
  const { socket, connection } = connect()
  socket.finish(1006)
  t.equal(connection.sendShared(SHARED), false)
  t.equal(connections.totals.failed, 0)
  t.strictSame(log.of('send_failed'), [])
})

t.test('of a client that keeps failing only the first failure is a warning', async (t) => {
  const { log, connections, connect } = trackClients()
  const { socket, connection } = connect()
  socket.stream.throws = new Error('EPIPE')
  for (let write = 0; write < 3; write++) connection.sendShared(SHARED)
  t.strictSame(log.of('send_failed').map(({ level, errors }) => [level, errors]), [['warn', 1], ['debug', 2], ['debug', 3]])
  t.equal(connections.totals.failed, 3)
})

t.test('errors that are no failed writes are counted apart', async (t) => {
  const { connections, connect } = trackClients()
  const { connection } = connect()
  connections.recordError(connection, 'BAD_MESSAGE')
  t.strictSame(
    [connections.totals.errors, connections.totals.failed, connection.errorCount, connection.lastError],
    [1, 0, 1, 'BAD_MESSAGE']
  )
})

t.test('the success rate is 1 before the first update', async (t) => {
  t.equal(trackClients().connections.successRate, 1)
})

t.test('the success rate is the share of updates that were written', async (t) => {
  const { clock, connections, connect } = trackClients()
  const broadcaster = new Broadcaster({ connections, clock })
  const [first, second] = [connect(), connect()]
  await broadcaster.publish(tickOf(1))
  t.equal(connections.successRate, 1)
  first.socket.stream.throws = new Error('at once')
  second.socket.stream.fails = new Error('later')
  await broadcaster.publish(tickOf(2))
  await settle()
  t.equal(connections.successRate, 0.5)
  t.equal(connections.totals.broadcasts, 3, 'the one that failed later had been handed over')
  second.connection.reply(encodePong(Buffer.alloc(0)))
  await settle()
  t.equal(connections.successRate, 0.5, 'a pong is no update')
  t.equal(connections.totals.failed, 3)
})

t.test('the first failed write is a warning, whatever went wrong before', async (t) => {
  const { log, connections, connect } = trackClients()
  const { socket, connection } = connect()
  connections.recordError(connection, 'BAD_MESSAGE')
  socket.stream.throws = new Error('injected')
  connection.reply(encodePong(Buffer.alloc(0)))
  t.strictSame(log.of('send_failed').map(({ level, errors }) => [level, errors]), [['warn', 2]])
})

t.test('a wall clock that jumps does not change how long a connection was', async (t) => {
  const { clock, log, connections, connect } = trackClients()
  const { socket } = connect()
  await clock.advance(1_000)
  clock.setWall(clock.now() + 365 * DAY_MS)
  socket.finish(1000)
  t.equal(log.of('disconnect')[0]?.durationMs, 1_000)
  t.equal(connections.durations.max, 1_000)
})

t.test('the last line of a client says how many updates it missed in all', async (t) => {
  const { clock, log, connections, connect } = trackClients()
  const broadcaster = new Broadcaster({ connections, clock })
  const client = connect()
  for (const seq of [1, 3]) {
    congest(client)
    await broadcaster.publish(tickOf(seq))
    await broadcaster.publish(tickOf(seq + 1))
    relieve(client)
  }
  client.socket.finish(1000)
  t.match(log.of('disconnect')[0], { broadcasts: 2, skipped: 2 })
})

/** The histogram keeps 3 significant digits. */
function near (t: Test, actual: number, expected: number, name: string): void {
  t.ok(Math.abs(actual - expected) <= expected / 1_000, `${name}: ${actual} is ${expected} to 3 digits`)
}

const durations = [
  { name: 'one', values: [5_000], mean: 5_000, p50: 5_000, p90: 5_000, max: 5_000 },
  {
    name: 'ten',
    values: [9, 3, 7, 1, 5, 10, 2, 8, 4, 6].map((n) => n * 1_000),
    mean: 5_500,
    p50: 5_000,
    p90: 9_000,
    max: 10_000
  },
  { name: 'one that lasted no time counts as 1 ms', values: [0], mean: 1, p50: 1, p90: 1, max: 1 },
  { name: 'fractions are rounded', values: [2.6], mean: 3, p50: 3, p90: 3, max: 3 },
  { name: 'a short and a long one', values: [1, 10 * DAY_MS], mean: 5 * DAY_MS, p50: 1, p90: 10 * DAY_MS, max: 10 * DAY_MS },
  {
    name: 'a very long one counts as 30 days',
    values: [365 * DAY_MS],
    mean: 30 * DAY_MS,
    p50: 30 * DAY_MS,
    p90: 30 * DAY_MS,
    max: 30 * DAY_MS
  }
]

for (const { name, values, ...expected } of durations) {
  t.test(`durations: ${name}`, async (t) => {
    const { clock, connections, connect } = trackClients()
    for (const ms of values) {
      const { socket } = connect()
      await clock.advance(ms)
      socket.finish(1000)
    }
    const actual = statisticsOf(connections.durations)
    t.equal(actual.count, values.length)
    for (const key of ['mean', 'p50', 'p90', 'max'] as const) near(t, actual[key], expected[key], key)
  })
}

t.test('durations: all 0 while nobody has left', async (t) => {
  const { connections, connect } = trackClients()
  connect()
  t.strictSame(statisticsOf(connections.durations), { count: 0, mean: 0, p50: 0, p90: 0, max: 0 })
})

t.test('empty resolves at once when nobody is there', async (t) => {
  await t.resolves(trackClients().connections.empty())
})

t.test('empty resolves for all that wait when the last one has left, and not before', async (t) => {
  const { connections, connect } = trackClients()
  const first = connect()
  const last = connect()
  const resolved: string[] = []
  void connections.empty().then(() => resolved.push('a'))
  void connections.empty().then(() => resolved.push('b'))
  first.socket.finish(1000)
  await settle()
  t.strictSame(resolved, [])
  last.socket.finish(1000)
  await settle()
  t.strictSame(resolved, ['a', 'b'])
})
