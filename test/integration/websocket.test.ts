import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { WebSocket } from 'ws'
import t, { type Test } from 'tap'
import { build, called } from '../support/app.ts'
import { TestClient } from '../support/client.ts'
import { closed } from '../support/closed.ts'
import { maskedFrame, rawHandshake } from '../support/raw-client.ts'

t.test('several clients at once get the same updates, every interval', async (t) => {
  const { connect } = await build(t)
  const clients = await Promise.all(Array.from({ length: 10 }, (_, index) => connect(index % 2 === 0 ? '/ws' : '/')))
  const updates = await Promise.all(clients.map((client) => client.next('metrics_update', ({ seq }) => seq === 3)))
  for (const update of updates) t.strictSame(update.data, updates[0]?.data)
  t.match(updates[0]?.data, { totalPops: 20, healthyPops: Number, averageColdStart: Number, regressions: Number })
  t.equal(updates[0]?.status, 'fresh')
  const ids = new Set(clients.map(({ received }) => (received[0] as { data: { connectionId: string } }).data.connectionId))
  t.equal(ids.size, 10)
})

t.test('the welcome says who, what and how often', async (t) => {
  const { app, connect } = await build(t)
  const welcome = await (await connect()).next('welcome')
  t.match(welcome, {
    protocol: 1,
    epoch: app.view.epoch,
    seq: Number,
    intervalMs: 100,
    heartbeatMs: 25_000,
    source: 'demo',
    limits: { maxMessageBytes: 16_384 }
  })
  t.match(welcome.data.connectionId, /^ws_1_\d{13}$/)
})

t.test('a storm of 1,000 connects causes no extra query and no extra broadcast', async (t) => {
  const { app, connect } = await build(t, { BROADCAST_INTERVAL_MS: '600000', QUERY_TIMEOUT_MS: '1000' })
  let queries = 0
  const read = app.metricsSource.read.bind(app.metricsSource)
  app.metricsSource.read = (...args) => {
    queries++
    return read(...args)
  }
  await (await connect()).next('metrics_update')
  // The window, and what is usual: that has nothing to do with who is there.
  const before = queries
  app.metricsSource.read = async () => { throw new Error('nobody asks') }
  const clients = await Promise.all(Array.from({ length: 1_000 }, () => connect()))
  const updates = await Promise.all(clients.map((client) => client.next('metrics_update')))
  t.ok(before >= 1)
  t.equal(app.connections.totals.broadcasts, 1, 'the others were told from memory')
  t.ok(updates.every(({ seq }) => seq === 1))
})

t.test('messages of clients are answered over a real socket', async (t) => {
  const { connect } = await build(t)
  const client = await connect()
  client.send({ type: 'ping', id: 'a' })
  t.match(await client.next('pong'), { id: 'a' })
  client.send({ type: 'subscribe', topics: ['alerts', 'pops'], id: 1 })
  t.match(await client.next('subscription_confirmed'), { topics: ['alerts', 'pops'], id: 1 })
  client.send({ type: 'unsubscribe', topics: ['pops'] })
  t.strictSame((await client.next('subscription_confirmed')).topics, ['alerts'])
})

t.test('a bad message harms neither its sender nor others', async (t) => {
  const { connect } = await build(t)
  const [client, other] = await Promise.all([connect(), connect()])
  const cases = [
    { name: 'malformed JSON', message: '{"type":', code: 'BAD_MESSAGE' },
    { name: 'no object', message: '[1]', code: 'BAD_MESSAGE' },
    { name: 'wrong field type', message: { type: 'subscribe', topics: 'metrics' }, code: 'BAD_MESSAGE' },
    { name: 'unknown type', message: { type: 'shout' }, code: 'UNKNOWN_TYPE' },
    { name: 'unknown topic', message: { type: 'subscribe', topics: ['weather'] }, code: 'UNKNOWN_TOPIC' },
    { name: 'binary', message: Buffer.from('{"type":"ping"}'), code: 'BAD_MESSAGE' }
  ]
  for (const { name, message, code } of cases) {
    t.test(name, async (t) => {
      client.send(message)
      t.equal((await client.next('error')).code, code)
      await client.next('metrics_update')
      await other.next('metrics_update')
    })
  }
})

t.test('what the protocol forbids closes its sender with the right code, and nobody else', async (t) => {
  const { connect, port, logged } = await build(t, { MAX_MESSAGE_BYTES: '1024' })
  const bystander = await connect()
  const cases = [
    { name: 'a message above MAX_MESSAGE_BYTES', bytes: maskedFrame(0x81, Buffer.alloc(1_025, 0x20)), code: 1009 },
    { name: 'text that is no UTF-8', bytes: maskedFrame(0x81, Buffer.from([0xff, 0xfe])), code: 1007 },
    { name: 'an unmasked frame', bytes: Buffer.from([0x81, 0x01, 0x41]), code: 1002 },
    {
      name: 'a message in too many fragments',
      bytes: Buffer.concat([
        maskedFrame(0x01, Buffer.from('a')),
        ...Array.from({ length: 80 }, () => maskedFrame(0x00, Buffer.from('a')))
      ]),
      code: 1008
    }
  ]
  for (const { name, bytes, code } of cases) {
    t.test(name, async (t) => {
      const raw = await rawHandshake(port)
      raw.socket.write(bytes)
      t.equal(await raw.closeCode(), code)
      raw.socket.destroy()
      await bystander.next('metrics_update')
      await logged('disconnect', (line) => line.code === code || line.code === 1006)
    })
  }
})

t.test('upgrades are refused where no WebSocket is, before the handshake', async (t) => {
  const { app, port, connect } = await build(t, { MAX_CONNECTIONS: '1' })
  const refusal = async (path: string) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
    socket.on('error', () => {})
    const [, response] = await once(socket, 'unexpected-response')
    const chunks = await response.toArray()
    return {
      statusCode: response.statusCode,
      retryAfter: response.headers['retry-after'],
      ...JSON.parse(Buffer.concat(chunks).toString())
    }
  }
  t.match(await refusal('/nope'), { statusCode: 404, code: 'NOT_FOUND' })
  t.match(await refusal('/health'), { statusCode: 404, code: 'NOT_A_WEBSOCKET_ROUTE' })
  await connect()
  t.match(await refusal('/ws'), { statusCode: 503, code: 'OVER_CAPACITY', retryAfter: '10' })
  app.lifecycle.close()
  t.match(await refusal('/'), { statusCode: 503, code: 'SHUTTING_DOWN', retryAfter: '10' })
})

/** So many upgrades at once: for each the status it was answered with, and when it is to come back. */
function storm (t: Test, port: number, count: number): Promise<Array<{ status: number, retryAfter?: string }>> {
  return Promise.all(Array.from({ length: count }, async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    socket.on('error', () => {})
    t.teardown(() => socket.terminate())
    return Promise.race([
      once(socket, 'open').then(() => ({ status: 101 })),
      once(socket, 'unexpected-response').then(([, { statusCode, headers }]) => ({
        status: statusCode,
        retryAfter: headers['retry-after']
      }))
    ])
  }))
}

t.test('MAX_CONNECTIONS holds when all come at once', async (t) => {
  const { port, app } = await build(t, { MAX_CONNECTIONS: '5' })
  const attempts = await storm(t, port, 50)
  t.equal(attempts.filter(({ status }) => status === 101).length, 5)
  t.equal(attempts.filter(({ status }) => status === 503).length, 45)
  t.equal(app.connections.size, 5)
})

t.test('UPGRADE_RATE_LIMIT spreads a storm: some get in, the others are told when to come back', async (t) => {
  const { port, app } = await build(t, { UPGRADE_RATE_LIMIT: '5' })
  const attempts = await storm(t, port, 20)
  t.ok(attempts.filter(({ status }) => status === 101).length >= 5)
  t.ok(attempts.filter(({ status, retryAfter }) => status === 503 && retryAfter === '10').length >= 5)
  t.equal(app.connections.totals.opened, attempts.filter(({ status }) => status === 101).length)
  t.equal((await app.inject('/health/live')).statusCode, 200)
})

t.test('the address is the upgrade request\'s, and a proxy\'s word counts only if it is trusted', async (t) => {
  const forwarded = { 'x-forwarded-for': '203.0.113.7', 'user-agent': 'wall/2' }
  const cases = [
    { name: 'not trusted', env: {}, ip: '127.0.0.1' },
    { name: 'trusted', env: { TRUST_PROXY: '10.0.0.0/8, 127.0.0.1' }, ip: '203.0.113.7' },
    { name: 'another one is trusted', env: { TRUST_PROXY: '10.0.0.0/8' }, ip: '127.0.0.1' }
  ]
  for (const { name, env, ip } of cases) {
    t.test(name, async (t) => {
      const { app, connect } = await build(t, env)
      await connect('/ws', forwarded)
      const [connection] = app.connections
      t.strictSame(connection?.clientInfo, { userAgent: 'wall/2', ip })
    })
  }
})

t.test('no query runs while nobody is connected, and one at once when the first comes', async (t) => {
  const { app, connect, logged } = await build(t)
  let queries = 0
  const read = app.metricsSource.read.bind(app.metricsSource)
  app.metricsSource.read = (...args) => {
    queries++
    return read(...args)
  }
  const first = await connect()
  await first.next('metrics_update', ({ seq }) => seq === 2)
  await first.close()
  await logged('disconnect')
  const before = queries
  await called(app.tickMaker, 'probe', 3)
  t.equal(queries, before, 'three intervals passed without a query')
  const second = await connect()
  await second.next('metrics_update', ({ seq }) => seq === 3)
  t.ok(queries > before)
})

t.test('half-open TCP connections and garbage before the handshake harm nobody', async (t) => {
  const { port, connect } = await build(t)
  const garbage = connectTcp(port, '127.0.0.1')
  garbage.resume()
  garbage.write('GARBAGE\r\n\r\n')
  await closed(garbage)
  const cut = connectTcp(port, '127.0.0.1')
  await once(cut, 'connect')
  cut.write('GET /ws HTTP/1.1\r\nHost: x\r\nUpgr')
  cut.destroy()
  await (await connect()).next('metrics_update')
})

t.test('a client that is gone without a word is forgotten with one line', async (t) => {
  const { app, port, logged } = await build(t)
  const client = await TestClient.open(`ws://127.0.0.1:${port}/ws`)
  await client.next('metrics_update')
  client.socket.terminate()
  const line = await logged('disconnect')
  t.match(line, { connectionId: /^ws_1_/, code: 1006, broadcasts: Number, errors: 0, remaining: 0, durationMs: Number })
  t.equal(app.connections.size, 0)
})
