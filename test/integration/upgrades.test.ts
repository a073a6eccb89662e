import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import t from 'tap'
import { systemClock } from '../../lib/clock.ts'
import { build, type TestApp } from '../support/app.ts'
import { closed } from '../support/closed.ts'
import { rawHandshake } from '../support/raw-client.ts'
import { HANDSHAKE, refusedUpgrades, statusOf } from '../support/refused-upgrades.ts'

async function noneIsLeft ({ app }: TestApp): Promise<number> {
  for (let turns = 0; turns < 1_000; turns++) {
    const count = await new Promise<number>((resolve, reject) =>
      app.server.getConnections((error, found) => (error ? reject(error) : resolve(found)))
    )
    if (count === 0) return app.pendingUpgrades.size
    await new Promise((resolve) => setImmediate(resolve))
  }
  return -1
}

for (const { name, line, headers, status } of refusedUpgrades) {
  t.test(`a hundred refused upgrades leave no socket: ${name}`, async (t) => {
    const service = await build(t)
    const answers = await Promise.all(Array.from({ length: 100 }, () => statusOf(service.port, line, headers)))
    t.strictSame(answers.filter((answer) => answer.status !== status), [])
    t.match(answers[0]?.text, /connection: close/i)
    t.equal(await noneIsLeft(service), 0)
  })
}

t.test('every refusal has the same form', async (t) => {
  const { port } = await build(t)
  const cases = [
    ...refusedUpgrades,
    { line: `GET /ws?${'a'.repeat(20_000)}`, headers: HANDSHAKE, status: 431 },
    { line: 'GET /health', headers: [`X: ${'a'.repeat(20_000)}`], status: 431 },
    { line: 'GET /health', headers: ['no header'], status: 400 }
  ]
  for (const { line, headers, status } of cases) {
    const { text } = await statusOf(port, line, headers)
    const body = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))
    t.match(
      body,
      { statusCode: status, code: /^[A-Z_]+$/, error: String, message: String },
      `${line.slice(0, 20)} ${headers.at(-1)?.slice(0, 20)}`
    )
  }
})

t.test('a path ends with a slash or not, whatever the method', async (t) => {
  const { port } = await build(t)
  for (const [line, status] of [
    ['POST /ws/', 405],
    ['POST /health/', 405],
    ['OPTIONS /ws/', 204],
    ['POST /nope/', 404]
  ] as const) {
    t.equal((await statusOf(port, line, ['Connection: close'])).status, status, line)
  }
})

t.test('topics may stand in the URL once or several times', async (t) => {
  const { port } = await build(t)
  for (const query of [
    'topics=metrics,alerts',
    'topics=metrics&topics=alerts',
    'topics=metrics,&topics=%20alerts',
    'topics=&topics=metrics,alerts'
  ]) {
    const client = await rawHandshake(port, `/ws?${query}`)
    t.match((await client.message('subscription_confirmed')).toString(), '"topics":["metrics","alerts"]', query)
    client.socket.destroy()
  }
})

t.test('clients that reset while they are refused leave no socket', async (t) => {
  const service = await build(t)
  await Promise.all(Array.from({ length: 100 }, async () => {
    const socket = connectTcp(service.port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write(['GET /%zz HTTP/1.1', 'Host: 127.0.0.1', ...HANDSHAKE, '', ''].join('\r\n'), () => socket.resetAndDestroy())
    await closed(socket)
  }))
  t.equal(await noneIsLeft(service), 0)
})

t.test('another Upgrade than websocket is answered as plain HTTP', async (t) => {
  const { port } = await build(t)
  for (const upgrade of ['h2c', 'TLS/1.0', 'HTTP/2.0, foo']) {
    const { status, text } = await statusOf(port, 'GET /health/live', [`Upgrade: ${upgrade}`, 'Connection: Upgrade'])
    t.equal(status, 200, upgrade)
    t.match(text, '{"status":"ok"}')
  }
})

t.test('the token websocket is found in any case, and /ws/ is /ws', async (t) => {
  const { port } = await build(t)
  const { status } = await statusOf(port, 'GET /nope', ['Upgrade: WebSocket, foo', 'Connection: Upgrade'])
  t.equal(status, 404)
  t.ok(await (await rawHandshake(port, '/ws/')).message('welcome'))
})

const offers = [
  'permessage-deflate; server_max_window_bits=99',
  'permessage-deflate; foo',
  'permessage-deflate; client_max_window_bits=1',
  ';;;',
  'a b'
]

t.test('an offer of extensions that makes no sense is declined, not refused', async (t) => {
  const { connect, port } = await build(t)
  for (const offer of offers) {
    const client = await rawHandshake(port, '/ws', { 'Sec-WebSocket-Extensions': offer })
    t.ok(await client.message('welcome'), offer)
    client.socket.destroy()
  }
  const client = await connect()
  await client.next('welcome')
  t.equal(client.socket.extensions, 'permessage-deflate', 'one that does is taken')
})

t.test('of several offers the one that makes sense is taken', async (t) => {
  const { port } = await build(t)
  const client = await rawHandshake(port, '/ws', {
    'Sec-WebSocket-Extensions': 'permessage-deflate; foo, permessage-deflate; server_max_window_bits=10'
  })
  t.match(client.head(), 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10')
  client.socket.destroy()
})

t.test('a large answer to h2c comes whole', async (t) => {
  const { app, port } = await build(t)
  const url = '/docs/static/swagger-ui-bundle.js'
  const { body } = await app.inject(url)
  const { text } = await statusOf(port, `GET ${url}`, ['Upgrade: h2c', 'Connection: Upgrade'])
  t.ok(text.endsWith(body.slice(-100)))
})

const unavailable: Array<{ name: string, env: Record<string, string>, prepare: (service: TestApp) => unknown, code: string }> = [
  { name: 'over capacity', env: { MAX_CONNECTIONS: '1' }, prepare: ({ port }) => rawHandshake(port), code: 'OVER_CAPACITY' },
  { name: 'rate-limited', env: { UPGRADE_RATE_LIMIT: '1' }, prepare: ({ port }) => rawHandshake(port), code: 'UPGRADE_RATE' },
  { name: 'shutting down', env: {}, prepare: ({ app }) => app.lifecycle.close(), code: 'SHUTTING_DOWN' }
]

for (const { name, env, prepare, code } of unavailable) {
  t.test(`a hundred refused upgrades leave no socket: ${name}`, async (t) => {
    // A clock that stands still, else the rate allows another one if this takes longer than a second.
    const service = await build(t, env, { clock: { ...systemClock, monotonic: () => 0 } })
    const taken = await prepare(service) as { socket?: { destroy (): void } } | undefined
    const answers = await Promise.all(Array.from({ length: 100 }, () => statusOf(service.port, 'GET /ws', HANDSHAKE)))
    const isRefusal = ({ status, text }: { status: number, text: string }) => status === 503 && /connection: close/i.test(text)
    t.strictSame(answers.filter((answer) => !isRefusal(answer) || !answer.text.includes(code)), [])
    taken?.socket?.destroy()
    t.equal(await noneIsLeft(service), 0)
  })
}

t.test('clients that end their half leave no socket', async (t) => {
  const service = await build(t)
  await Promise.all(Array.from({ length: 100 }, async () => {
    const socket = connectTcp({ port: service.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {}).resume()
    socket.end(['GET /%zz HTTP/1.1', 'Host: 127.0.0.1', ...HANDSHAKE, '', ''].join('\r\n'))
    await once(socket, 'end')
    socket.destroy()
  }))
  t.equal(await noneIsLeft(service), 0)
})

t.test('closing does not wait for an upgrade that nobody answers', async (t) => {
  const { app, port } = await build(t)
  const routed = new Promise<void>((resolve) => { app.routing = () => resolve() })
  const socket = connectTcp(port, '127.0.0.1')
  socket.on('error', () => {}).resume()
  socket.write(['GET /ws HTTP/1.1', 'Host: 127.0.0.1', 'Upgrade: h2c', 'Connection: Upgrade', '', ''].join('\r\n'))
  await routed
  t.equal(app.pendingUpgrades.size, 1)
  await Promise.all([app.close(), closed(socket)])
  t.equal(app.pendingUpgrades.size, 0)
})

t.test('a request with a body that asks for h2c is answered as one that does not', async (t) => {
  const { port } = await build(t)
  const body = ['Content-Type: application/json', 'Content-Length: 2']
  const socket = connectTcp(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => { text += chunk })
  socket.write(['POST /health HTTP/1.1', 'Host: a', 'Upgrade: h2c', 'Connection: Upgrade', ...body, '', '{}'].join('\r\n'))
  await closed(socket)
  t.match(text, /^HTTP\/1\.1 405 /)
  t.match(text, /allow: GET, HEAD, OPTIONS/i)
})
