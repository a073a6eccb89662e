import t from 'tap'
import { PLAIN } from '../../../lib/clients/websocket/encodings.ts'
import { SharedMessage } from '../../../lib/feed/shared-message.ts'
import { closeCodes } from '../../../lib/protocol/close-codes.ts'
import { Connection } from '../../../lib/clients/connection.ts'
import { encodePong, encodeText, PING_FRAME } from '../../../lib/clients/websocket/frame.ts'
import { WebSocketTransport } from '../../../lib/clients/websocket/transport.ts'
import type { Topic } from '../../../lib/protocol/fields.ts'
import { settle } from '../../support/fake-clock.ts'
import { EVERYTHING } from '../../../lib/auth/grant.ts'
import { FakeSocket } from '../../support/fake-socket.ts'
import { congest, MAX_BUFFERED_BYTES, messagesOf, relieve, UPDATE } from '../../support/clients.ts'

const SHARED = new SharedMessage(UPDATE)

/** A connection of its own, outside any tracker. */
function connect () {
  const socket = new FakeSocket()
  const writeErrors: Array<{ id: string, error: Error }> = []
  const connection = new Connection({
    id: 'ws_1_5',
    connectedAt: 5,
    openedAt: 1_000,
    clientInfo: { userAgent: 'test', ip: '127.0.0.1' },
    grant: EVERYTHING,
    transport: new WebSocketTransport(socket, socket.stream),
    observer: {
      maxBufferedBytes: MAX_BUFFERED_BYTES,
      keptUpdates: 360,
      attempted: () => {},
      delivered: () => {},
      skipped: () => {},
      defective: () => {},
      writeFailed: ({ id }, error) => { writeErrors.push({ id, error }) }
    }
  })
  socket.stream.on('error', (error) => writeErrors.push({ id: connection.id, error }))
  return { socket, connection, writeErrors }
}

const subscriptions: Array<{ name: string, steps: Array<['subscribe' | 'unsubscribe', Topic[]]>, topics: Topic[] }> = [
  { name: 'metrics without a subscribe', steps: [], topics: ['metrics'] },
  { name: 'the first subscribe takes the place of the implicit one', steps: [['subscribe', ['alerts']]], topics: ['alerts'] },
  {
    name: 'the second one adds',
    steps: [
      ['subscribe', ['alerts']],
      ['subscribe', ['pops']]
    ],
    topics: ['alerts', 'pops']
  },
  {
    name: 'metrics stays when it is asked for',
    steps: [
      ['subscribe', ['metrics']],
      ['subscribe', ['alerts']]
    ],
    topics: ['metrics', 'alerts']
  },
  {
    name: 'twice is once',
    steps: [
      ['subscribe', ['alerts']],
      ['subscribe', ['alerts', 'pops']]
    ],
    topics: ['alerts', 'pops']
  },
  { name: 'the implicit subscription can be ended', steps: [['unsubscribe', ['metrics']]], topics: [] },
  {
    name: 'it can be begun again',
    steps: [
      ['unsubscribe', ['metrics']],
      ['subscribe', ['metrics']]
    ],
    topics: ['metrics']
  },
  {
    name: 'unsubscribe leaves the others',
    steps: [
      ['subscribe', ['metrics', 'alerts', 'pops']],
      ['unsubscribe', ['metrics', 'pops']]
    ],
    topics: ['alerts']
  },
  {
    name: 'unsubscribe from what one does not have is not a subscription',
    steps: [
      ['unsubscribe', ['alerts']],
      ['subscribe', ['pops']]
    ],
    topics: ['pops']
  },
  {
    name: 'unsubscribe from what was not subscribed',
    steps: [
      ['subscribe', ['alerts']],
      ['unsubscribe', ['pops']]
    ],
    topics: ['alerts']
  }
]

for (const { name, steps, topics } of subscriptions) {
  t.test(`topics: ${name}`, async (t) => {
    const { connection } = connect()
    for (const [step, names] of steps) connection[step](names)
    t.strictSame([...connection.topics], topics)
    t.strictSame([...connect().connection.topics], ['metrics'], 'another client is not changed')
  })
}

t.test('send writes one text frame', async (t) => {
  const { socket, connection, writeErrors } = connect()
  connection.send(UPDATE)
  await settle()
  t.strictSame(messagesOf(socket), [UPDATE])
  t.ok(socket.stream.frames[0]?.equals(encodeText(Buffer.from(JSON.stringify(UPDATE)))), 'byte for byte')
  t.equal(socket.stream.frames.length, 1)
  t.strictSame(writeErrors, [])
})

t.test('a shared frame is written as it is, not copied', async (t) => {
  const { socket, connection } = connect()
  t.equal(connection.sendShared(SHARED), true)
  t.equal(socket.stream.frames[0], SHARED.as(PLAIN))
})

t.test('a pong carries the payload of the ping', async (t) => {
  const { socket, connection } = connect()
  connection.reply(encodePong(Buffer.from('hi')))
  t.equal(socket.stream.frames[0]?.toString('hex'), '8a026869')
})

t.test('pings are counted until the client gives a sign of life', async (t) => {
  const { socket, connection } = connect()
  connection.ping()
  connection.ping()
  t.equal(connection.missedPings, 2)
  t.strictSame(socket.stream.frames, [PING_FRAME, PING_FRAME])
  t.equal(connection.lastActivity, 5)
  connection.touch(77)
  t.equal(connection.missedPings, 0)
  t.equal(connection.lastActivity, 77)
})

t.test('congestion starts above the limit', async (t) => {
  const { socket, connection } = connect()
  socket.stream.writableLength = MAX_BUFFERED_BYTES
  t.equal(connection.bufferedBytes, MAX_BUFFERED_BYTES)
  t.equal(connection.isCongested, false)
  socket.stream.writableLength = MAX_BUFFERED_BYTES + 1
  t.equal(connection.isCongested, true)
})

const answers: Array<{ name: string, answer: (connection: Connection) => void }> = [
  { name: 'a message', answer: (connection) => connection.send(UPDATE) },
  { name: 'a pong', answer: (connection) => { connection.reply(encodePong(Buffer.from('hi'))) } }
]

for (const { name, answer } of answers) {
  t.test(`a congested client is closed with 4008 instead of being sent ${name}`, async (t) => {
    const client = connect()
    congest(client)
    answer(client.connection)
    t.strictSame(client.socket.closedWith, { code: 4008, reason: closeCodes.slowConsumer.reason })
    t.equal(client.connection.closedBy, closeCodes.slowConsumer)
    relieve(client)
    answer(client.connection)
    t.strictSame(client.socket.stream.frames, [], 'nothing is written once it is closing')
    t.strictSame(client.writeErrors, [])
  })
}

t.test('a ping to a congested client is counted but not written', async (t) => {
  const client = connect()
  congest(client)
  client.connection.ping()
  t.equal(client.connection.missedPings, 1)
  t.strictSame(client.socket.stream.frames, [])
  t.equal(client.socket.closedWith, null)
})

const writes: Array<{ name: string, write: (connection: Connection) => unknown }> = [
  ...answers.map(({ name, answer }) => ({ name, write: answer })),
  { name: 'a shared frame', write: (connection) => connection.sendShared(SHARED) },
  { name: 'a ping', write: (connection) => connection.ping() }
]

for (const { name, write } of writes) {
  t.test(`${name}: a write that throws is reported, not thrown`, async (t) => {
    const { socket, connection, writeErrors } = connect()
    const error = new Error('EPIPE')
    socket.stream.throws = error
    const written = write(connection)
    t.equal(written, name === 'a shared frame' ? false : undefined)
    t.strictSame(writeErrors, [{ id: 'ws_1_5', error }])
    t.equal(connection.isOpen, true)
  })

  t.test(`${name}: a write that fails later is reported`, async (t) => {
    const { socket, connection, writeErrors } = connect()
    const error = new Error('ECONNRESET')
    socket.stream.fails = error
    const written = write(connection)
    t.equal(written, name === 'a shared frame' ? true : undefined)
    t.strictSame(writeErrors, [], 'not yet')
    await settle()
    t.strictSame(writeErrors, [{ id: 'ws_1_5', error }])
  })

  t.test(`${name}: nothing is written to a socket that closed in between`, async (t) => {
    const { socket, connection, writeErrors } = connect()
    socket.finish(1006)
    const written = write(connection)
    await settle()
    t.equal(written, name === 'a shared frame' ? false : undefined)
    t.strictSame(socket.stream.frames, [])
    t.strictSame(writeErrors, [], 'that it has gone is no failure')
  })
}

t.test('close says why, and only the first reason counts', async (t) => {
  const { socket, connection } = connect()
  t.equal(connection.isOpen, true)
  connection.close(closeCodes.stale)
  connection.close(closeCodes.goingAway)
  t.strictSame(socket.closedWith, { code: 4012, reason: closeCodes.stale.reason })
  t.equal(connection.closedBy, closeCodes.stale)
  t.equal(connection.isOpen, false)
})

t.test('close after the client has left does nothing', async (t) => {
  const { socket, connection } = connect()
  socket.finish(1000)
  connection.close(closeCodes.stale)
  t.equal(socket.closedWith, null)
  t.equal(connection.closedBy, null)
})

t.test('a close that throws is reported, and the socket cut off', async (t) => {
  const { socket, connection, writeErrors } = connect()
  const error = new Error('close failed')
  socket.close = () => { throw error }
  connection.close(closeCodes.stale)
  t.strictSame(writeErrors, [{ id: 'ws_1_5', error }])
  t.equal(socket.terminated, true)
})

t.test('terminate cuts the socket off without a handshake', async (t) => {
  const { socket, connection } = connect()
  connection.terminate()
  t.equal(socket.terminated, true)
  t.equal(socket.closedWith, null)
})

t.test('errors are counted and the last is kept', async (t) => {
  const { connection } = connect()
  t.strictSame([connection.errorCount, connection.lastError], [0, null])
  connection.recordError('BAD_MESSAGE')
  connection.recordError('EPIPE')
  t.strictSame([connection.errorCount, connection.lastError], [2, 'EPIPE'])
})

t.test('a socket that cannot even be cut off is said, not thrown', async (t) => {
  const { socket, connection, writeErrors } = connect()
  const error = new Error('injected')
  socket.terminate = () => { throw error }
  connection.terminate()
  t.strictSame(writeErrors, [{ id: 'ws_1_5', error }])
})

t.test('what is being put together counts as unread only once it has been written', async (t) => {
  const { socket, connection } = connect()
  const { stream } = socket
  const write = stream.write.bind(stream)
  stream.write = (frame) => {
    stream.writableLength += frame.length
    return write(frame)
  }
  const all = Math.ceil(2 * MAX_BUFFERED_BYTES / SHARED.bytes)
  connection.inOnePiece(() => {
    for (let count = 0; count < all; count++) connection.inOnePiece(() => connection.sendShared(SHARED))
    t.equal(connection.bufferedBytes, 0)
  })
  t.equal(stream.frames.length, all, 'a greeting may be as long as it has to be')
  t.equal(socket.closedWith, null)
  connection.sendShared(SHARED)
  t.match(socket.closedWith, { code: closeCodes.slowConsumer.code })
})
