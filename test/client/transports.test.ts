import t from 'tap'
import { transportsFor } from '../../client/transport-choice.ts'
import { clientSide, greet, greetStream, synced, withoutWebSocket, type FakeStream } from '../support/client-side.ts'
import { settle } from '../support/fake-clock.ts'
import { confirmed, HEARTBEAT_MS, pong, shutdown, welcome } from '../support/feed-messages.ts'
import type { TransportKind } from '../../client/index.ts'

const WebSocket = class {} as never
const fetch = (() => {}) as never
const auto = { transport: 'auto' as const, WebSocket, fetch }
const noWebSocket = { transport: 'auto' as const, fetch }
const LONG = 600_001
const choices: Array<{
  name: string, settings: Parameters<typeof transportsFor>[0], known?: TransportKind, triedMsAgo?: number, expected: string
}> = [
  { name: 'nothing is known', settings: auto, expected: 'websocket sse' },
  { name: 'upgrades pass', settings: auto, known: 'websocket', triedMsAgo: LONG, expected: 'websocket' },
  { name: 'they do not', settings: auto, known: 'sse', triedMsAgo: 600_000, expected: 'sse' },
  { name: 'they did not long ago', settings: auto, known: 'sse', triedMsAgo: LONG, expected: 'websocket sse' },
  { name: 'there is no WebSocket', settings: noWebSocket, expected: 'sse' },
  { name: 'there has been no WebSocket for long', settings: noWebSocket, known: 'sse', triedMsAgo: LONG, expected: 'sse' },
  { name: 'there is no fetch', settings: { transport: 'auto', WebSocket }, expected: 'websocket' },
  { name: 'events are wanted', settings: { ...auto, transport: 'sse' }, expected: 'sse' },
  { name: 'a WebSocket is wanted', settings: { ...auto, transport: 'websocket' }, expected: 'websocket' },
  { name: 'a WebSocket is wanted, and not there', settings: { ...noWebSocket, transport: 'websocket' }, expected: '' }
]
for (const { name, settings, known, triedMsAgo = 0, expected } of choices) {
  t.test(`what is tried when ${name}`, async (t) => {
    t.equal(transportsFor(settings, known, triedMsAgo).join(' '), expected)
  })
}

t.test('events: the same query, and live at the pong of the greeting', async (t) => {
  const side = clientSide({ transport: 'sse', subscribe: { pops: { country: ['DE'] } } })
  await settle()
  t.equal(side.stream.url.origin + side.stream.url.pathname, 'http://popcast.test/api/stream')
  t.strictSame(Object.fromEntries(side.stream.url.searchParams), {
    topics: 'metrics,pops', pops: 'country:DE', delta: 'fields'
  })
  t.strictSame(side.stream.headers, { accept: 'text/event-stream' })
  side.stream.open()
  side.stream.receive(welcome(), confirmed({ topics: ['pops'] }))
  await settle()
  t.strictSame(side.client.snapshot.connection, { name: 'syncing', transport: 'sse' })
  side.stream.receive(pong())
  await settle()
  t.strictSame(side.client.snapshot.connection, { name: 'live', transport: 'sse' })
})

t.test('events are dead when nothing comes for 2.5 heartbeats, and a comment is something', async (t) => {
  const side = clientSide({ transport: 'sse' })
  const stream = await greetStream(side)
  await side.clock.advance(2 * HEARTBEAT_MS)
  stream.receiveText(':\n\n')
  await side.clock.advance(2.5 * HEARTBEAT_MS - 1)
  t.equal(side.state, 'live')
  await side.clock.advance(1)
  t.match(side.client.snapshot.connection, { name: 'waiting', cause: { code: 'NO_PONG' } })
  t.ok(stream.isClosed)
})

const refusals: Array<{ name: string, refuse: (stream: FakeStream) => void, waitMs: number, message: RegExp }> = [
  { name: '503', refuse: (stream) => stream.refuse(503, { 'retry-after': '4' }), waitMs: 5_000, message: /503/ },
  { name: '429 without a time', refuse: (stream) => stream.refuse(429), waitMs: 2_125, message: /429/ },
  { name: '404', refuse: (stream) => stream.refuse(404), waitMs: 2_125, message: /404/ },
  {
    name: 'a page instead',
    refuse: (stream) => stream.refuse(200, { 'content-type': 'text/html' }),
    waitMs: 2_125,
    message: /text\/html/
  },
  { name: 'no server', refuse: (stream) => stream.fail(), waitMs: 2_125, message: /fetch failed/ }
]
for (const { name, refuse, waitMs, message } of refusals) {
  t.test(`events refused with ${name}`, async (t) => {
    const side = clientSide({ transport: 'sse' })
    await settle()
    refuse(side.stream)
    await settle()
    const retryAt = side.clock.now() + waitMs
    t.match(side.client.snapshot.connection, { name: 'waiting', retryAt, cause: { code: 'REFUSED', message } })
    await side.clock.advance(waitMs)
    t.equal(side.streams.length, 2)
  })
}

const closes = [
  { code: 4008, state: 'waiting', cause: 'SLOW_CONSUMER' },
  { code: 4501, state: 'failed', cause: 'INVALID_MESSAGES' }
]
for (const { code, state, cause } of closes) {
  t.test(`the event close with ${code} means what the close code does`, async (t) => {
    const side = clientSide({ transport: 'sse' })
    const stream = await greetStream(side)
    stream.receive({ type: 'close', code, reason: 'why' })
    await settle()
    t.match(side.client.snapshot.connection, { name: state, cause: { code: cause, closeCode: code, message: 'why' } })
  })
}

t.test('events that end without a word are resumed, and those of a server that stops when it has said', async (t) => {
  const side = clientSide({ transport: 'sse' })
  ;(await greetStream(side)).end()
  await settle()
  t.match(side.client.snapshot.connection, { name: 'waiting', cause: { code: 'CLOSED' } })
  await side.clock.advance(2_125)
  t.match(side.stream.url.search, /epoch=e1&seq=1$/)
  const stream = await greetStream(side)
  stream.receive(shutdown(1_000), { type: 'close', code: 1001, reason: '' })
  await settle()
  t.match(side.client.snapshot.connection, { name: 'waiting', retryAt: side.clock.now() + 1_000, cause: { code: 'SHUTDOWN' } })
})

t.test('where an upgrade is refused, events are tried at once, and kept', async (t) => {
  const side = clientSide({ transport: 'auto' })
  await settle()
  side.socket.end()
  t.equal(side.state, 'connecting')
  const stream = await greetStream(side)
  t.strictSame(side.client.snapshot.connection, { name: 'live', transport: 'sse' })
  stream.end()
  await side.clock.advance(2_125)
  t.equal(side.sockets.length, 1, 'no upgrade was tried again')
  t.equal(side.streams.length, 2)
  const second = await greetStream(side)
  for (let minute = 0; minute <= 11; minute++) {
    await side.clock.advance(60_000)
    second.receiveText(':\n\n')
    await settle()
  }
  second.end()
  await side.clock.advance(2_125)
  t.equal(side.sockets.length, 2, 'after 10 min upgrades may pass')
})

t.test('where a proxy swallows upgrades, half of the time is left for events', async (t) => {
  const side = clientSide({ transport: 'auto' })
  await side.clock.advance(4_999)
  t.equal(side.streams.length, 0)
  await side.clock.advance(1)
  t.equal(side.streams.length, 1)
  t.equal(side.sockets[0]?.closedWith, 1000)
  await side.clock.advance(4_999)
  t.equal(side.state, 'connecting')
  await side.clock.advance(1)
  t.match(side.client.snapshot.connection, { name: 'waiting', cause: { code: 'CONNECT_TIMEOUT' } })
})

t.test('once upgrades are known to pass, events are not tried until three attempts in a row have failed', async (t) => {
  const side = clientSide({ transport: 'auto' })
  const socket = await greet(side)
  await side.clock.advance(5_000)
  socket.end()
  for (const [attempt, waitMs] of [4_000, 8_000, 16_000, 20_000].entries()) {
    t.equal(side.streams.length, 0, `before attempt ${attempt}`)
    await side.clock.advance(250 + 0.5 * (waitMs - 250))
    side.socket.end()
    await settle()
  }
  t.equal(side.streams.length, 1)
})

t.test('without any WebSocket there are still events', async (t) => {
  withoutWebSocket(t)
  const side = clientSide({ transport: 'auto', WebSocket: undefined } as object)
  await greetStream(side)
  t.strictSame(side.client.snapshot.connection, { name: 'live', transport: 'sse' })
  await t.rejects(side.client.ping(), { code: 'CLOSED' })
})

t.test('a stream that is given up while it is being opened is closed', async (t) => {
  const side = clientSide({ transport: 'sse' })
  await settle()
  const { stream } = side
  await side.client.close()
  t.ok(stream.isClosed)
})

t.test('a WebSocket that is made while the client is closed is closed too', async (t) => {
  let give = (_protocols: string[]) => {}
  const side = clientSide({ protocols: () => new Promise((resolve) => { give = resolve }) })
  await settle()
  const closed = side.client.close()
  give([])
  await settle()
  await closed
  t.strictSame(side.sockets.map(({ isClosed }) => isClosed), [true])
})

t.test('setSubscription on events: at once, with the position, in a new URL', async (t) => {
  const side = clientSide({ transport: 'sse' })
  const stream = await greetStream(side)
  const done = side.client.setSubscription({ metrics: true })
  await settle()
  t.ok(stream.isClosed)
  t.strictSame(Object.fromEntries(side.stream.url.searchParams), { topics: 'metrics', epoch: 'e1', seq: '1' })
  side.stream.open()
  side.stream.receive(welcome(), confirmed({ topics: ['metrics'], recovered: true, fromSeq: 2 }), pong())
  await done
  t.equal(side.state, 'live')
})

t.test('the barrier of a WebSocket is not any pong', async (t) => {
  const side = clientSide({ transport: 'websocket' })
  await settle()
  side.socket.receive(welcome(), pong())
  t.equal(side.state, 'syncing')
  await synced(side.socket)
  t.equal(side.state, 'live')
})
