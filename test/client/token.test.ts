import t from 'tap'
import { clientSide, greet, greetStream, synced } from '../support/client-side.ts'
import { settle } from '../support/fake-clock.ts'
import { confirmed, openAlerts, update, welcome } from '../support/feed-messages.ts'

/** Gives `one`, `two`, ... */
function counter () {
  const names = ['one', 'two', 'three', 'four/=']
  const asked = { times: 0 }
  return { asked, token: async () => names[asked.times++]! }
}

t.test('a token goes into the subprotocols of a WebSocket, another one at each attempt', async (t) => {
  const { token } = counter()
  const side = clientSide({ token, protocols: () => ['own'] })
  await settle()
  t.strictSame(side.socket.protocols, ['own', 'popcast', 'bearer.one'])
  t.notMatch(side.socket.url.href, 'one')
  side.socket.end()
  await side.clock.advance(2_125)
  t.strictSame(side.socket.protocols, ['own', 'popcast', 'bearer.two'])
})

t.test('what a header cannot hold is encoded', async (t) => {
  const side = clientSide({ token: () => 'a/b=' })
  await settle()
  t.strictSame(side.socket.protocols, ['popcast', 'bearer.a%2Fb%3D'])
})

t.test('and into Authorization of a stream', async (t) => {
  const side = clientSide({ transport: 'sse', token: () => 'one' })
  await settle()
  t.equal(side.stream.headers.authorization, 'Bearer one')
  t.notMatch(side.stream.url.href, 'one')
  side.stream.refuse(401)
  await settle()
  t.match(side.client.snapshot.connection, { name: 'waiting', cause: { code: 'UNAUTHORIZED' } })
})

const refusals = {
  'a close': (side: ReturnType<typeof clientSide>) => side.socket.end(4500, 'why'),
  'a server that wants one': (side: ReturnType<typeof clientSide>) => side.socket.receive(
    { type: 'auth_required', withinMs: 10_000 }
  )
}
for (const [name, refuse] of Object.entries(refusals)) {
  t.test(`${name}: without a token that is the end`, async (t) => {
    const side = clientSide({ transport: 'auto' })
    await settle()
    refuse(side)
    t.match(
      side.client.snapshot.connection, { name: 'failed', cause: { code: 'UNAUTHORIZED', closeCode: 4500, retryable: false } }
    )
    await side.clock.advance(60_000)
    t.equal(side.sockets.length + side.streams.length, 1, 'no other transport is let in either')
  })

  t.test(`${name}: with one it is asked for another, once`, async (t) => {
    const { token, asked } = counter()
    const side = clientSide({ token, transport: 'auto' })
    await settle()
    refuse(side)
    t.match(side.client.snapshot.connection, { name: 'waiting', cause: { code: 'UNAUTHORIZED', retryable: true } })
    await side.clock.advance(2_125)
    refuse(side)
    t.match(side.client.snapshot.connection, { name: 'failed', cause: { code: 'UNAUTHORIZED', retryable: false } })
    await side.clock.advance(60_000)
    t.equal(asked.times, 2)
  })
}

t.test('one that expires is followed by another, and what was missed comes', async (t) => {
  const { token } = counter()
  const side = clientSide({ token })
  ;(await greet(side)).end(4500)
  t.match(side.client.snapshot.connection, { name: 'waiting', cause: { code: 'UNAUTHORIZED' } })
  await side.clock.advance(2_125)
  t.strictSame(side.socket.protocols, ['popcast', 'bearer.two'])
  t.match(side.socket.url.search, /epoch=e1&seq=1$/)
})

t.test('before it expires another one is presented on the same connection', async (t) => {
  const { token } = counter()
  const side = clientSide({ token })
  await settle()
  const { socket } = side
  socket.receive({ ...welcome(), tokenExpiresInMs: 10_000 }, confirmed(), update(), openAlerts([]))
  await synced(socket)
  await side.clock.advance(7_999)
  t.equal(socket.idOf('auth'), undefined)
  await side.clock.advance(1)
  t.match(socket.sent.at(-1), { type: 'auth', token: 'two' })
  socket.receive({ type: 'auth_confirmed', id: socket.idOf('auth'), tokenExpiresInMs: 2_000 })
  await side.clock.advance(1_600)
  t.match(socket.sent.findLast(({ type }) => type === 'auth'), { token: 'three' }, 'and so on')
  t.equal(side.sockets.length, 1)
})

t.test('a token that cannot be had is tried again; while connected it waits for the end', async (t) => {
  let fails = true
  const token = async () => {
    if (fails) throw new Error('no network')
    return 'one'
  }
  const side = clientSide({ token })
  await settle()
  t.match(side.client.snapshot.connection, { name: 'waiting', cause: { code: 'REFUSED', message: /no network/ } })
  fails = false
  await side.clock.advance(2_125)
  const { socket } = side
  socket.receive({ ...welcome(), tokenExpiresInMs: 1_000 }, confirmed(), update(), openAlerts([]))
  await synced(socket)
  fails = true
  await side.clock.advance(1_000)
  t.equal(socket.idOf('auth'), undefined)
  t.equal(side.state, 'live')
})

t.test('no token is presented on a stream that is open, nor after the end', async (t) => {
  const { token, asked } = counter()
  const side = clientSide({ transport: 'sse', token })
  const stream = await greetStream(side)
  stream.receive({ type: 'auth_confirmed', tokenExpiresInMs: 1_000 })
  await side.clock.advance(1_000)
  t.equal(asked.times, 1)
  const other = clientSide({ token })
  await settle()
  other.socket.receive({ ...welcome(), tokenExpiresInMs: 1_000 }, confirmed(), update(), openAlerts([]))
  await other.client.close()
  await other.clock.advance(10_000)
  t.equal(asked.times, 2)
})
