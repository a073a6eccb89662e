import t from 'tap'
import { SourceError } from '../../lib/source/source-error.ts'
import { endpointFault } from '../../lib/tracing/settings.ts'
import { build } from '../support/app.ts'
import { startCollector } from '../support/collector.ts'
import { startWatched } from '../support/loaded-modules.ts'

t.test('a collector is told of each tick, and what is done within it', async (t) => {
  const { endpoint, spans, paths } = await startCollector(t)
  const { app, connect } = await build(t, { OTEL_EXPORTER_OTLP_ENDPOINT: `${endpoint}/otlp/`, OTEL_SERVICE_NAME: 'board' })
  const client = await connect('/ws')
  const { seq } = await client.next('metrics_update')
  await client.next('metrics_update', (message) => message.seq === seq + 1)
  await app.close()

  t.strictSame([...paths], ['/otlp/v1/traces'])
  const append = spans.find(({ name, attributes }) => name === 'append' && attributes['popcast.seq'] === seq + 1)
  const tick = spans.find(({ spanId }) => spanId === append?.parentSpanId)
  t.match(append, { service: 'board', attributes: { 'popcast.isUpdate': true } })
  t.equal(tick?.name, 'tick')
  t.equal(tick?.parentSpanId, undefined, 'each tick is a trace of its own')
  const fanOut = spans.find(({ parentSpanId }) => parentSpanId === append?.spanId)
  t.match(fanOut, {
    name: 'fan-out', traceId: tick?.traceId, attributes: { 'popcast.clients': 1, 'popcast.sent': 1, 'popcast.bytes': Number }
  })
  const query = spans.find(({ name, parentSpanId }) => name === 'query' && parentSpanId === tick?.spanId)
  t.match(query, { traceId: tick?.traceId, attributes: { 'popcast.operation': 'read', 'popcast.rows': Number } })
  t.equal(new Set(spans.filter(({ name }) => name === 'tick').map(({ traceId }) => traceId)).size,
    spans.filter(({ name }) => name === 'tick').length)
})

t.test('a query that failed says so, and so does the update that there is not', async (t) => {
  const { endpoint, spans } = await startCollector(t)
  const { app, connect } = await build(t, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
  app.metricsSource.read = () => Promise.reject(new SourceError('timeout', 'too late'))
  await (await connect()).next('error')
  await app.close()
  t.match(spans.find(({ name }) => name === 'query'), { status: { code: 2, message: 'too late' } })
  t.match(spans.find(({ attributes }) => attributes['popcast.failure'] !== undefined), {
    name: 'append', attributes: { 'popcast.failure': 'SOURCE_TIMEOUT', 'popcast.isUpdate': false }
  })
})

t.test('a collector that takes nothing is told in the log, and the service goes on', async (t) => {
  const { endpoint } = await startCollector(t, 400)
  const { app, connect, lines } = await build(t, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
  await (await connect()).next('metrics_update')
  await app.close()
  t.match(
    lines.filter(({ event }) => event === 'traces_failed'),
    [{ host: new URL(endpoint).host, level: 40, detail: 'status 400', failures: 1 }]
  )
})

t.test('one that is not there does not hold up the end for long', async (t) => {
  const { app, connect, lines } = await build(t, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })
  await (await connect()).next('metrics_update')
  await app.close()
  t.match(lines.filter(({ event }) => event === 'traces'), [{ host: '127.0.0.1:1' }])
})

t.test('without a collector nothing of OpenTelemetry is loaded', async (t) => {
  const ofOpenTelemetry = async (env: Record<string, string>) => {
    const { service, loaded } = startWatched(t, { POLL: 'always', ...env })
    await service.logged(({ msg }) => String(msg).startsWith('Server listening at '))
    return loaded().filter((url) => url.includes('@opentelemetry/'))
  }
  t.strictSame(await ofOpenTelemetry({}), [])
  t.ok((await ofOpenTelemetry({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })).length > 0, 'else it is')
})

const endpoints = [
  { endpoint: 'http://127.0.0.1:4318', fault: null },
  { endpoint: 'https://collector/otlp/', fault: null },
  { endpoint: 'collector:4317', fault: 'has the protocol "collector:"' },
  { endpoint: '127.0.0.1', fault: 'cannot be parsed as a URL' },
  {
    endpoint: 'http://hunter2@collector',
    fault: 'holds a user name or password, which belong into OTEL_EXPORTER_OTLP_HEADERS'
  },
  { endpoint: 'http://collector/?a', fault: 'has a query or a fragment' },
  { endpoint: 'http://collector/v1/traces', fault: 'ends with /v1/traces, which is added' }
]

for (const { endpoint, fault } of endpoints) {
  t.test(`the endpoint ${endpoint}`, async (t) => {
    t.equal(endpointFault(endpoint), fault)
  })
}
