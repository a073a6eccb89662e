import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createGunzip } from 'node:zlib'
import t, { type Test } from 'tap'
import { build } from '../support/app.ts'
import { TestClient } from '../support/client.ts'
import { closed } from '../support/closed.ts'
import { EventClient } from '../support/event-client.ts'
import { portOf, startService } from '../support/service.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const typesOf = ({ received }: EventClient) => received.map(({ type }) => type)

async function stream (t: Test, port: number, query = '', headers: Record<string, string> = {}): Promise<EventClient> {
  const client = await EventClient.open(`http://127.0.0.1:${port}/api/stream${query}`, headers)
  t.teardown(() => client.close())
  return client
}

t.test('greeted as a WebSocket is, then a pong, then the feed; listed in the status with its kind', async (t) => {
  const { app, port, connect, logged } = await build(t)
  await (await connect()).next('metrics_update')
  const client = await stream(t, port, '?topics=metrics,alerts,pops&delta=fields&history=3&weather=1', { 'user-agent': 'curl/8' })
  await client.next('pong')
  t.equal(client.status, 200)
  t.match(client.headers, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no'
  })
  t.strictSame(typesOf(client).slice(0, 2), ['welcome', 'subscription_confirmed'])
  // The next update may have come with it. Simulated PoPs may be regressed.
  const greeting = typesOf(client).slice(0, typesOf(client).indexOf('pong') + 1)
  const told = greeting.filter((type) => type !== 'alert')
  t.strictSame(told.slice(-4), ['metrics_update', 'pops_update', 'open_alerts', 'pong'])
  t.match(await client.next('pops_update'), { delta: true, fields: true })
  const position = ({ message }: typeof client.events[number]) =>
    'epoch' in message ? `${message.epoch}:${message.seq}` : undefined
  for (const event of client.events) {
    t.equal(event.event, event.message.type)
    t.equal(event.id, position(event))
  }
  const line = await logged('connect', ({ kind }) => kind === 'sse')
  t.match(line, { connectionId: /^sse_2_\d+$/, userAgent: 'curl/8', ip: '127.0.0.1' })
  const { summary, connections } = (await app.inject('/api/websocket/status')).json()
  t.strictSame(summary.connectionsByKind, { websocket: 1, sse: 1 })
  const own = { kind: 'sse', clientInfo: { userAgent: 'curl/8' }, topics: ['metrics', 'alerts', 'pops'] }
  t.match(connections, [{ kind: 'websocket' }, own])
  t.ok(connections[1].broadcastCount > 0)
})

t.test('what of the URL makes no sense is named, also where a WebSocket asks', async (t) => {
  const { port, connect } = await build(t)
  const before = await connect()
  await before.next('metrics_update')
  await before.next('metrics_update')
  const query = '?topics=pops,weather&pops=fra1,country:XX&delta=maybe&history=5'
  const named = {
    topics: ['pops'],
    unknownTopics: ['weather'],
    unknownPops: { country: ['XX'] },
    ignored: ['delta', 'history']
  }
  const client = await stream(t, port, query)
  t.match(await client.next('subscription_confirmed'), named)
  t.match(await client.next('pops_update'), { data: { pops: [] } })
  const socket = await connect(`/ws${query}`)
  t.match(await socket.next('subscription_confirmed'), named)
  const history = await connect('/ws?history=2')
  await history.next('subscription_confirmed')
  const [past, present] = [await history.next('metrics_update'), await history.next('metrics_update')]
  t.match([past.replay, present.replay, present.seq - past.seq], [true, undefined, 1], 'the present one is as it is now')
})

t.test('who comes back with Last-Event-ID is told what was missed, whatever the URL says', async (t) => {
  const { port } = await build(t)
  const first = await stream(t, port)
  const { epoch, seq } = await first.next('metrics_update')
  const { seq: missed } = await first.next('metrics_update')
  const again = await stream(t, port, `?epoch=${epoch}&seq=0`, { 'last-event-id': `${epoch}:${seq}` })
  t.match(await again.next('subscription_confirmed'), { recovered: true, fromSeq: missed })
  t.match(await again.next('metrics_update'), { seq: missed, replay: true })
  const other = await stream(t, port, '', { 'last-event-id': 'e0:17' })
  t.match(await other.next('subscription_confirmed'), { recovered: false, reason: 'other_epoch' })
  const senseless = await stream(t, port, '', { 'last-event-id': 'seventeen' })
  t.match(await senseless.next('subscription_confirmed'), { recovered: false, reason: 'invalid_position' })
})

t.test('gzip for who takes it, unless it is switched off', async (t) => {
  const accept = [
    { accept: 'gzip, deflate, br', encoding: 'gzip' },
    { accept: 'br;q=1.0, GZIP;q=0.5', encoding: 'gzip' },
    { accept: 'x-gzip', encoding: 'gzip' },
    { accept: 'gzip;q=0, identity', encoding: undefined },
    { accept: 'br', encoding: undefined }
  ]
  const { app, port } = await build(t, { COMPRESSION_THRESHOLD_BYTES: '100' })
  for (const { accept: header, encoding } of accept) {
    const client = await stream(t, port, '?topics=metrics,pops', { 'accept-encoding': header })
    t.equal(client.headers['content-encoding'], encoding, header)
    t.equal(client.headers.vary, 'accept-encoding')
    await client.next('pong')
    const { seq } = await client.next('pops_update')
    t.equal((await client.next('pops_update')).seq, seq + 1)
  }
  t.strictSame(new Set(Array.from(app.connections, ({ encoding }) => encoding)), new Set(['events-gzip', 'events']))
  const { port: plain } = await build(t, { COMPRESSION: 'off' })
  t.equal((await stream(t, plain, '', { 'accept-encoding': 'gzip' })).headers['content-encoding'], undefined)
})

t.test('HEAD has the head and nobody connects; OPTIONS says what there is', async (t) => {
  const { app, port } = await build(t)
  const head = await fetch(`http://127.0.0.1:${port}/api/stream`, { method: 'HEAD' })
  t.equal(head.status, 200)
  t.equal(head.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  t.equal(head.headers.get('content-length'), null, 'it has no length')
  t.equal(app.connections.totals.opened, 0)
  const options = await fetch(`http://127.0.0.1:${port}/api/stream`, { method: 'OPTIONS' })
  t.match([options.status, options.headers.get('allow')], [204, 'GET, HEAD, OPTIONS'])
})

/** What comes for these bytes, until `part` of it has come. */
async function raw (t: Test, port: number, request: string, part: string) {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.write(request)
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk) => { text += chunk })
  while (!text.includes(part)) await once(socket, 'data')
  return { socket, text: () => text }
}

t.test('HTTP/1.0: the same bytes as in HTTP/1.1, without chunks', async (t) => {
  const { port } = await build(t)
  for (const version of ['1.0', '1.1']) {
    const { text } = await raw(t, port, `GET /api/stream HTTP/${version}\r\nHost: a\r\n\r\n`, 'event: metrics_update')
    const [head = '', body = ''] = text().split('\r\n\r\n')
    t.match(head, /^HTTP\/1\.1 200 OK\r\n/)
    t.match(head, /connection: close/i)
    t.notMatch(head, /transfer-encoding|content-length/i)
    t.match(body, /^event: welcome\nid: [^\n]+\nretry: \d+\ndata: \{/)
  }
})

t.test('what is sent on a stream is no request: it ends, and nothing is written into it', async (t) => {
  const { port, logged } = await build(t)
  const { socket, text } = await raw(t, port, 'GET /api/stream HTTP/1.1\r\nHost: a\r\n\r\n', 'event: pong')
  socket.write('\0\0 this is no HTTP \r\n\r\n')
  await closed(socket)
  t.notMatch(text(), /HTTP\/1.1 4|Bad Request/)
  await logged('disconnect')
})

const GET = 'GET /api/stream HTTP/1.1\r\nHost: a\r\n'
const openings: { name: string, bytes: string }[] = [
  { name: 'HTTP/1.1', bytes: `${GET}\r\n` },
  { name: 'HTTP/1.0', bytes: 'GET /api/stream HTTP/1.0\r\n\r\n' },
  { name: 'a body that nobody asked for', bytes: `${GET}Content-Length: 2\r\n\r\n{}` }
]
for (const { name, bytes } of openings) {
  t.test(`of a stream that is open nothing of HTTP is kept: ${name}`, async (t) => {
    const { app, port, logged } = await build(t)
    const kept: WeakRef<object>[] = []
    app.server.on('request', (request, response) => kept.push(new WeakRef(request), new WeakRef(response)))
    const { socket, text } = await raw(t, port, bytes, 'event: pong')
    t.equal(kept.length, 2)
    for (let turn = 0; turn < 100 && kept.some((ref) => ref.deref() !== undefined); turn++) {
      await setImmediate()
      collectGarbage()
    }
    t.strictSame(kept.map((ref) => ref.deref() === undefined), [true, true])
    const updates = () => text().split('event: metrics_update').length
    const before = updates()
    while (updates() < before + 2) await once(socket, 'data')
    t.equal(app.connections.size, 1)
    socket.write(`${GET}\r\n`)
    await closed(socket)
    await logged('disconnect', ({ remaining }) => remaining === 0)
    t.equal(text().match(/HTTP\/1.1/g)?.length, 1, 'what is sent on it ends it, and is not answered')
    t.equal(app.connections.totals.closed, 1)
  })
}

t.test('a stream can follow an answer on its connection', async (t) => {
  const { app, port } = await build(t)
  const { socket, text } = await raw(t, port, 'GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n', '}')
  socket.write(`${GET}\r\n`)
  while (!text().includes('event: metrics_update')) await once(socket, 'data')
  t.equal(app.connections.size, 1)
  socket.end()
  await closed(socket)
})

t.test('a second stream behind the first on one connection is none', async (t) => {
  const { app, port, logged } = await build(t)
  const request = 'GET /api/stream HTTP/1.1\r\nHost: a\r\n\r\n'
  const { socket, text } = await raw(t, port, request + request, 'event: metrics_update')
  t.equal(text().match(/event: welcome/g)?.length, 1)
  t.equal(app.connections.totals.opened, 1)
  socket.destroy()
  await logged('disconnect', ({ remaining }) => remaining === 0)
  t.equal(app.connections.size, 0)
})

t.test('a stream behind an answer that is under way is none, and does not come before it', async (t) => {
  const { app, port } = await build(t)
  const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
  const { text } = await raw(t, port, request('/api/pops') + request('/api/stream'), 'STREAM_UNDER_WAY')
  t.match(text(), /^HTTP\/1\.1 (200|503) [^]*\{[^]*\}HTTP\/1\.1 409 /)
  t.equal(app.connections.totals.opened, 0)
})

t.test('one who asks for an upgrade to something else as well has the stream, and nobody waits for its upgrade', async (t) => {
  const { app, port, logged } = await build(t)
  const upgrade = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'
  const { socket } = await raw(t, port, `GET /api/stream HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`, 'event: metrics_update')
  t.equal(app.pendingUpgrades.size, 0)
  socket.end()
  await logged('disconnect')
})

t.test('who leaves is forgotten, with what it shared', async (t) => {
  const { app, port, logged } = await build(t)
  const client = await stream(t, port, '?topics=pops&pops=country:DE')
  await client.next('pong')
  t.equal(app.popsFilters.size, 1)
  await client.close()
  t.match(await logged('disconnect'), { connectionId: /^sse_1_/, code: 1005, remaining: 0 })
  t.equal(app.popsFilters.size, 0)
  t.equal(app.connections.totals.closed, 1)
})

t.test('refused with a status and Retry-After, by the limits that WebSockets have', async (t) => {
  const { port, connect } = await build(t, { MAX_CONNECTIONS: '2' })
  await connect()
  await (await stream(t, port)).next('pong')
  const refused = await fetch(`http://127.0.0.1:${port}/api/stream`)
  t.match([refused.status, refused.headers.get('retry-after')], [503, '10'])
  t.match(refused.headers.get('content-type'), 'application/json')
  t.match(await refused.json(), { code: 'OVER_CAPACITY' })
  await t.rejects(TestClient.open(`ws://127.0.0.1:${port}/ws`), /503/)
  const { port: limited } = await build(t, { UPGRADE_RATE_LIMIT: '1' })
  await (await stream(t, limited)).next('pong')
  t.match(await (await fetch(`http://127.0.0.1:${limited}/api/stream`)).json(), { code: 'UPGRADE_RATE' })
})

t.test('a comment is sent with every heartbeat, and nobody has to answer it', async (t) => {
  const { port, connect } = await build(t, { PING_INTERVAL_MS: '100', STALE_AFTER_MS: '200', BROADCAST_INTERVAL_MS: '60000' })
  const client = await stream(t, port, '?topics=alerts', { 'accept-encoding': 'gzip' })
  await client.next('pong')
  while (client.comments < 5) await once(client.response, 'data')
  t.strictSame(client.received.filter(({ type }) => type === 'close'), [])
  await connect()
})

t.test('a shutdown is told with the time to come back, then the end', async (t) => {
  const service = startService(t, { BROADCAST_INTERVAL_MS: '100', QUERY_TIMEOUT_MS: '90' })
  const port = await portOf(service)
  for (const headers of [{}, { 'accept-encoding': 'gzip' }] as Array<Record<string, string>>) {
    await (await stream(t, port, '', headers)).next('pong')
  }
  const clients = [await stream(t, port), await stream(t, port, '', { 'accept-encoding': 'gzip' })]
  service.child.kill('SIGTERM')
  for (const client of clients) {
    const { retryAfterMs } = await client.next('server_shutdown')
    t.match(await client.next('close'), { code: 1001, reason: /going|shutting down/ })
    await client.ended
    t.ok(client.retries.includes(retryAfterMs), 'also for a browser')
    t.equal(client.events.at(-1)?.event, 'close', 'nothing after it')
  }
  t.strictSame(await service.exit, { code: 0, signal: null })
})

t.test('one that does not read misses updates, is closed as slow, and cut off when it does not read that', async (t) => {
  const { app, port, logged } = await build(t, { DEMO_POPS: '2000', SLOW_CLIENT_TIMEOUT_MS: '1000', DRAIN_TIMEOUT_MS: '0' })
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write('GET /api/stream?topics=metrics,pops HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'connect')
  socket.pause()
  const reader = await stream(t, port)
  const { connectionId, skipped } = await logged('disconnect', ({ code }) => code === 4008)
  t.match(connectionId, /^sse_/)
  t.ok(Number(skipped) >= 10)
  await reader.next('metrics_update')
  t.strictSame(Array.from(app.connections, ({ isOpen }) => isOpen), [true], 'the other one is still there')
})

t.test('the stream is one gzip stream that any reader can read as it comes', async (t) => {
  const { port } = await build(t)
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write('GET /api/stream?topics=metrics,pops HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n')
  const gunzip = createGunzip().setEncoding('utf8')
  let [head, text] = ['', '']
  gunzip.on('data', (part) => { text += part })
  socket.on('data', (chunk) => {
    if (head.endsWith('\r\n\r\n')) gunzip.write(chunk)
    else {
      const end = chunk.indexOf('\r\n\r\n') + 4
      head += chunk.subarray(0, end).toString('latin1')
      gunzip.write(chunk.subarray(end))
    }
  })
  while ((text.match(/event: pops_update/g) ?? []).length < 3) await once(gunzip, 'data')
  t.match(text, /^event: welcome/)
})
