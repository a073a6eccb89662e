import { EventEmitter, once } from 'node:events'
import { appendFileSync, writeFileSync } from 'node:fs'
import { createServer, get } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { build, type TestApp } from '../support/app.ts'
import { TestClient } from '../support/client.ts'
import { closed } from '../support/closed.ts'
import { rawHandshake } from '../support/raw-client.ts'
import { EventClient } from '../support/event-client.ts'
import { AUDIENCE, folderOf, ISSUER, named, pairs, SECRET, sign, unsigned } from '../support/tokens.ts'

const GUARDED = [
  '/api/metrics/latest',
  '/api/pops',
  '/api/pops/x',
  '/api/regressions',
  '/api/websocket/status',
  '/metrics',
  '/docs',
  '/docs/',
  '/openapi.json',
  '/api/stream',
  '/ws'
]
const OPEN = ['/', '/health', '/health/live', '/health/ready', '/page/licenses.txt']

async function serveTokens (t: Test, lines: Record<string, string> = { wall: '' }, env: Record<string, string> = {}) {
  const file = folderOf(t)
  const { tokens, text } = named(lines)
  const path = file('tokens', text)
  const served = await build(t, { AUTH: 'token', AUTH_TOKENS_FILE: path, LOG_LEVEL: 'trace', ...env })
  return { ...served, tokens, path, text }
}

async function serveJwt (t: Test, env: Record<string, string> = {}) {
  const keyFile = folderOf(t)('secret', SECRET)
  return build(t, { AUTH: 'jwt', JWT_KEY_FILE: keyFile, JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE, ...env })
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

interface Answer { status: number, headers: Record<string, string | string[] | undefined>, body: string }

function ask (port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path, headers, method, agent: false }, (response) => {
      const { statusCode: status = 0, headers } = response
      // A stream does not end.
      if (headers['content-type']?.startsWith('text/event-stream')) {
        resolve({ status, headers, body: '' })
        response.destroy()
        return
      }
      let body = ''
      response.setEncoding('utf8').on('data', (text) => { body += text }).on('end', () => resolve({ status, headers, body }))
    }).on('error', reject)
  })
}

/** What becomes of an upgrade: 101, or the status of the refusal. */
async function upgrade (port: number, headers: Record<string, string> = {}, protocols: string[] = []): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, protocols, { headers })
  socket.on('error', () => {})
  const [status] = await Promise.race([
    once(socket, 'open').then(() => [101]),
    once(socket, 'unexpected-response').then(([, { statusCode }]) => [statusCode])
  ])
  socket.terminate()
  return status
}

/** The server learns of an end in its own time. */
async function upgradeOnceFree (port: number, headers: Record<string, string>): Promise<number> {
  for (;;) {
    const status = await upgrade(port, headers)
    if (status === 101) return status
  }
}

async function client (t: Test, { port }: TestApp, path = '/ws'): Promise<TestClient> {
  const opened = await TestClient.open(`ws://127.0.0.1:${port}${path}`)
  t.teardown(() => opened.socket.terminate())
  return opened
}

const tokensOf = async () => ({
  right: await sign(),
  expired: await sign({ claims: { exp: Math.floor(Date.now() / 1_000) - 1 } }),
  'of another key': await sign({ key: Buffer.alloc(32, 1) }),
  'for another audience': await sign({ claims: { aud: 'grafana' } }),
  'signed by nobody': unsigned(),
  nonsense: 'hunter2'
})

t.test('a JSON Web Token, by each of the ways', async (t) => {
  const served = await serveJwt(t)
  const { port } = served
  for (const [name, token] of Object.entries(await tokensOf())) {
    const isRight = name === 'right'
    for (const path of ['/api/websocket/status', '/metrics', '/api/stream']) {
      t.equal((await ask(port, path, bearer(token))).status, isRight ? 200 : 401, `${name}: ${path}`)
    }
    t.equal(await upgrade(port, bearer(token)), isRight ? 101 : 401, `${name}: Authorization of an upgrade`)

    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ['popcast', `bearer.${encodeURIComponent(token)}`])
    const first = await Promise.race(
      [once(socket, 'message').then(([data]) => JSON.parse(String(data)).type), once(socket, 'close').then(([code]) => code)]
    )
    t.equal(first, isRight ? 'welcome' : 4500, `${name}: subprotocol`)
    t.equal(socket.protocol, 'popcast')
    socket.terminate()

    const asked = await served.connect()
    t.strictSame(await asked.next('auth_required'), { type: 'auth_required', withinMs: 10_000 })
    asked.send({ type: 'auth', token, id: 7 })
    if (isRight) {
      t.match(await asked.next('auth_confirmed'), { id: 7, tokenExpiresAt: /^\d{4}-/ })
      t.match(await asked.next('welcome'), { tokenExpiresAt: /^\d{4}-/ })
    } else t.match(await asked.closed, { code: 4500 }, `${name}: message`)
  }
  const said = await ask(port, '/api/websocket/status', bearer((await tokensOf()).expired))
  t.match(
    JSON.parse(said.body), { statusCode: 401, code: 'UNAUTHORIZED', error: 'Unauthorized', message: 'the token has expired' }
  )
  t.equal(said.headers['www-authenticate'], 'Bearer realm="popcast", error="invalid_token"')
})

t.test('what is open, and what is not', async (t) => {
  const { port, tokens: { wall } } = await serveTokens(t)
  for (const path of GUARDED) {
    for (const headers of [{}, { authorization: 'Basic dXNlcjpodW50ZXIy' }, bearer('hunter2')]) {
      const { status, body } = await ask(port, path, headers)
      t.equal(status, path === '/ws' ? 426 : 401, path)
      if (path !== '/ws') t.match(JSON.parse(body), { code: 'UNAUTHORIZED' })
    }
    t.equal((await ask(port, path, {}, 'HEAD')).status, path === '/ws' ? 426 : 401, `HEAD ${path}`)
    t.equal((await ask(port, `${path}?token=${wall}&access_token=${wall}`)).status, path === '/ws' ? 426 : 401, 'never of a URL')
    t.equal((await ask(port, path, {}, 'OPTIONS')).status, 204)
    t.not((await ask(port, path, bearer(wall!))).status, 401, path)
  }
  for (const path of OPEN) t.not((await ask(port, path)).status, 401, path)
  t.strictSame(Object.keys(JSON.parse((await ask(port, '/health')).body)).sort(), ['status', 'timestamp'], 'no more to strangers')
  t.match(JSON.parse((await ask(port, '/health', bearer(wall!))).body), { services: { websocket: { healthy: true } } })
  t.strictSame(Object.keys(JSON.parse((await ask(port, '/health', bearer('hunter2'))).body)).sort(), ['status', 'timestamp'])
  t.equal((await ask(port, '/nothing')).status, 404)
})

t.test('before a token nothing of the feed is told, and nothing is carried out', async (t) => {
  const served = await serveTokens(t)
  const stranger = await served.connect('/ws?topics=metrics,alerts')
  await stranger.next('auth_required')
  for (const [message, code] of [
    [{ type: 'subscribe', topics: ['pops'], id: 1 }, 'UNAUTHORIZED'], [{ type: 'ping', id: 2 }, 'UNAUTHORIZED'],
    ['{', 'BAD_MESSAGE'], [Buffer.from('x'), 'BAD_MESSAGE'], [{ type: 'auth' }, 'BAD_MESSAGE'],
    [{ type: 'hello' }, 'UNKNOWN_TYPE']
  ] as const) {
    stranger.send(message)
    t.match(await stranger.next('error'), { code, ...(typeof message === 'object' && 'id' in message && { id: message.id }) })
  }
  t.equal(served.app.connections.size, 0, 'it is no client')
  stranger.socket.ping('x')
  t.equal(String((await once(stranger.socket, 'pong'))[0]), 'x')
  for (let index = 0; index < 4; index++) stranger.send({ type: 'ping' })
  t.match(await stranger.closed, { code: 4500 })
  t.notOk(stranger.received.some(({ type }) => ['welcome', 'metrics_update', 'alert'].includes(type)))
})

t.test('what comes right behind an auth is carried out after it, in order', async (t) => {
  const { connect, tokens } = await serveTokens(t)
  const asking = await connect('/ws?topics=alerts')
  asking.send({ type: 'auth', token: tokens.wall, id: 'a' })
  asking.send({ type: 'subscribe', topics: ['pops'], id: 'b' })
  asking.send({ type: 'auth', token: 'hunter2', id: 'c' })
  asking.send({ type: 'auth', token: tokens.wall, id: 'd' })
  asking.send({ type: 'ping', id: 'e' })
  await asking.next('pong')
  t.strictSame(
    asking.received.flatMap((message) => 'id' in message ? [[message.type, message.id]] : []),
    [['auth_confirmed', 'a'], ['subscription_confirmed', 'b'], ['error', 'c'], ['auth_confirmed', 'd'], ['pong', 'e']]
  )
  t.match(
    asking.received.find((message) => 'id' in message && message.id === 'c'),
    { code: 'UNAUTHORIZED', data: { message: 'the token is unknown' } }
  )
})

t.test('a token that expires ends its connections, and one that comes in time renews them', async (t) => {
  const served = await serveJwt(t)
  const exp = Math.floor(Date.now() / 1_000) + 3
  const soon = await sign({ claims: { exp } })
  const [ending, renewed] = await Promise.all([1, 2].map(() => client(t, served)))
  for (const one of [ending!, renewed!]) one.send({ type: 'auth', token: soon })
  const stream = await EventClient.open(`http://127.0.0.1:${served.port}/api/stream`, bearer(soon))
  t.match(await stream.next('welcome'), { tokenExpiresAt: new Date(exp * 1_000).toISOString() })
  await renewed!.next('welcome')
  renewed!.send({ type: 'auth', token: await sign({ claims: { exp: exp + 600 } }), id: 1 })
  t.match(
    await renewed!.next('auth_confirmed', ({ id }) => id === 1), { tokenExpiresAt: new Date((exp + 600) * 1_000).toISOString() }
  )
  t.match(await ending!.closed, { code: 4500 })
  t.ok(Date.now() >= exp * 1_000, 'not before')
  t.match(await stream.next('close'), { code: 4500 })
  await stream.ended
  renewed!.send({ type: 'ping' })
  await renewed!.next('pong')
})

t.test('limits hold over WebSocket, SSE and HTTP', async (t) => {
  const served = await serveTokens(t, { wall: '', partner: 'topics=pops,alerts pops=fra1,ams1', counter: 'topics=metrics' })
  const { port, tokens: { wall, partner, counter } } = served
  const all = await served.connect('/ws', bearer(wall!))
  await all.next('metrics_update')

  const limited = await served.connect('/ws', bearer(partner!))
  await limited.next('welcome')
  limited.send({ type: 'subscribe', topics: ['metrics', 'pops'], pops: ['fra1', 'gru1'], id: 1 })
  t.match(
    await limited.next('subscription_confirmed'),
    { topics: ['pops'], forbiddenTopics: ['metrics'], unknownPops: { code: ['gru1'] } }
  )
  t.strictSame(
    (
      await limited.next('pops_update') as unknown as { data: { pops: Array<{ code: string }> } }
    ).data.pops.map(({ code }) => code),
    ['fra1']
  )
  limited.send({ type: 'subscribe', topics: ['metrics'], id: 2 })
  t.match(await limited.next('error'), { code: 'FORBIDDEN', id: 2 })
  limited.send({ type: 'auth', token: wall, id: 3 })
  t.match(await limited.next('error', ({ id }) => id === 3), { code: 'FORBIDDEN' })
  t.notOk(limited.received.some(({ type }) => type === 'metrics_update'))

  const inUrl = await served.connect('/ws?topics=metrics', bearer(partner!))
  t.match(await inUrl.next('subscription_confirmed'), { topics: [], forbiddenTopics: ['metrics'] })

  const pops = JSON.parse((await ask(port, '/api/pops', bearer(partner!))).body)
  t.strictSame(pops.data.pops.map(({ code }: { code: string }) => code).sort(), ['ams1', 'fra1'])
  const expected: Array<[string, string, number]> = [
    [partner!, '/api/pops/fra1', 200], [partner!, '/api/pops/gru1', 403], [partner!, '/api/pops/nowhere', 403],
    [partner!, '/api/regressions', 200], [partner!, '/api/metrics/latest', 403], [partner!, '/metrics', 403],
    [counter!, '/api/metrics/latest', 200], [counter!, '/api/pops', 403], [counter!, '/api/regressions', 403],
    [counter!, '/metrics', 403],
    [wall!, '/metrics', 200], [counter!, '/api/websocket/status', 200]
  ]
  for (const [token, path, status] of expected) t.equal((await ask(port, path, bearer(token))).status, status, path)
  const shown = async (token: string) => JSON.parse(
    (await ask(port, '/api/websocket/status', bearer(token))).body
  ).connections[0].clientInfo.ip
  t.equal(await shown(counter!), 'redacted')
  t.equal(await shown(wall!), '127.0.0.1')
})

t.test('a file of tokens that changes', async (t) => {
  const served = await serveTokens(t, { wall: '', hall: '', desk: '' })
  const { tokens, path, text, logged } = served
  const [wall, hall, desk] = await Promise.all(
    ['wall', 'hall', 'desk'].map((name) => served.connect('/ws', bearer(tokens[name]!)))
  )
  await desk!.next('welcome')
  t.match(await logged('connect'), { principal: /wall|hall|desk/ })
  const lines = text.split('\n')
  const next = named({ new: '' })
  writeFileSync(path, [lines[1], `${lines[2]} topics=alerts`, next.text].join('\n'))
  t.match(await wall!.closed, { code: 4500 })
  t.match(await desk!.closed, { code: 4014 })
  t.equal(await upgrade(served.port, bearer(tokens.wall!)), 401)
  t.equal(await upgrade(served.port, bearer(next.tokens.new!)), 101)
  appendFileSync(path, 'nonsense\n')
  await logged('auth_file_failed')
  hall!.send({ type: 'ping' })
  await hall!.next('pong')
  t.equal(await upgrade(served.port, bearer(tokens.hall!)), 101, 'what was in it still holds')
})

t.test('no token is in any line of the log', async (t) => {
  const served = await serveTokens(t, { wall: '', old: 'expires=2020-01-01' })
  const { port, tokens, lines } = served
  const secrets = [...Object.values(tokens), 'hunter2-is-no-token', encodeURIComponent('a/b=c-is-none')]
  for (const token of secrets) {
    await ask(port, '/api/pops', bearer(token))
    await ask(port, `/api/pops?token=${token}`)
    await ask(port, `/nothing?access_token=${token}`, bearer(token))
    await upgrade(port, bearer(token))
    await upgrade(port, {}, ['popcast', `bearer.${token}`])
    for (
      const message of [
        { type: 'auth', token }, { type: 'auth', token: [token] }, { type: `auth ${token}` }, `{"type":"auth","token":"${token}`
      ]
    ) {
      const one = await served.connect()
      await one.next('auth_required')
      const answered = Promise.race([one.closed, once(one.socket, 'message')])
      one.send(message)
      await answered
    }
  }
  const log = JSON.stringify(lines)
  t.match(log, '"connect"')
  for (const secret of secrets) t.notOk(log.includes(secret), secret)
})

t.test('who does not say who it is takes no place from those who do', async (t) => {
  const served = await serveTokens(t, { wall: '' }, { MAX_CONNECTIONS: '16' })
  const strangers = await Promise.all(Array.from({ length: 16 }, () => served.connect()))
  t.equal(await upgrade(served.port), 503, 'no more of them')
  t.equal(await upgrade(served.port, bearer(served.tokens.wall!)), 101)
  const [first] = strangers
  first!.send({ type: 'auth', token: served.tokens.wall })
  await first!.next('welcome')
  strangers[1]!.send({ type: 'auth', token: 'hunter2' })
  t.match(await strangers[1]!.closed, { code: 4500 })
  t.match(await served.logged('auth_refused'), { by: 'message', ip: '127.0.0.1', detail: 'the token is unknown' })
})

t.test('a server that is full looks at no token', async (t) => {
  const { port, tokens } = await serveTokens(t, { wall: '' }, { MAX_CONNECTIONS: '1' })
  const only = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers: bearer(tokens.wall!) })
  t.teardown(() => only.terminate())
  await once(only, 'open')
  t.equal(await upgrade(port, bearer('hunter2')), 503)
  const refused = await fetch(`http://127.0.0.1:${port}/api/stream`, { headers: bearer('hunter2') })
  t.match([refused.status, refused.headers.get('retry-after'), await refused.json()], [503, '10', { code: 'OVER_CAPACITY' }])
  const { status } = await fetch(`http://127.0.0.1:${port}/api/pops`, { headers: bearer('hunter2') })
  t.equal(status, 401, 'but where nobody becomes a client')
})

t.test('at the door pings are answered a few times, and who does not read is cut off', async (t) => {
  const served = await serveTokens(t)
  const raw = await rawHandshake(served.port)
  // A masked ping, unmasked by zeros, again and again.
  const ping = Buffer.from([0x89, 0x80, 0, 0, 0, 0])
  raw.socket.write(Buffer.concat(Array<Buffer>(50).fill(ping)))
  t.equal(await raw.closeCode(), 4500)
  t.ok(raw.opcodes().filter((opcode) => opcode === 0xa).length <= 10)
  await closed(raw.socket)
})

t.test('history brings no topic that the token is not good for', async (t) => {
  const served = await serveTokens(t, { pops: 'topics=pops', alerts: 'topics=alerts', wall: '' })
  const all = await served.connect('/ws', bearer(served.tokens.wall!))
  for (let count = 0; count < 3; count++) await all.next('metrics_update')
  for (const token of [served.tokens.pops!, served.tokens.alerts!]) {
    for (
      const query of [
        'history=3',
        'topics=metrics,pops,alerts&history=3',
        'topics=metrics&history=3',
        'topics=metrics,pops&epoch=x&seq=1&history=3'
      ]
    ) {
      const one = await served.connect(`/ws?${query}`, bearer(token))
      one.send({ type: 'subscribe', topics: ['metrics', 'alerts', 'pops'], history: 3, id: 1 })
      one.send({ type: 'ping' })
      await one.next('pong')
      const stream = await EventClient.open(`http://127.0.0.1:${served.port}/api/stream?${query}`, bearer(token))
      await stream.next('pong')
      await stream.close()
      t.strictSame([...one.received, ...stream.received].filter(({ type }) => type === 'metrics_update'), [], query)
    }
  }
})

t.test('who goes while its token is looked at leaves nothing behind', async (t) => {
  const waiting: Array<() => void> = []
  const keys = createServer((_request, response) => {
    waiting.push(() => response.writeHead(503).end())
    asked.emit('asked')
  })
  const asked = new EventEmitter()
  keys.listen(0, '127.0.0.1')
  await once(keys, 'listening')
  t.teardown(() => keys.close())
  const { port: keysPort } = keys.address() as AddressInfo
  const JWT_JWKS_URL = `http://127.0.0.1:${keysPort}/`
  const env = { AUTH: 'jwt', JWT_JWKS_URL, JWT_AUDIENCE: AUDIENCE, MAX_CONNECTIONS_PER_ADDRESS: '1', TRUST_PROXY: '127.0.0.1' }
  const { app, port, connect, lines } = await build(t, env)
  const token = await sign({ alg: 'ES256', key: pairs.ES256.privateKey })
  const headers = { ...bearer(token), 'x-forwarded-host': 'board.example', 'x-forwarded-for': '192.0.2.1' }
  const isAsked = once(asked, 'asked')
  const request = get({ port, host: '127.0.0.1', path: '/api/stream', headers, agent: false })
  request.on('error', () => {})
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers })
  socket.on('error', () => {})
  await isAsked
  const door = await connect()
  await door.next('auth_required')
  door.send({ type: 'auth', token })
  const all = [request.socket!, (socket as unknown as { _req: { socket: Socket } })._req.socket]
  const ended = Promise.all(all.map((one) => closed(one)))
  for (const one of all) one.destroy()
  await ended
  for (const answer of waiting) answer()
  t.match(await door.closed, { code: 4015 })
  t.equal((await ask(port, '/api/pops', bearer(token))).status, 503, 'nobody can tell now')
  t.equal(app.connections.size, 0)
  t.strictSame(lines.filter(({ level }) => Number(level) >= 50).map(({ event }) => event), ['auth_keys_failed'])
})

t.test('a shutdown tells those who wait at the door', async (t) => {
  const served = await serveTokens(t)
  const waiting = await served.connect()
  await waiting.next('auth_required')
  const closed = served.app.close()
  t.match(await waiting.next('server_shutdown'), { reconnect: true, retryAfterMs: Number, closeCode: 1001 })
  t.match(await waiting.closed, { code: 1001 })
  await closed
})

t.test('whoever is closed at the door is counted as refused, by the reason', async (t) => {
  const served = await serveTokens(t, { wall: '' }, { MAX_CONNECTIONS: '2' })
  const [late, wrong] = [await served.connect(), await served.connect()]
  for (let known = 0; known < 2; known++) {
    const socket = new WebSocket(`ws://127.0.0.1:${served.port}/ws`, { headers: bearer(served.tokens.wall!) })
    t.teardown(() => socket.terminate())
    await once(socket, 'open')
  }
  late.send({ type: 'auth', token: served.tokens.wall })
  t.match(await late.closed, { code: 4016 })
  wrong.send({ type: 'auth', token: 'hunter2' })
  t.match(await wrong.closed, { code: 4500 })
  const { refused } = served.app.connections.counts
  t.strictSame([refused.get('OVER_CAPACITY'), refused.get('UNAUTHORIZED')], [1, 1])
})

const origins: Array<{ name: string, origin?: string, env?: Record<string, string>, allowed: boolean, cors: boolean }> = [
  { name: 'absent', allowed: true, cors: false },
  { name: 'its own', origin: 'http://HOST', allowed: true, cors: false },
  { name: 'foreign', origin: 'https://evil.example', allowed: false, cors: false },
  { name: 'null', origin: 'null', allowed: false, cors: false },
  {
    name: 'named', origin: 'https://board.example', env: { ALLOWED_ORIGINS: 'https://board.example' }, allowed: true, cors: true
  },
  {
    name: 'similar',
    origin: 'https://board.example.evil.example',
    env: { ALLOWED_ORIGINS: 'https://board.example' },
    allowed: false,
    cors: false
  },
  {
    name: 'its own beside a named one',
    origin: 'http://HOST',
    env: { ALLOWED_ORIGINS: 'https://board.example' },
    allowed: true,
    cors: false
  },
  { name: 'any', origin: 'https://anybody.example', env: { ALLOWED_ORIGINS: '*' }, allowed: true, cors: true }
]
for (const { name, origin, env = {}, allowed, cors } of origins) {
  t.test(`an origin: ${name}`, async (t) => {
    const { port } = await build(t, env)
    const headers: Record<string, string> = origin === undefined ? {} : { origin: origin.replace('HOST', `127.0.0.1:${port}`) }
    t.equal(await upgrade(port, headers), allowed ? 101 : 403)
    t.equal((await ask(port, '/api/stream', headers)).status, allowed ? 200 : 403)
    const read = await ask(port, '/api/pops', headers)
    t.equal(read.status, 200, 'its browser keeps it from reading it')
    t.equal(read.headers['access-control-allow-origin'], cors ? origin : undefined)
    const preflight = await ask(
      port,
      '/api/pops',
      { ...headers, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
      'OPTIONS'
    )
    t.equal(preflight.status, 204)
    t.equal(preflight.headers['access-control-allow-headers'], cors ? 'Authorization, Last-Event-ID' : undefined)
    t.equal((await ask(port, '/api/pops', {}, 'OPTIONS')).headers.allow, 'GET, HEAD, OPTIONS', 'as without a page')
    t.equal((await ask(port, '/nothing', {}, 'OPTIONS')).status, 404)
  })
}

t.test('a preflight needs no token, since browsers send none', async (t) => {
  const { port } = await serveTokens(t, { wall: '' }, { ALLOWED_ORIGINS: 'https://board.example' })
  const headers = {
    origin: 'https://board.example', 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization'
  }
  const { status, headers: answered } = await ask(port, '/api/pops', headers, 'OPTIONS')
  t.equal(status, 204)
  t.equal(answered['access-control-allow-origin'], 'https://board.example')
  const refused = await ask(port, '/api/pops', headers)
  t.equal(refused.status, 401)
  t.equal(refused.headers['access-control-allow-origin'], 'https://board.example', 'the page may read why')
})

t.test('one address at its limit, while others connect', async (t) => {
  const env = { MAX_CONNECTIONS_PER_ADDRESS: '2', TRUST_PROXY: '127.0.0.1' }
  const { port, connect } = await build(t, env)
  const from = (address: string) => ({ 'x-forwarded-for': address })
  const first = await connect('/ws', from('192.0.2.1'))
  const stream = await EventClient.open(`http://127.0.0.1:${port}/api/stream`, from('192.0.2.1'))
  await stream.next('pong')
  t.equal(await upgrade(port, from('192.0.2.1')), 429)
  const refused = await ask(port, '/api/stream', from('192.0.2.1'))
  t.equal(refused.status, 429)
  t.match(JSON.parse(refused.body), { code: 'RATE_LIMITED', message: /MAX_CONNECTIONS_PER_ADDRESS/ })
  t.ok(Number(refused.headers['retry-after']) > 0)
  t.equal(await upgrade(port, from('192.0.2.2')), 101)
  t.equal(await upgrade(port, from('203.0.113.9, 192.0.2.3')), 101)
  await first.close()
  await stream.close()
  t.equal(await upgradeOnceFree(port, from('192.0.2.1')), 101, 'and again when they have gone')
})

t.test('an address that is made up counts for nothing without TRUST_PROXY', async (t) => {
  const { port, connect } = await build(t, { MAX_CONNECTIONS_PER_ADDRESS: '1' })
  await connect('/ws', { 'x-forwarded-for': '192.0.2.1' })
  t.equal(await upgrade(port, { 'x-forwarded-for': '192.0.2.2' }), 429)
})

const details: Array<{ name: string, env: Record<string, string>, headers?: Record<string, string>, shown: boolean }> = [
  { name: 'of this machine', env: {}, shown: true },
  { name: 'through a proxy', env: {}, headers: { 'x-forwarded-for': '192.0.2.1' }, shown: false },
  { name: 'redacted', env: { STATUS_DETAILS: 'redacted' }, shown: false },
  { name: 'full, through a proxy', env: { STATUS_DETAILS: 'full' }, headers: { 'x-forwarded-for': '192.0.2.1' }, shown: true }
]
for (const { name, env, headers = {}, shown } of details) {
  t.test(`whose connections there are: ${name}`, async (t) => {
    const { port, connect } = await build(t, env)
    const one = await connect('/ws', { 'user-agent': 'Board \x9b31m\x85 \xad1' })
    await one.next('welcome')
    const [{ clientInfo }] = JSON.parse((await ask(port, '/api/websocket/status', headers)).body).connections
    t.strictSame(
      clientInfo,
      shown ? { userAgent: 'Board \ufffd31m\ufffd \ufffd1', ip: '127.0.0.1' } : { userAgent: 'redacted', ip: 'redacted' }
    )
  })
}

t.test('what browsers are told to keep away', async (t) => {
  const { port } = await build(t)
  const { headers } = await ask(port, '/api/pops')
  t.match(headers, {
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer'
  })
  t.equal(headers['strict-transport-security'], undefined, 'whoever ends TLS says so')
  t.match(
    (await ask(port, '/', { accept: 'text/html' })).headers['content-security-policy'],
    "script-src 'self'",
    'the page has its own'
  )
  t.match((await ask(port, '/docs/')).headers['content-security-policy'], "script-src 'self'")
})
