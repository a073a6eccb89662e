import { WebSocketEncodings } from '../../../lib/clients/websocket/encodings.ts'
import t from 'tap'
import { PopsFilter } from '../../../lib/feed/pops-filter.ts'
import { Broadcaster } from '../../../lib/clients/broadcaster.ts'
import { closeCodes } from '../../../lib/protocol/close-codes.ts'
import { encodeText } from '../../../lib/clients/websocket/frame.ts'
import { errorMessage } from '../../../lib/protocol/server-messages.ts'
import { settle } from '../../support/fake-clock.ts'
import { congest, messagesOf, relieve, START, tickOf, trackClients, UPDATE, type Client } from '../../support/clients.ts'

const MAX_SKIPPED = 3
const BYTES = encodeText(Buffer.from(JSON.stringify(UPDATE))).length
const NOTICE = errorMessage('SOURCE_TIMEOUT', 'the metrics source did not answer in time', Date.parse(START))

function setUp (options: Parameters<typeof trackClients>[0] = {}) {
  const tracked = trackClients(options)
  const broadcaster = new Broadcaster({ connections: tracked.connections, clock: tracked.clock })
  let seq = 0
  const publish = () => broadcaster.publish(tickOf(++seq))
  return {
    ...tracked,
    broadcaster,
    publish,
    connectAll: (count: number) => Array.from({ length: count }, () => tracked.connect())
  }
}

t.test('an update is encoded once and the same bytes go to all', async (t) => {
  const { publish, connectAll } = setUp()
  const clients = connectAll(3)
  const fanOut = await publish()
  t.strictSame(fanOut, { clients: 3, sent: 3, held: 0, skipped: 0, failed: 0, bytes: 3 * BYTES, durationMs: 0 })
  const shared = clients[0]?.socket.stream.frames[0]
  t.type(shared, Buffer)
  for (const { socket } of clients) {
    t.equal(socket.stream.frames.length, 1)
    t.equal(socket.stream.frames[0], shared, 'the very same buffer')
    t.strictSame(messagesOf(socket), [UPDATE])
  }
})

t.test('what was sent is counted per client and in total', async (t) => {
  const { publish, clock, connections, connectAll } = setUp()
  const [first, second] = connectAll(2) as [Client, Client]
  await publish()
  await clock.advance(10_000)
  second.socket.finish(1000)
  await publish()
  t.strictSame([first.connection.broadcastCount, second.connection.broadcastCount], [2, 1])
  t.strictSame([first.connection.lastBroadcast, second.connection.lastBroadcast], [clock.now(), clock.now() - 10_000])
  t.equal(connections.totals.broadcasts, 3)
})

t.test('nobody there is no error', async (t) => {
  t.strictSame(await setUp().publish(), { clients: 0, sent: 0, held: 0, skipped: 0, failed: 0, bytes: 0, durationMs: 0 })
})

t.test('the fan-out is timed on the monotonic clock', async (t) => {
  const { publish, clock, connect } = setUp()
  const { socket } = connect()
  socket.stream.write = () => {
    void clock.pause(7)
    clock.setWall(0)
    return true
  }
  t.equal((await publish()).durationMs, 7)
})

t.test('only subscribers of the topic get it', async (t) => {
  const { publish, connectAll } = setUp()
  const [implicit, alerts, both, none] = connectAll(4) as [Client, Client, Client, Client]
  alerts.connection.subscribe(['alerts'])
  both.connection.subscribe(['alerts', 'metrics'])
  none.connection.unsubscribe(['metrics'])
  const { clients, sent } = await publish()
  t.strictSame([clients, sent], [2, 2])
  const received = [implicit, alerts, both, none].map(({ socket }) => socket.stream.frames.length)
  t.strictSame(received, [1, 0, 1, 0])
})

t.test('one that does not subscribe is not slow either', async (t) => {
  const { publish, connections, connect } = setUp()
  const client = connect()
  client.connection.subscribe(['alerts'])
  congest(client)
  t.match(await publish(), { clients: 0, skipped: 0 })
  t.equal(client.connection.outbox.skippedInARow, 0)
  t.equal(connections.totals.skipped, 0)
})

t.test('a slow client gets the latest when it has drained, and is told how many it missed', async (t) => {
  const { publish, connections, connectAll } = setUp()
  const [slow, fast] = connectAll(2) as [Client, Client]
  congest(slow)
  t.match(await publish(), { clients: 2, sent: 1, held: 1, skipped: 0, failed: 0 })
  t.match(await publish(), { clients: 2, sent: 1, held: 0, skipped: 1, failed: 0 })
  await publish()
  t.strictSame(slow.socket.stream.frames, [])
  t.equal(connections.totals.skipped, 2)
  relieve(slow)
  t.strictSame(messagesOf(slow.socket), [{ ...UPDATE, seq: 3, skipped: 2 }], 'at once, not with the next tick')
  t.match(await publish(), { clients: 2, sent: 2, held: 0, skipped: 0, failed: 0 })
  t.strictSame(messagesOf(fast.socket), [1, 2, 3, 4].map((seq) => ({ ...UPDATE, seq })))
  t.equal(slow.socket.stream.frames[1], fast.socket.stream.frames[3], 'once it has caught up it shares the bytes again')
  t.equal(slow.socket.closedWith, null)
  t.equal(connections.totals.broadcasts, 6)
})

t.test('what waits for a client is not sent once it has unsubscribed', async (t) => {
  const { publish, connect } = setUp()
  const slow = connect()
  congest(slow)
  t.match(await publish(), { held: 1 })
  slow.connection.unsubscribe(['metrics'])
  relieve(slow)
  t.strictSame(slow.socket.stream.frames, [])
})

t.test('a client that skipped too many in a row is closed with 4008', async (t) => {
  const { publish, connections, connect } = setUp()
  const slow = connect()
  congest(slow)
  for (let tick = 0; tick < MAX_SKIPPED; tick++) await publish()
  t.equal(slow.socket.closedWith, null, 'one waits, the others were skipped')
  t.match(await publish(), { clients: 1, skipped: 1 })
  t.strictSame(slow.socket.closedWith, { code: 4008, reason: closeCodes.slowConsumer.reason })
  t.match(await publish(), { clients: 0, skipped: 0 }, 'then it counts no more')
  t.equal(connections.totals.skipped, MAX_SKIPPED)
  relieve(slow)
  t.strictSame(slow.socket.stream.frames, [], 'what waited is not sent any more')
})

t.test('skipping now and then closes nobody', async (t) => {
  const { publish, connections, connect } = setUp()
  const client = connect()
  for (let round = 0; round < 3; round++) {
    congest(client)
    for (let tick = 0; tick < MAX_SKIPPED; tick++) await publish()
    relieve(client)
  }
  t.equal(client.socket.closedWith, null)
  t.equal(connections.totals.skipped, 6)
  t.strictSame(messagesOf(client.socket), [3, 6, 9].map((seq) => ({ ...UPDATE, seq, skipped: 2 })))
})

t.test('a defect with one client ends that client with 1011; the others get every update', async (t) => {
  const { log, connections, connectAll, publish } = setUp()
  const [before, bad, behind] = connectAll(3) as [Client, Client, Client]
  bad.connection.outbox.offer = () => { throw new TypeError('a defect') }
  const { sent, failed } = await publish()
  await publish()
  t.strictSame([sent, failed], [2, 1])
  t.strictSame([before, behind].map(({ socket }) => messagesOf(socket).length), [2, 2])
  t.equal(bad.socket.closedWith?.code, 1011)
  t.match(log.of('delivery_failed'), [{ connectionId: bad.connection.id, err: { message: 'a defect' } }])
  t.equal(connections.totals.errors, 1)
})

t.test('one frame is written as it is, several of a tick in one piece', async (t) => {
  const { broadcaster, connectAll } = setUp()
  const [one, several] = connectAll(2) as [Client, Client]
  several.connection.subscribe(['metrics', 'pops'])
  several.connection.pops = { filter: new PopsFilter(undefined), delta: null }
  let corked = 0
  for (const { socket } of [one, several]) {
    const cork = socket.stream.cork.bind(socket.stream)
    socket.stream.cork = () => {
      corked++
      cork()
    }
  }
  await broadcaster.publish(tickOf(1))
  t.equal(corked, 1)
})

t.test('deflated once for all who agreed on the same window, plain for the others', async (t) => {
  const { connections, clock, connect } = setUp()
  const broadcaster = new Broadcaster({ connections, clock })
  const encodings = new WebSocketEncodings(0)
  const [plain, a, b, small] = [0, 15, 15, 10].map((windowBits) => connect(encodings.of(windowBits))) as [
    Client,
    Client,
    Client,
    Client
  ]
  await broadcaster.publish(tickOf(1))
  const frame = ({ socket }: Client) => socket.stream.frames[0] as Buffer
  t.equal(frame(a), frame(b), 'the very same buffer')
  t.not(frame(a), frame(small))
  t.strictSame([frame(plain)[0], frame(a)[0], frame(small)[0]], [0x81, 0xc1, 0xc1])
})

t.test('a long fan-out gives the loop back in between, keeps its order, and leaves out who left and who came', async (t) => {
  const { broadcaster, publish, clock, connect, connectAll } = setUp({ maxConnections: 1_000 })
  const order: number[] = []
  const clients = connectAll(100)
  for (const [index, { socket }] of clients.entries()) {
    socket.stream.write = () => {
      order.push(index)
      clock.pass(1)
      return true
    }
  }
  clock.onTurn = () => {
    clients[99]?.socket.finish(1000)
    connect()
    clock.onTurn = () => {}
  }
  const [first, second] = [publish(), broadcaster.announce(NOTICE)]
  t.equal((await first).sent, 99)
  t.strictSame(order, Array.from({ length: 99 }, (_, index) => index), 'the second has not begun')
  t.equal(clock.turns, 3, 'looked at the clock after every 32 clients of 1 ms each')
  t.equal((await second).sent, 100)
})

for (const { name, index } of [{ name: 'first', index: 0 }, { name: 'middle', index: 1 }, { name: 'last', index: 2 }]) {
  t.test(`the ${name} client fails and the others get theirs`, async (t) => {
    const { publish, connections, connectAll } = setUp()
    const clients = connectAll(3)
    const failing = clients[index] as Client
    failing.socket.stream.throws = new Error('EPIPE')
    t.match(await publish(), { clients: 3, sent: 2, held: 0, skipped: 0, failed: 1 })
    t.strictSame(clients.map(({ socket }) => socket.stream.frames.length), [1, 1, 1].with(index, 0))
    t.strictSame(
      [failing.connection.broadcastCount, failing.connection.lastBroadcast, failing.connection.errorCount],
      [0, null, 1]
    )
    t.strictSame([connections.totals.broadcasts, connections.totals.failed], [2, 1])
  })
}

t.test('all clients fail and nothing is thrown', async (t) => {
  const { broadcaster, publish, log, connections, connectAll } = setUp()
  const clients = connectAll(5)
  for (const { socket } of clients) socket.stream.throws = new Error('EPIPE')
  t.match(await publish(), { clients: 5, sent: 0, held: 0, skipped: 0, failed: 5 })
  t.match(await broadcaster.announce(NOTICE), { clients: 5, sent: 0, held: 0, skipped: 0, failed: 5 })
  t.equal(connections.totals.failed, 10)
  t.equal(connections.totals.broadcasts, 0)
  t.strictSame(
    log
      .of('send_failed')
      .filter(({ level }) => level === 'warn')
      .map(({ connectionId }) => connectionId),
    clients.map(({ connection }) => connection.id)
  )
})

t.test('a write that fails later is counted when it does', async (t) => {
  const { publish, connections, connect } = setUp()
  const { socket, connection } = connect()
  socket.stream.fails = new Error('ECONNRESET')
  t.match(await publish(), { sent: 1, failed: 0 })
  await settle()
  t.equal(connections.totals.failed, 1)
  t.equal(connection.lastError, 'ECONNRESET')
})

t.test('a client that leaves during the fan-out does not disturb it', async (t) => {
  const { publish, connections, connectAll } = setUp()
  const [first, leaving, last] = connectAll(3) as [Client, Client, Client]
  const write = first.socket.stream.write.bind(first.socket.stream)
  first.socket.stream.write = (frame) => {
    leaving.socket.finish(1006)
    return write(frame)
  }
  t.match(await publish(), { clients: 2, sent: 2, failed: 0 })
  t.strictSame(leaving.socket.stream.frames, [])
  t.strictSame(messagesOf(last.socket), [UPDATE])
  t.equal(connections.size, 2)
})

t.test('a client that is closing is left alone', async (t) => {
  const { broadcaster, publish, connections, connect } = setUp()
  const { socket, connection } = connect()
  connection.close(closeCodes.stale)
  t.match(await publish(), { clients: 0, sent: 0, failed: 0 })
  t.match(await broadcaster.announce(NOTICE), { clients: 0, sent: 0, failed: 0 })
  t.strictSame(socket.stream.frames, [])
  t.equal(connections.totals.failed, 0)
})

t.test('an announcement reaches every client, whatever it subscribed to', async (t) => {
  const { broadcaster, connections, connectAll } = setUp()
  const [implicit, alerts, slow] = connectAll(3) as [Client, Client, Client]
  alerts.connection.subscribe(['alerts'])
  congest(slow)
  t.match(await broadcaster.announce(NOTICE), { clients: 3, sent: 2, held: 0, skipped: 1, failed: 0 })
  t.strictSame(messagesOf(implicit.socket), [NOTICE])
  t.strictSame(messagesOf(alerts.socket), [NOTICE])
  t.equal(implicit.socket.stream.frames[0], alerts.socket.stream.frames[0], 'the very same buffer')
  t.strictSame(messagesOf(slow.socket), [])
  t.strictSame(
    [connections.totals.broadcasts, connections.totals.skipped, slow.connection.outbox.skippedInARow],
    [0, 0, 0],
    'it is no update'
  )
  t.equal(implicit.connection.lastBroadcast, null)
})

t.test('announcements alone close no slow client', async (t) => {
  const { broadcaster, connect } = setUp()
  const slow = connect()
  congest(slow)
  for (let time = 0; time <= MAX_SKIPPED; time++) await broadcaster.announce(NOTICE)
  t.equal(slow.socket.closedWith, null)
})

t.test('what throws when a slow client has read ends that client alone', async (t) => {
  const { publish, connectAll, connections, log } = setUp()
  const [defective, other] = connectAll(2) as [Client, Client]
  congest(defective)
  congest(other)
  await publish()
  defective.connection.sendUpdate = () => { throw new Error('a defect') }
  relieve(defective)
  relieve(other)
  t.match(log.of('delivery_failed'), [{ connectionId: defective.connection.id, level: 'error' }])
  t.equal(defective.socket.closedWith?.code, closeCodes.internal.code)
  t.equal(messagesOf(other.socket).length, 1)
  t.equal(connections.totals.errors, 1)
})
