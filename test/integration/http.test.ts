import t, { type Test } from 'tap'
import { systemClock } from '../../lib/clock.ts'
import { build, called } from '../support/app.ts'
import { SourceError } from '../../lib/source/source-error.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { serveSamples } from '../support/fake-source.ts'
import { validateServerMessage } from '../support/validate.ts'

t.test('GET /api/websocket/status has the shape that scrapers rely on', async (t) => {
  const { app, connect } = await build(t)
  const clients = await Promise.all([connect('/ws', { 'user-agent': 'dashboard/1' }), connect('/ws'), connect('/')])
  // The first may come from memory; the second is a broadcast to each of them.
  await Promise.all(clients.map((client) => client.next('metrics_update')))
  await Promise.all(clients.map((client) => client.next('metrics_update')))
  const { statusCode, body } = await app.inject('/api/websocket/status')
  const status = JSON.parse(body)
  t.equal(statusCode, 200)
  t.equal(status.status, 'ok')
  t.match(status.timestamp, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  t.equal(status.summary.activeConnections, 3)
  t.equal(status.summary.trackedConnections, 3)
  t.ok(status.summary.totalBroadcasts >= 3)
  t.equal(status.summary.totalErrors, 0)
  t.equal(status.connections.length, 3)
  t.equal(status.truncated, false)
  const [first] = status.connections
  t.match(first.id, /^ws_1_\d{13}$/)
  t.strictSame(Object.keys(first).slice(0, 7), [
    'id',
    'connectedAt',
    'broadcastCount',
    'errorCount',
    'lastBroadcast',
    'lastError',
    'clientInfo'
  ])
  t.strictSame(first.clientInfo, { userAgent: 'dashboard/1', ip: '127.0.0.1' })
  t.equal(first.lastError, null)
  t.match(first.lastBroadcast, /Z$/)
})

t.test('the status of many connections is made in turns, so that nobody waits for all of it', async (t) => {
  let turns = 0
  // Each look at the clock is later than a slice lasts.
  const { monotonic, turn } = systemClock
  let ahead = 0
  const clock = {
    ...systemClock,
    monotonic: () => monotonic() + (ahead += 10),
    turn () {
      turns++
      return turn()
    }
  }
  const { app, connect } = await build(t, { BROADCAST_INTERVAL_MS: '600000', QUERY_TIMEOUT_MS: '1000' }, { clock })
  const clients = await Promise.all(Array.from({ length: 100 }, () => connect()))
  await Promise.all(clients.map((client) => client.next('metrics_update')))
  // What follows the first update goes out in turns as well; nobody has to move.
  await app.broadcaster.enter(app.updates)
  turns = 0
  const { connections, truncated } = (await app.inject('/api/websocket/status?limit=1000000')).json()
  t.equal(turns, 6, 'after each 32, of those that are looked at and of those that are written')
  t.equal(new Set(connections.map(({ id }: { id: string }) => id)).size, 100)
  t.equal(truncated, false)
})

t.test('the status says how fresh the data is, and when it is asked for next', async (t) => {
  const { app, connect } = await build(t)
  t.equal((await app.inject('/api/websocket/status')).json().feed, null, 'nothing is known yet')
  const { epoch, seq } = await (await connect()).next('metrics_update')
  const { feed } = (await app.inject('/api/websocket/status')).json()
  t.match(feed, { epoch, status: 'fresh', silentPops: 0 })
  t.ok(feed.seq >= seq)
  t.ok(Date.parse(feed.nextPollAt) > Date.parse(feed.polledAt))
})

t.test('the status of a source without data', async (t) => {
  const { app } = await build(t)
  app.poller.stop()
  app.metricsSource.read = async () => ({ rows: 0, bytes: 0, ignored: 0 })
  await app.tickMaker.tick()
  t.match(
    (await app.inject('/api/websocket/status')).json().feed,
    { dataTime: null, ageMs: -1, status: 'stale' },
    'no null where a number belongs'
  )
})

t.test('?limit bounds the list and says so', async (t) => {
  const { app, connect } = await build(t)
  await Promise.all([connect(), connect(), connect()])
  const two = (await app.inject('/api/websocket/status?limit=2')).json()
  t.equal(two.connections.length, 2)
  t.equal(two.truncated, true)
  t.equal(two.summary.activeConnections, 3)
  const none = (await app.inject('/api/websocket/status?limit=0')).json()
  t.strictSame(none.connections, [])
  t.equal(none.truncated, true)
})

t.test('errors are JSON with status, code and what was wrong', async (t) => {
  const { app } = await build(t)
  app.metricsSource.read = async () => { throw new SourceError('unavailable', 'not there') }
  const cases = [
    { name: 'unknown route', method: 'GET', url: '/nope', statusCode: 404, code: 'NOT_FOUND', message: 'there is no GET /nope' },
    {
      name: 'unknown method',
      method: 'POST',
      url: '/health',
      statusCode: 405,
      code: 'METHOD_NOT_ALLOWED',
      message: 'POST is not allowed here, only GET, HEAD, OPTIONS'
    },
    {
      name: 'unknown method of a route with a parameter, whatever the body',
      method: 'PUT',
      url: '/api/pops/fra1/',
      statusCode: 405,
      code: 'METHOD_NOT_ALLOWED',
      message: 'PUT is not allowed here, only GET, HEAD, OPTIONS'
    },
    {
      name: 'HTTP where a WebSocket is',
      method: 'GET',
      url: '/ws',
      statusCode: 426,
      code: 'UPGRADE_REQUIRED',
      message: 'this is a WebSocket endpoint'
    },
    {
      name: 'limit that is no number',
      method: 'GET',
      url: '/api/websocket/status?limit=x',
      statusCode: 400,
      code: 'FST_ERR_VALIDATION',
      message: 'querystring/limit must be integer'
    },
    {
      name: 'negative limit',
      method: 'GET',
      url: '/api/websocket/status?limit=-1',
      statusCode: 400,
      code: 'FST_ERR_VALIDATION',
      message: 'querystring/limit must be >= 0'
    },
    {
      name: 'URL that cannot be decoded',
      method: 'GET',
      url: '/%zz',
      statusCode: 400,
      code: 'FST_ERR_BAD_URL',
      message: "'/%zz' is not a valid url component"
    },
    { name: 'no data yet', method: 'GET', url: '/api/metrics/latest', statusCode: 503, code: 'NO_DATA', message: 'no data yet' },
    { name: 'no PoPs yet', method: 'GET', url: '/api/pops/fra1', statusCode: 503, code: 'NO_DATA', message: 'no data yet' }
  ] as const
  for (const { name, method, url, statusCode, code, message } of cases) {
    t.test(name, async (t) => {
      const response = await app.inject({ method, url })
      t.equal(response.statusCode, statusCode)
      t.match(response.headers['content-type'], 'application/json')
      t.strictSame(Object.keys(response.json()), ['statusCode', 'code', 'error', 'message'])
      t.match(response.json(), { statusCode, code, message })
    })
  }
  t.equal((await app.inject({ method: 'DELETE', url: '/health' })).headers.allow, 'GET, HEAD, OPTIONS')
})

t.test('an error inside tells nothing of itself to the client', async (t) => {
  const { app, logged } = await build(t)
  app.view.latest = () => { throw new Error('secret detail') }
  const response = await app.inject('/api/metrics/latest')
  t.equal(response.statusCode, 500)
  t.strictSame(response.json(), { statusCode: 500, code: 'INTERNAL', error: 'Internal Server Error', message: 'internal error' })
  await logged('request_failed')
})

t.test('GET / names the routes', async (t) => {
  const { app } = await build(t)
  t.equal((await app.inject('/')).json().routes.websocket, '/ws')
})

t.test('GET /api/metrics/latest is the last update', async (t) => {
  const { app, connect } = await build(t)
  const client = await connect()
  const update = await client.next('metrics_update')
  await client.close()
  const latest = (await app.inject('/api/metrics/latest')).json()
  t.equal(latest.type, 'metrics_update')
  t.equal(latest.epoch, update.epoch)
  t.ok(latest.seq >= update.seq)
  t.equal(latest.data.totalPops, 20)
})

t.test('health', async (t) => {
  t.test('is ok on a source that answers', async (t) => {
    const { app, connect } = await build(t)
    await connect()
    const response = await app.inject('/health')
    t.equal(response.statusCode, 200)
    t.match(response.json(), {
      status: 'ok',
      services: {
        influxdb: { healthy: true, source: 'demo' },
        websocket: { healthy: true, activeConnections: 1, totalConnectionsTracked: 1 }
      }
    })
    t.type(response.json().uptimeSeconds, 'number')
  })

  t.test('is degraded, and still 200, while the source fails', async (t) => {
    const { app, connect, logged } = await build(t)
    app.metricsSource.read = async () => { throw new SourceError('unauthorized', 'wrong token') }
    await connect()
    await logged('source_failed')
    const response = await app.inject('/health')
    t.equal(response.statusCode, 200)
    t.match(response.json(), {
      status: 'degraded',
      services: { influxdb: { healthy: false, failure: 'unauthorized' }, websocket: { healthy: true } }
    })
    t.notMatch(response.body, 'wrong token')
    t.equal((await app.inject('/health/ready')).statusCode, 200, 'a failing database is no reason to take the service out')
  })

  t.test('says shutting_down from the signal on, while everything is still served', async (t) => {
    const { app, connect } = await build(t)
    app.lifecycle.drain()
    t.equal((await app.inject('/health')).statusCode, 503)
    t.equal((await app.inject('/health')).json().status, 'shutting_down')
    t.strictSame((await app.inject('/health/ready')).json(), { status: 'not_ready', reason: 'shutting_down' })
    t.equal((await app.inject('/health/live')).statusCode, 200)
    const client = await connect()
    await client.next('welcome')
  })

  t.test('is not ready before the source answered or failed', async (t) => {
    const { app } = await build(t)
    Object.defineProperty(app.tickMaker.health, 'isKnown', { value: false })
    t.strictSame((await app.inject('/health/ready')).json(), { status: 'not_ready', reason: 'starting' })
  })

  t.test('is not ready, and degraded, over capacity', async (t) => {
    const { app, connect } = await build(t, { MAX_CONNECTIONS: '1' })
    const first = await connect()
    await first.next('metrics_update')
    await first.close()
    await app.connections.empty()
    t.strictSame((await app.inject('/health/ready')).json(), { status: 'ready', reason: null })
    await connect()
    t.strictSame((await app.inject('/health/ready')).json(), { status: 'not_ready', reason: 'over_capacity' })
    t.equal((await app.inject('/health')).json().status, 'degraded')
    t.equal((await app.inject('/health/live')).statusCode, 200)
  })
})

/** The service on a clock and a source of the test's: five functions of one PoP had 5 ms, more or less, until now. */
async function slowDown (t: Test) {
  const clock = new FakeClock()
  const service = await build(t, { BROADCAST_INTERVAL_MS: '600000', QUERY_TIMEOUT_MS: '1000', POLL: 'always' }, { clock })
  service.app.poller.stop()
  const values = new Map<number, number>()
  serveSamples(service.app.metricsSource, clock, (time) => values.get(time) ?? 5 + (time / 10_000 % 3 - 1) * 0.34)
  const feed = async (value: number) => {
    await clock.advance(10_000)
    values.set(clock.now(), value)
    await service.app.tickMaker.tick()
    // What is read beside the ticks.
    await clock.advance(0)
  }
  await feed(5)
  return { ...service, feed }
}

t.test('GET /api/regressions lists what is open, and what was until lately', async (t) => {
  const { app, feed } = await slowDown(t)
  const list = async () => (await app.inject('/api/regressions')).json()
  t.match(await list(), { open: [], closed: [], epoch: app.view.epoch })
  for (let tick = 0; tick < 2; tick++) await feed(10)
  const { open, ...freshness } = await list()
  t.match(
    freshness,
    { seq: app.view.seq, status: 'fresh', ageMs: Number, dataTime: /Z$/, polledAt: /Z$/, nextPollAt: /Z$/ },
    'and says how fresh it is'
  )
  t.match(open, [
    {
      pop: 'fra1',
      state: 'opened',
      severity: 'critical',
      baselineKind: 'day',
      changePercent: 100,
      samples: { recent: 15, baseline: Number }
    }
  ])
  for (let tick = 0; tick < 3; tick++) await feed(5)
  const after = await list()
  t.strictSame(after.open, [])
  t.match(after.closed, [{ id: open[0].id, state: 'resolved', closeReason: 'recovered', closedAt: /Z$/ }])
})

t.test('after a change of severity a subscriber and GET /api/regressions are told the same', async (t) => {
  const { app, connect, feed } = await slowDown(t)
  for (const value of [7, 7, 7, 10, 10, 10, 12, 14]) await feed(value)
  const { open } = (await app.inject('/api/regressions')).json()
  t.match(open, [{ pop: 'fra1', state: 'updated', severity: 'critical', recentMs: 10 }], 'as it was told last')
  const client = await connect('/ws?topics=alerts')
  t.strictSame((await client.next('alert')).data, open[0])
  t.strictSame((await client.next('open_alerts')).data.alerts, open)
})

t.test('ticks that go on failing by a defect make the health degraded, until one succeeds', async (t) => {
  const { app } = await build(t, { BROADCAST_INTERVAL_MS: '600000', QUERY_TIMEOUT_MS: '1000' })
  app.poller.stop()
  const read = app.metricsSource.read.bind(app.metricsSource)
  app.metricsSource.read = async () => { throw new TypeError('a defect') }
  await t.rejects(app.tickMaker.tick(), { message: 'a defect' })
  const health = async () => (await app.inject('/health')).json()
  t.match(await health(), { status: 'degraded', services: { feed: { healthy: false, failedTicks: 1 } } })
  app.metricsSource.read = read
  await app.tickMaker.tick()
  t.match(await health(), { status: 'ok', services: { feed: { healthy: true, failedTicks: 0 } } })
})

t.test('HEAD and OPTIONS are answered wherever GET is', async (t) => {
  const { app } = await build(t)
  for (const url of [
    '/',
    '/ws',
    '/ws/',
    '/health',
    '/health/',
    '/health/live',
    '/api/websocket/status',
    '/openapi.json',
    '/docs/static/index.css'
  ]) {
    const [get, head, options] = [
      await app.inject(url),
      await app.inject({ method: 'HEAD', url }),
      await app.inject({ method: 'OPTIONS', url })
    ]
    t.equal(head.statusCode, get.statusCode, `HEAD ${url}`)
    t.equal(head.body, '', `HEAD ${url} has no body`)
    t.equal(options.statusCode, 204, `OPTIONS ${url}`)
    t.equal(options.headers.allow, 'GET, HEAD, OPTIONS', `OPTIONS ${url}`)
  }
  t.equal((await app.inject({ method: 'OPTIONS', url: '/nope' })).statusCode, 404)
})

t.test(
  'who reads over HTTP is somebody: the first waits for the answer, and the source is asked for three intervals',
  async (t) => {
    const { app } = await build(t, { BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900' })
    for (const url of ['/api/websocket/status', '/health', '/health/ready']) await app.inject(url)
    t.equal(app.view.head, null, 'those are about the service')
    t.equal((await app.inject('/health')).json().services.feed.status, 'starting')
    const responses = await Promise.all(Array.from({ length: 20 }, () => app.inject('/api/metrics/latest')))
    t.ok(
      responses.every(({ statusCode }) => statusCode === 200),
      'none is told that there are no data yet'
    )
    t.equal(new Set(responses.map((response) => response.json().seq)).size, 1, 'one query for all of them')
    await called(app.tickMaker, 'probe', 1)
    t.match((await app.inject('/api/websocket/status')).json().feed, { status: 'idle', dataTime: String, nextPollAt: null })
    t.match((await app.inject('/health')).json(), { status: 'ok', services: { feed: { status: 'idle' } } })
    const { seq } = app.view
    t.ok(seq >= 2 && seq <= 5, `${seq} updates in three intervals`)
    t.match((await app.inject('/api/regressions')).json(), { status: 'fresh', seq: seq + 1 }, 'not those of before')
  }
)

t.test('who connects after an idle time is told fresh data, not what was known before', async (t) => {
  const { app, connect, logged } = await build(t)
  const first = await connect()
  const { seq } = await first.next('metrics_update')
  await first.close()
  await logged('disconnect')
  await called(app.tickMaker, 'probe', 2)
  const head = app.view.seq
  t.ok(head >= seq)
  const second = await connect('/ws?topics=metrics,pops,alerts')
  t.match(await second.next('welcome'), { seq: head, headSeq: head })
  const update = await second.next('metrics_update')
  t.equal(update.seq, head + 1)
  t.equal(update.skipped, undefined)
  t.equal((await second.next('pops_update')).seq, head + 1)
})

t.test('POLL=always asks with nobody there', async (t) => {
  const { app } = await build(t, { POLL: 'always' })
  await called(app.tickMaker, 'tick', 3)
  t.ok(app.view.seq >= 2)
})

t.test('GET /api/pops has every PoP, as a pops_update; one by its code has its regressions', async (t) => {
  const { app, feed } = await slowDown(t)
  for (let tick = 0; tick < 2; tick++) await feed(10)
  const all = (await app.inject('/api/pops')).json()
  validateServerMessage(all)
  const pops = [{ code: 'fra1', coldStartMs: 10, regression: 'critical' }]
  t.match(all, { seq: app.view.seq, status: 'fresh', data: { pops } })
  const one = (await app.inject('/api/pops/fra1')).json()
  t.match(one, { seq: app.view.seq, pop: all.data.pops[0], open: [{ pop: 'fra1', state: 'opened' }], closed: [] })
  const { baselineMs, baselineLowMs, baselineHighMs } = one.pop
  t.ok(baselineLowMs < baselineMs && baselineMs < baselineHighMs && baselineHighMs < 10, 'above the band')
  const { recentMs, changePercent, zScore, samples } = one.open[0]
  t.match(one, {
    intervalMs: Number,
    functions: 5,
    comparison: { recentMs, baselineMs, changePercent, zScore, samples, baselineKind: 'day', baselineDays: 7 }
  })
  t.notOk('history' in one, 'only where it is asked for')
  const { history } = (await app.inject('/api/pops/fra1?history=60')).json()
  t.strictSame(history.at(-1), { time: one.pop.sampleTime, coldStartMs: 10, spanMs: 0 })
  t.ok(history.length > 2)
  for (const minutes of ['0', '61', 'all', 'Infinity', '-Infinity', '1e999']) {
    const refused = await app.inject(`/api/pops/fra1?history=${minutes}`)
    t.match([refused.statusCode, refused.json().message], [400, /^querystring\/history must be/], minutes)
  }
  for (let tick = 0; tick < 3; tick++) await feed(5)
  const closed = [{ state: 'resolved', closeReason: 'recovered', closedAt: String }]
  t.match((await app.inject('/api/pops/fra1')).json(), { open: [], closed })
  t.equal((await app.inject('/api/websocket/status?limit=1e309')).statusCode, 400)
  t.equal((await app.inject(`/api/pops/${'x'.repeat(5_000)}`)).json().code, 'NOT_FOUND', 'however long its code is')
  const nobody = await app.inject('/api/pops/nope')
  t.match([nobody.statusCode, nobody.json()], [404, { code: 'NOT_FOUND', message: 'no PoP nope has reported lately' }])
})
