import { getEventListeners } from 'node:events'
import t from 'tap'
import { PopcastClient } from '../../client/index.ts'
import { clientSide, greet, synced, withoutWebSocket } from '../support/client-side.ts'
import { settle } from '../support/fake-clock.ts'
import { confirmed, HEARTBEAT_MS, pong, shutdown, update, welcome } from '../support/feed-messages.ts'

t.test('it connects by itself, asks for everything in the URL, and is live when the answer to its ping has come', async (t) => {
  const side = clientSide()
  const states = side.told('connection')
  t.strictSame(side.client.snapshot.connection, { name: 'connecting', attempt: 0 })
  await settle()
  t.equal(side.socket.url.href, 'ws://popcast.test/ws?topics=metrics,alerts&history=360')
  side.socket.receive(welcome())
  t.strictSame(side.client.snapshot.connection, { name: 'syncing', transport: 'websocket' })
  t.match(side.socket.sent, [{ type: 'ping', id: Number }])
  side.socket.receive(confirmed(), pong({ id: 77 }))
  t.equal(side.state, 'syncing', 'the answer to something else is none')
  await synced(side.socket)
  t.strictSame(side.client.snapshot.connection, { name: 'live', transport: 'websocket' })
  t.strictSame(states.map(({ name }) => name), ['syncing', 'live'])
})

t.test('it comes back to where it was, with the same topics', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  socket.receive(update({ seq: 7 }))
  socket.end()
  t.match(side.client.snapshot.connection, { name: 'waiting', attempt: 1, cause: { code: 'CLOSED', message: 'CLOSED' } })
  await side.clock.advance(250 + 0.5 * (4_000 - 250) - 1)
  t.equal(side.sockets.length, 1)
  await side.clock.advance(1)
  t.equal(side.socket.url.search, '?topics=metrics,alerts&epoch=e1&seq=7', 'it holds history, and asks for none')
})

t.test('a connection that lived for long enough was no failure', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  for (const seq of [2, 3]) {
    await side.clock.advance(9_000)
    socket.receive(update({ seq }, seq * 9_000 - 9_000))
  }
  socket.end()
  t.match(side.client.snapshot.connection, { name: 'waiting', attempt: 0 })
})

t.test('each failure in a row waits longer, until they are used up', async (t) => {
  const side = clientSide({ backoff: { attempts: 3 } })
  await settle()
  side.socket.end()
  t.match(side.client.snapshot.connection, { name: 'waiting', attempt: 1, cause: { code: 'REFUSED' } })
  t.equal((side.client.snapshot.connection as { retryAt: number }).retryAt - side.clock.now(), 250 + 0.5 * (4_000 - 250))
  await side.clock.advance(2_125)
  t.strictSame(side.client.snapshot.connection, { name: 'connecting', attempt: 1 })
  side.socket.end()
  t.equal((side.client.snapshot.connection as { retryAt: number }).retryAt - side.clock.now(), 250 + 0.5 * (8_000 - 250))
  await side.clock.advance(4_125)
  side.socket.end()
  t.match(side.client.snapshot.connection, { name: 'failed', cause: { code: 'ATTEMPTS_USED_UP', retryable: false } })
  side.client.connect()
  t.strictSame(side.client.snapshot.connection, { name: 'connecting', attempt: 0 }, 'connect() starts again')
})

const ends: Array<{ code: number, cause: string, state: string }> = [
  { code: 1011, cause: 'SERVER_ERROR', state: 'waiting' },
  { code: 4008, cause: 'SLOW_CONSUMER', state: 'waiting' },
  { code: 4012, cause: 'STALE_CONNECTION', state: 'waiting' },
  { code: 1000, cause: 'CLOSED', state: 'waiting' },
  { code: 1002, cause: 'PROTOCOL', state: 'failed' },
  { code: 1009, cause: 'MESSAGE_TOO_LARGE', state: 'failed' },
  { code: 4501, cause: 'INVALID_MESSAGES', state: 'failed' }
]
for (const { code, cause, state } of ends) {
  t.test(`closed with ${code}, it is ${state}`, async (t) => {
    const side = clientSide()
    const socket = await greet(side)
    socket.end(code, 'why')
    t.match(side.client.snapshot.connection, { name: state, cause: { code: cause, closeCode: code, message: 'why' } })
    await side.clock.advance(60_000)
    t.equal(side.sockets.length > 1, state === 'waiting')
  })
}

t.test('of a server that stops, it comes back exactly when that has said', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  socket.receive(shutdown(3_000))
  t.match(side.client.snapshot.connection, { name: 'draining', retryAt: side.clock.now() + 3_000 })
  await side.clock.advance(400)
  socket.end(1001)
  const retryAt = side.clock.now() + 2_600
  t.match(side.client.snapshot.connection, { name: 'waiting', attempt: 0, retryAt, cause: { code: 'SHUTDOWN' } })
  await side.clock.advance(2_599)
  t.equal(side.sockets.length, 1)
  await side.clock.advance(1)
  t.equal(side.sockets.length, 2)
})

t.test('a server that says that it stops and does not close is left when it is time', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  socket.receive(shutdown(3_000))
  await side.clock.advance(3_000)
  t.equal(side.sockets.length, 2)
  t.equal(socket.closedWith, 1000)
})

t.test('what takes too long', async (t) => {
  t.test('no welcome', async (t) => {
    const side = clientSide()
    await side.clock.advance(9_999)
    t.equal(side.state, 'connecting')
    await side.clock.advance(1)
    t.match(side.client.snapshot.connection, { name: 'waiting', cause: { code: 'CONNECT_TIMEOUT' } })
    t.ok(side.sockets[0]?.isClosed)
  })
  t.test('a greeting that stops in its midst', async (t) => {
    const side = clientSide()
    await settle()
    side.socket.receive(welcome())
    await side.clock.advance(9_000)
    side.socket.receive(confirmed())
    await side.clock.advance(9_999)
    t.equal(side.state, 'syncing', 'a long one may take its time')
    await side.clock.advance(1)
    t.match(side.client.snapshot.connection, { name: 'waiting', cause: { code: 'NO_PONG' } })
  })
  t.test('a frozen server: asked when an update is late, given up when it does not answer', async (t) => {
    const side = clientSide()
    const socket = await greet(side)
    await side.clock.advance(12_499)
    t.equal(socket.sent.length, 1)
    await side.clock.advance(1)
    t.equal(socket.sent.length, 2)
    await side.clock.advance(4_999)
    t.equal(side.state, 'live')
    await side.clock.advance(1)
    t.match(side.client.snapshot.connection, { name: 'waiting', attempt: 0, cause: { code: 'NO_PONG' } })
    t.equal(socket.closedWith, 1000)
  })
  t.test('a server that answers but has nothing new is asked once per update, and then after silence', async (t) => {
    const side = clientSide()
    const socket = await greet(side)
    await side.clock.advance(12_500)
    await synced(socket, {}, 12_500)
    await side.clock.advance(HEARTBEAT_MS - 1)
    t.equal(socket.sent.length, 2)
    await side.clock.advance(1)
    t.equal(socket.sent.length, 3)
  })
  t.test('alerts alone: asked after a heartbeat of silence', async (t) => {
    const side = clientSide({ subscribe: { alerts: true } })
    const socket = await greet(side, confirmed({ topics: ['alerts'] }))
    await side.clock.advance(HEARTBEAT_MS - 1)
    t.equal(socket.sent.length, 1)
    await side.clock.advance(1)
    t.equal(socket.sent.length, 2)
    await synced(socket)
    t.equal(side.state, 'live')
  })
})

t.test('what cannot go on', async (t) => {
  t.test('another version of the protocol', async (t) => {
    const side = clientSide()
    await settle()
    side.socket.receive(welcome({ protocol: 2 as 1 }))
    t.match(side.client.snapshot.connection, { name: 'failed', cause: { code: 'UNSUPPORTED_VERSION' } })
    t.ok(side.sockets[0]?.isClosed)
  })
  t.test('no WebSocket', async (t) => {
    withoutWebSocket(t)
    const client = new PopcastClient('ws://popcast.test/ws', { transport: 'websocket' })
    t.match(client.snapshot.connection, { name: 'failed', cause: { code: 'NO_WEBSOCKET' } })
  })
  t.test('aborted', async (t) => {
    const abort = new AbortController()
    const side = clientSide({ signal: abort.signal })
    const socket = await greet(side)
    abort.abort()
    t.match(side.client.snapshot.connection, { name: 'failed', cause: { code: 'ABORTED' } })
    t.equal(socket.closedWith, 1000)
    side.client.connect()
    t.equal(side.state, 'failed', 'for good')
  })
  t.test('aborted before it is started', async (t) => {
    const abort = new AbortController()
    const side = clientSide({ signal: abort.signal, autoConnect: false })
    const ready = t.rejects(side.client.ready(), { code: 'ABORTED' })
    abort.abort()
    await ready
  })
})

t.test('the address may be asked for at each attempt, and so may a token', async (t) => {
  let asked = 0
  const address = async () => {
    if (++asked === 1) throw new Error('no address yet')
    return new URL(`https://popcast${asked}.test/live/ws?key=a`)
  }
  const side = clientSide({ protocols: async () => ['token', `t${asked}`] }, address)
  await settle()
  t.match(side.client.snapshot.connection, { name: 'waiting', cause: { code: 'REFUSED', message: /no address yet/ } })
  side.client.connect()
  await settle()
  t.equal(side.socket.url.href, 'wss://popcast2.test/live/ws?key=a&topics=metrics,alerts&history=360')
  t.strictSame(side.socket.protocols, ['token', 't2'])
})

t.test('what an earlier connection still says is of no interest', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  await side.clock.advance(17_500)
  t.equal(side.state, 'waiting')
  socket.receive(update({ seq: 9 }, 17_500), pong({ id: 2 }))
  socket.end(4501)
  t.equal(side.state, 'waiting')
  await side.clock.advance(20_000)
  t.match(side.socket.url.search, /seq=1$/)
})

t.test('a signal that lives longer holds nothing of a client that has ended', async (t) => {
  const abort = new AbortController()
  const { signal } = abort
  const listeners = () => getEventListeners(signal, 'abort').length
  const side = clientSide({ signal })
  const socket = await greet(side)
  t.equal(listeners(), 1)
  await side.client.close()
  t.equal(listeners(), 0, 'closed')
  side.client.connect()
  await greet(side)
  t.equal(listeners(), 1, 'started again')
  side.socket.end(4501)
  t.equal(listeners(), 0, 'failed')
  side.client.connect()
  await settle()
  t.ok(socket.isClosed)
  abort.abort()
  t.match(side.client.snapshot.connection, { name: 'failed', cause: { code: 'ABORTED' } })
  t.equal(listeners(), 0, 'aborted')
})

t.test('the address is asked for after the client was made, and how that goes is an attempt', async (t) => {
  t.test('it may look at the client', async (t) => {
    let seen = ''
    const side = clientSide({}, () => {
      seen = side.client.snapshot.connection.name
      return 'ws://popcast.test/ws'
    })
    t.equal(seen, '')
    await settle()
    t.equal(seen, 'connecting')
    t.equal(side.sockets.length, 1)
  })
  t.test('it throws', async (t) => {
    const side = clientSide({}, () => { throw new Error('no address') })
    t.equal(side.state, 'connecting')
    await settle()
    t.match(side.client.snapshot.connection, { name: 'waiting', attempt: 1, cause: { code: 'REFUSED', message: /no address/ } })
  })
  t.test('it gives none', async (t) => {
    const side = clientSide({}, () => 'popcast')
    await settle()
    t.match(side.client.snapshot.connection, { name: 'waiting', attempt: 1, cause: { code: 'REFUSED', message: /URL/ } })
  })
  t.test('it never answers', async (t) => {
    const side = clientSide({}, () => new Promise(() => {}))
    await side.clock.advance(10_000)
    t.match(side.client.snapshot.connection, { name: 'waiting', attempt: 1, cause: { code: 'CONNECT_TIMEOUT' } })
  })
})
