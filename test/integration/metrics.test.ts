import { readFileSync } from 'node:fs'
import t from 'tap'
import { SourceError } from '../../lib/source/source-error.ts'
import { build, called, type TestApp } from '../support/app.ts'
import { eventually, runPromtool, skipWithoutPrometheus, startPrometheus, type Server } from '../support/prometheus.ts'
import { readExposition, type Scrape } from '../support/exposition.ts'
import { rawHandshake } from '../support/raw-client.ts'

const text = async ({ port }: TestApp) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
const scrape = async (service: TestApp): Promise<Scrape> => readExposition(await text(service))

t.test('the answer is what Prometheus reads', async (t) => {
  const { port } = await build(t)
  const response = await fetch(`http://127.0.0.1:${port}/metrics`)
  t.equal(response.status, 200)
  t.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const { types, series } = readExposition(await response.text())
  t.ok(types.size > 30)
  t.strictSame(Array.from(types.keys()).filter((name) => !name.startsWith('popcast_')), [])
  const keys = series.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`)
  t.equal(new Set(keys).size, keys.length, 'no series twice')
})

t.test('promtool finds nothing to complain about', { skip: skipWithoutPrometheus }, async (t) => {
  const service = await build(t, { METRICS_PER_POP: '100', ALERTMANAGER_URL: 'http://127.0.0.1:2' })
  await (await service.connect()).next('metrics_update')
  const { status, output } = runPromtool(['check', 'metrics'], await text(service))
  t.strictSame({ status, output }, { status: 0, output: '' })
})

t.test('what was done is what is counted', async (t) => {
  const service = await build(t, { MAX_CONNECTIONS: '3' })
  const { app, connect, port } = service
  const clients = [await connect(), await connect()] as const
  await Promise.all(clients.map((client) => client.next('metrics_update')))
  const stream = await fetch(`http://127.0.0.1:${port}/api/stream`)
  const { value: open } = await scrape(service)
  t.equal(open('popcast_connections_open', { transport: 'websocket' }), 2)
  t.equal(open('popcast_connections_open', { transport: 'sse' }), 1)
  t.equal(open('popcast_connections_limit'), 3)

  await t.rejects(connect(), /503/)
  t.equal((await fetch(`http://127.0.0.1:${port}/api/stream`)).status, 503)
  const [first, second] = clients
  first.send({ type: 'ping' })
  await first.next('pong')
  first.send({ type: 'subscribe', topics: ['weather'] })
  await first.next('error')
  first.socket.send('no JSON')
  await first.next('error')
  first.socket.send(Buffer.from([1]))
  await first.next('error')
  await second.close()
  await stream.body?.cancel()
  await service.logged('disconnect', ({ kind, remaining }) => kind === undefined && remaining === 1)
  await t.rejects(connect('/nowhere'), /404/)
  await t.rejects(connect('/health'), /404/)

  const { value } = await scrape(service)
  const received = (type: string, outcome: string) => value('popcast_messages_received_total', { type, outcome })
  t.equal(value('popcast_connections_accepted_total', { transport: 'websocket' }), 2)
  t.equal(value('popcast_connections_accepted_total', { transport: 'sse' }), 1)
  t.equal(value('popcast_connections_open', { transport: 'websocket' }), 1)
  t.equal(value('popcast_connections_open', { transport: 'sse' }), 0)
  t.equal(value('popcast_connections_refused_total', { reason: 'over_capacity' }), 2)
  t.equal(value('popcast_connections_refused_total', { reason: 'not_found' }), 1)
  t.equal(value('popcast_connections_refused_total', { reason: 'not_a_websocket_route' }), 1)
  t.equal(value('popcast_connections_closed_total', { transport: 'websocket', code: '1005' }), 1)
  t.equal(value('popcast_connections_closed_total', { transport: 'sse', code: '1005' }), 1)
  t.equal(value('popcast_connection_duration_seconds_count'), 2)
  t.equal(received('ping', 'accepted'), 1)
  t.equal(received('subscribe', 'unknown_topic'), 1)
  t.equal(received('unknown', 'bad_message'), 1)
  t.equal(received('binary', 'bad_message'), 1)
  t.equal(value('popcast_connection_errors_total'), 3)
  t.equal(value('popcast_source_up'), 1)
  t.equal(value('popcast_feed_status', { status: 'fresh' }), 1)
  t.equal(value('popcast_feed_status', { status: 'stale' }), 0)
  t.equal(value('popcast_pops', { state: 'healthy' }) + value('popcast_pops', { state: 'slow' }), 20)
  t.ok(Math.abs(Date.now() / 1_000 - value('popcast_newest_sample_timestamp_seconds')) < 60)
  t.ok(value('popcast_broadcast_duration_seconds_count') >= 1)
  t.ok(value('popcast_query_rows_total') >= 100)
  t.ok(value('popcast_resident_memory_bytes') > 1_000_000)
  t.equal(app.connections.size, 1)
})

t.test('what is closed by us is counted by why', async (t) => {
  const service = await build(t, { PING_INTERVAL_MS: '100', STALE_AFTER_MS: '300' })
  const silent = await rawHandshake(service.port)
  t.equal(await silent.closeCode(), 4012)
  await service.logged('disconnect')
  t.equal((await scrape(service)).value('popcast_connections_closed_total', { transport: 'websocket', code: '4012' }), 1)
})

t.test('what fails is counted', async (t) => {
  const service = await build(t)
  const { app, connect } = service
  const client = await connect()
  await client.next('metrics_update')
  const { read } = app.metricsSource
  app.metricsSource.read = () => Promise.reject(new SourceError('timeout', 'injected'))
  await client.next('error')
  const { value } = await scrape(service)
  t.equal(value('popcast_source_up'), 0)
  t.equal(value('popcast_feed_status', { status: 'stale' }), 1)
  t.ok(value('popcast_ticks_total', { outcome: 'source_failed' }) >= 1)
  t.ok(value('popcast_queries_total', { operation: 'read', outcome: 'timeout' }) >= 1)
  app.metricsSource.read = read

  const { publish } = app.broadcaster
  app.broadcaster.publish = () => {
    app.broadcaster.publish = publish
    throw new Error('injected')
  }
  await service.logged('tick_failed')
  t.equal((await scrape(service)).value('popcast_ticks_total', { outcome: 'defect' }), 1)
})

t.test('a scrape asks the source nothing, now or later, and is no demand', async (t) => {
  const { app } = await build(t)
  let reads = 0
  const { read } = app.metricsSource
  app.metricsSource.read = (...args) => {
    reads++
    return read.apply(app.metricsSource, args)
  }
  for (let round = 0; round < 5; round++) {
    const idle = called(app.tickMaker, 'probe', 1)
    const { value } = readExposition((await app.inject('/metrics')).body)
    t.equal(value('popcast_ticks_total', { outcome: 'succeeded' }), 0)
    await idle
  }
  t.equal(reads, 0)
  t.equal(readExposition((await app.inject('/metrics')).body).value('popcast_feed_status', { status: 'idle' }), 1)
})

t.test('lines of the log that were dropped', async (t) => {
  const { app } = await build(t, {}, { logDropped: () => 7 })
  t.equal(readExposition((await app.inject('/metrics')).body).value('popcast_log_lines_dropped_total'), 7)
})

t.test('a real Prometheus has what a test did', { skip: skipWithoutPrometheus }, async (t) => {
  const service = await build(t, { METRICS_PER_POP: '5' })
  const client = await service.connect()
  await client.next('metrics_update')
  client.send({ type: 'ping' })
  await client.next('pong')
  const prometheus = await startPrometheus(t, `127.0.0.1:${service.port}`)
  const query = asked(prometheus)
  await eventually(() => query('up{job="popcast"}'), ([up]) => up === 1)
  t.strictSame(await query('popcast_connections_accepted_total{transport="websocket"}'), [1])
  t.strictSame(await query('popcast_messages_received_total{type="ping",outcome="accepted"}'), [1])
  t.equal((await query('popcast_pop_healthy')).length, 5)
  t.strictSame(await query('popcast_pops_without_series'), [15])
  t.strictSame(await query('count(popcast_build_info)'), [1])
})

function asked ({ url }: Server) {
  return async (query: string): Promise<number[]> => {
    const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query })}`)
    // It says 503 while it starts.
    if (!response.ok) return []
    const { data } = await response.json() as { data: { result: Array<{ value: [number, string] }> } }
    return data.result.map(({ value: [, value] }) => Number(value))
  }
}

t.test('docs/observability.md lists every metric, and no other', async (t) => {
  const service = await build(t, { METRICS_PER_POP: '5', ALERTMANAGER_URL: 'http://127.0.0.1:2' })
  const client = await service.connect('/ws?topics=pops')
  await client.next('pops_update', ({ data }) => 'pops' in data && data.pops.every(({ baselineMs }) => baselineMs !== null))
  const { types, series } = await scrape(service)
  const document = readFileSync(new URL('../../../docs/observability.md', import.meta.url), 'utf8')
  const rows = Array.from(document.matchAll(/^\| `(popcast_\w+)` \| (\w+) \|([^|]*)\|/gm), ([, name, type, labels = '']) =>
    ({ name, type, labels: Array.from(labels.matchAll(/`(\w+)`/g), ([, label]) => label).sort() }))
  const told = Array.from(types, ([name, type]) => {
    const own = series.filter((one) => one.name.replace(type === 'histogram' ? /_(bucket|sum|count)$/ : '', '') === name)
    const labels = new Set(own.flatMap(({ labels }) => Object.keys(labels)))
    labels.delete('le')
    return { name, type, labels: [...labels].sort() }
  })
  const byName = (a: { name?: string }, b: { name?: string }) => String(a.name) < String(b.name) ? -1 : 1
  t.strictSame(rows.sort(byName), told.sort(byName))
})
