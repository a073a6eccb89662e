import t from 'tap'
import { settle } from '../../../support/fake-clock.ts'
import { FakeSocket } from '../../../support/fake-socket.ts'
import { congest, messagesOf, START } from '../../../support/clients.ts'
import { deferred } from '../../../support/fake-source.ts'
import { afterWelcome, INTERVAL_MS, serveSessions, tick } from '../../../support/sessions.ts'

const POSITION = { epoch: 'e1', seq: 0, headSeq: 0 }

const UPDATE = {
  type: 'metrics_update',
  data: { totalPops: 1, healthyPops: 1, averageColdStart: 5, regressions: 0 },
  epoch: 'e1',
  seq: 1,
  dataTime: START,
  polledAt: START,
  ageMs: 0,
  status: 'fresh',
  nextPollAt: '2026-01-01T00:00:10.000Z',
  silentPops: 0
}

const FAILURE = {
  type: 'error',
  data: { message: 'the metrics source did not answer in time', timestamp: START },
  code: 'SOURCE_TIMEOUT',
  retryable: true,
  retryAfterMs: INTERVAL_MS,
  since: START
}

const greetings: Array<{ name: string, ticks: Array<'answers' | 'fails'>, seq: number, messages: object[] }> = [
  { name: 'before the first tick', ticks: [], seq: 0, messages: [] },
  { name: 'after a tick', ticks: ['answers'], seq: 1, messages: [UPDATE] },
  { name: 'while the source fails and nothing is known', ticks: ['fails'], seq: 0, messages: [FAILURE] },
  {
    name: 'while the source fails and something is known',
    ticks: ['answers', 'fails'],
    seq: 2,
    messages: [{ ...UPDATE, seq: 2, status: 'stale' }, { ...FAILURE, dataTime: START, ageMs: 0 }]
  },
  { name: 'when the source has recovered', ticks: ['fails', 'answers'], seq: 1, messages: [UPDATE] }
]

for (const { name, ticks, seq, messages } of greetings) {
  t.test(`greeting ${name}`, async (t) => {
    const service = serveSessions()
    for (const answer of ticks) await tick(service, answer)
    const { socket, connection } = service.open()
    t.strictSame(messagesOf(socket), [{
      type: 'welcome',
      data: { connectionId: connection.id, message: 'connected to popcast', timestamp: START },
      protocol: 1,
      epoch: 'e1',
      version: '0.0.0',
      instance: 'one',
      seq: Math.max(0, seq - 1),
      headSeq: seq,
      intervalMs: INTERVAL_MS,
      heartbeatMs: 25_000,
      healthyBelowMs: 10,
      overviewWindowMs: 600_000,
      source: 'influxdb',
      limits: { maxMessageBytes: 16_384 }
    }, ...messages])
    t.equal(service.state.connects, 1)
    t.equal(service.source.collects, ticks.length, 'no query of its own')
  })
}

t.test('every listener is attached before openSession returns, once', async (t) => {
  const { socket } = serveSessions().open()
  const counts = ['message', 'ping', 'pong', 'close', 'error'].map((event) => socket.listenerCount(event))
  t.strictSame(counts, [1, 1, 1, 1, 1])
})

const conversations: Array<{ name: string, messages: object[], answer: object, further?: number }> = [
  {
    name: 'ping',
    messages: [{ type: 'ping' }],
    answer: { type: 'pong', timestamp: START, data: { timestamp: START }, ...POSITION }
  },
  {
    name: 'ping with the id 0',
    messages: [{ type: 'ping', id: 0 }],
    answer: { type: 'pong', timestamp: START, data: { timestamp: START }, ...POSITION, id: 0 }
  },
  {
    name: 'subscribe to metrics',
    messages: [{ type: 'subscribe', topics: ['metrics'], id: 'a' }],
    answer: { type: 'subscription_confirmed', topics: ['metrics'], data: { topics: ['metrics'] }, ...POSITION, id: 'a' }
  },
  {
    name: 'subscribe by default',
    messages: [{ type: 'subscribe' }],
    further: 1,
    answer: {
      type: 'subscription_confirmed',
      topics: ['metrics', 'alerts'],
      data: { topics: ['metrics', 'alerts'] },
      ...POSITION
    }
  },
  {
    name: 'the answer names all topics, not only the new',
    messages: [
      { type: 'subscribe', topics: ['pops'] },
      { type: 'subscribe', topics: ['metrics'] }
    ],
    answer: { type: 'subscription_confirmed', topics: ['pops', 'metrics'], data: { topics: ['pops', 'metrics'] }, ...POSITION }
  },
  {
    name: 'unsubscribe',
    messages: [{ type: 'unsubscribe', topics: ['metrics'], id: '' }],
    answer: { type: 'subscription_confirmed', topics: [], data: { topics: [] }, ...POSITION, id: '' }
  }
]

for (const { name, messages, answer, further = 0 } of conversations) {
  t.test(`message: ${name}`, async (t) => {
    const { socket, connection } = serveSessions().open()
    for (const message of messages) socket.receive(message)
    const answers = afterWelcome(socket)
    t.equal(answers.length, messages.length + further)
    t.strictSame(answers.at(-1 - further), answer)
    t.strictSame([connection.errorCount, connection.invalidInARow], [0, 0])
  })
}

t.test('answers carry the position of the last update', async (t) => {
  const service = serveSessions()
  const { socket } = service.open()
  await tick(service, 'answers')
  await tick(service, 'answers')
  socket.receive({ type: 'ping' })
  t.match(messagesOf(socket).at(-1), { type: 'pong', epoch: 'e1', seq: 2 })
})

t.test('a client that unsubscribed gets no updates until it subscribes again, and then what is newest', async (t) => {
  const service = serveSessions()
  const { socket } = service.open()
  socket.receive({ type: 'unsubscribe', topics: ['metrics'] })
  await tick(service, 'answers')
  socket.receive({ type: 'subscribe', topics: ['metrics'] })
  await tick(service, 'answers')
  t.strictSame(
    afterWelcome(socket).map(({ type }) => type),
    ['subscription_confirmed', 'subscription_confirmed', 'metrics_update', 'metrics_update']
  )
})

const refusals: Array<{ name: string, data: Buffer, isBinary: boolean, error: { code: string, message: string, id?: string } }> =
  [
    { name: 'garbage', data: Buffer.from('hello'), isBinary: false, error: { code: 'BAD_MESSAGE', message: 'not JSON' } },
    { name: 'nothing', data: Buffer.alloc(0), isBinary: false, error: { code: 'BAD_MESSAGE', message: 'not JSON' } },
    {
      name: 'an unknown type',
      data: Buffer.from('{"type":"hi","id":"x"}'),
      isBinary: false,
      error: { code: 'UNKNOWN_TYPE', message: 'unknown type "hi"; known: ping, subscribe, unsubscribe, auth', id: 'x' }
    },
    {
      name: 'an unknown topic',
      data: Buffer.from('{"type":"subscribe","topics":["a"],"id":"x"}'),
      isBinary: false,
      error: { code: 'UNKNOWN_TOPIC', message: 'unknown topic "a"; known: metrics, alerts, pops', id: 'x' }
    },
    {
      name: 'a binary message, whatever it holds',
      data: Buffer.from('{"type":"ping"}'),
      isBinary: true,
      error: { code: 'BAD_MESSAGE', message: 'binary messages are not understood, send JSON as text' }
    }
  ]

for (const { name, data, isBinary, error: { code, message, id } } of refusals) {
  t.test(`refused: ${name}`, async (t) => {
    const { log, connections, open } = serveSessions()
    const { socket, connection } = open()
    socket.emit('message', data, isBinary)
    t.strictSame(afterWelcome(socket), [
      { type: 'error', data: { message, timestamp: START }, code, retryable: false, ...(id !== undefined && { id }) }
    ])
    t.strictSame([connection.errorCount, connection.lastError, connection.invalidInARow], [1, code, 1])
    t.strictSame([...connection.topics], ['metrics'])
    t.strictSame([connections.totals.errors, connections.totals.failed], [1, 0])
    t.strictSame(log.of('invalid_message'), [
      { event: 'invalid_message', connectionId: connection.id, code, level: 'debug', message: 'invalid message' }
    ])
    t.equal(socket.closedWith, null)
  })
}

t.test('a ping frame is answered with its payload', async (t) => {
  const { socket } = serveSessions().open()
  socket.emit('ping', Buffer.from('ff00', 'hex'))
  socket.emit('ping', Buffer.alloc(0))
  t.strictSame(socket.stream.frames.slice(1).map((frame) => frame.toString('hex')), ['8a02ff00', '8a00'])
})

const signsOfLife: Array<{ name: string, give: (socket: FakeSocket) => void }> = [
  { name: 'a message', give: (socket) => socket.receive({ type: 'ping' }) },
  { name: 'an invalid message', give: (socket) => socket.receive('hello') },
  { name: 'a ping', give: (socket) => socket.emit('ping', Buffer.alloc(0)) },
  { name: 'a pong', give: (socket) => socket.emit('pong', Buffer.alloc(0)) }
]

for (const { name, give } of signsOfLife) {
  t.test(`sign of life: ${name}`, async (t) => {
    const { clock, open } = serveSessions()
    const { socket, connection } = open()
    connection.ping()
    await clock.advance(500)
    give(socket)
    t.equal(connection.missedPings, 0)
    t.equal(connection.lastActivity, Date.parse(START) + 500)
  })
}

t.test('a client that asks without reading the answers is closed with 4008', async (t) => {
  const { open } = serveSessions()
  const client = open()
  congest(client)
  client.socket.receive({ type: 'ping' })
  t.equal(client.socket.closedWith?.code, 4008)
  t.strictSame(afterWelcome(client.socket), [])
})

t.test('an error of the socket is counted and logged, and the close that follows removes the client', async (t) => {
  const { log, connections, open } = serveSessions()
  const { socket, connection } = open()
  socket.emit('error', new Error('Invalid WebSocket frame: RSV1 must be clear'))
  t.strictSame(log.of('socket_error'), [
    {
      event: 'socket_error',
      connectionId: connection.id,
      detail: 'Invalid WebSocket frame: RSV1 must be clear',
      level: 'info',
      message: 'the connection failed'
    }
  ])
  t.strictSame([connection.errorCount, connections.totals.errors], [1, 1])
  t.equal(connections.size, 1)
  socket.emit('close', 1002, Buffer.from('why'))
  t.equal(connections.size, 0)
  t.match(log.of('disconnect'), [{ connectionId: connection.id, code: 1002, reason: 'why', errors: 1 }])
})

t.test('who asks for a position that is not read yet waits until it is, and so does what comes after', async (t) => {
  const service = serveSessions()
  const { socket } = service.open()
  const reached = deferred<void>()
  const positions: unknown[] = []
  service.context.reach = (position) => {
    positions.push(position)
    return reached.promise
  }
  socket.receive({ type: 'subscribe', topics: ['metrics'], since: { epoch: 'e1', seq: 1 } })
  socket.receive({ type: 'ping' })
  await settle()
  t.strictSame(afterWelcome(socket), [])
  await tick(service, 'answers')
  reached.resolve()
  await settle()
  t.strictSame(positions, [{ epoch: 'e1', seq: 1 }])
  t.match(afterWelcome(socket).slice(1), [{ type: 'subscription_confirmed', recovered: true, fromSeq: 2 }, { type: 'pong' }])
})

t.test('who has gone before that is told nothing, and keeps nothing', async (t) => {
  const service = serveSessions()
  const { socket } = service.open()
  const reached = deferred<void>()
  service.context.reach = () => reached.promise
  socket.receive({ type: 'subscribe', topics: ['pops'], pops: ['fra1'], since: { epoch: 'e1', seq: 1 } })
  socket.terminate()
  reached.resolve()
  await settle()
  t.strictSame(afterWelcome(socket), [])
  t.equal(service.filters.size, 0)
})

t.test('a valid message forgives the invalid ones before it', async (t) => {
  const { socket, connection } = serveSessions().open()
  for (let message = 0; message < 100; message++) {
    socket.receive('garbage')
    if (message % 40 === 0) socket.receive({ type: 'ping' })
  }
  t.equal(connection.closedBy, null)
  t.equal(connection.errorCount, 100)
})

t.test('what comes after the connection was closed is not looked at', async (t) => {
  const { socket, connection } = serveSessions().open()
  for (let message = 0; message < 60; message++) socket.receive('garbage')
  t.equal(connection.closedBy?.code, 4501)
  t.equal(connection.errorCount, 50)
  socket.receive({ type: 'subscribe', topics: ['pops'] })
  t.strictSame([...connection.topics], ['metrics'])
})
