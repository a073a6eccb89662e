import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { REPEAT_MS } from '../../lib/notify/alertmanager.ts'
import { build } from '../support/app.ts'
import { TestClient } from '../support/client.ts'
import { fed, samples } from '../support/fed-service.ts'
import { eventually, firing, skipWithoutAlertmanager, startAlertmanager } from '../support/prometheus.ts'
import { readExposition } from '../support/exposition.ts'
import { startWatched } from '../support/loaded-modules.ts'
import { startService } from '../support/service.ts'
import { SimulatedDatabase } from '../support/simulated-database.ts'
import { skipWithoutPython, verified } from '../support/verify-webhook.ts'
import { startWorkers } from '../support/workers.ts'

/** Nobody listens there: the kernel gives ports below 1024 to nobody. */
const NOBODY = 'http://127.0.0.1:2'
const SECRET = 'hunter2-hunter2-hunter2'

function secretFile (t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'popcast-notify-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'secret'), `${SECRET}\n`)
  return join(folder, 'secret')
}

const skip = skipWithoutAlertmanager
t.test('a real Alertmanager is told, again and again, also after a restart of either', { skip }, async (t) => {
  let alertmanager = await startAlertmanager(t)
  const told = (isIt: (alerts: Awaited<ReturnType<typeof firing>>) => boolean) => eventually(() => firing(alertmanager), isIt)
  const past = samples()
  const env = { ALERTMANAGER_URL: `${NOBODY},${alertmanager.url}` }
  const { app, feed } = await fed(t, past, env)
  await feed(5)
  for (let tick = 0; tick < 2; tick++) await feed(10)
  const [first] = await told(({ length }) => length === 1)
  t.match(first, {
    labels: { alertname: 'PopcastRegression', pop: 'fra1', severity: 'critical' },
    annotations: { summary: /^fra1: 10 ms, 100 % above/ },
    generatorURL: 'https://board.example/api/pops/fra1'
  })
  t.ok(Date.parse(String(first?.endsAt)) > Date.now())
  const { value } = readExposition((await app.inject('/metrics')).body)
  t.equal(value('popcast_alerts_firing', { alertname: 'PopcastRegression' }), 1)
  t.ok(value('popcast_notifications_total', { receiver: 'alertmanager', outcome: 'delivered' }) >= 1)
  t.ok(value('popcast_notifications_total', { receiver: 'alertmanager', outcome: 'failed' }) >= 1, 'nobody is at the other URL')
  t.equal(value('popcast_notifications_waiting', { receiver: 'alertmanager' }), 1)

  await past.clock.advance(REPEAT_MS)
  const [repeated] = await told(([alert]) => alert?.endsAt !== first?.endsAt)
  t.ok(Date.parse(String(repeated?.endsAt)) > Date.parse(String(first?.endsAt)), 'repeated')

  const port = Number(new URL(alertmanager.url).port)
  await alertmanager.stop()
  alertmanager = await startAlertmanager(t, port)
  t.strictSame(await firing(alertmanager), [], 'it has forgotten everything')
  await past.clock.advance(REPEAT_MS)
  const [again] = await told(({ length }) => length === 1)
  t.strictSame(again?.labels, first?.labels)

  await app.close()
  t.match(await firing(alertmanager), [{ labels: first?.labels }], 'a shutdown resolves nothing')
  const next = await fed(t, past, env)
  for (let tick = 0; tick < 3; tick++) await next.feed(10)
  await next.logged('regression_opened')
  await told(([alert]) => alert?.endsAt !== again?.endsAt)
  t.match((await firing(alertmanager)).map(({ labels }) => labels), [first?.labels], 'one alert, not two')

  for (let tick = 0; tick < 4; tick++) await next.feed(5)
  await next.logged('regression_resolved')
  t.strictSame(await told(({ length }) => length === 0), [])
})

/** Takes webhooks. */
async function hook (t: Test) {
  const waiting: Array<(received: { headers: IncomingMessage['headers'], body: string }) => void> = []
  const received: Array<{ headers: IncomingMessage['headers'], body: string }> = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const one = { headers: request.headers, body }
      received.push(one)
      for (const resolve of waiting.splice(0)) resolve(one)
      response.writeHead(204).end()
    })
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const first = async () => received[0] ?? new Promise<typeof received[number]>((resolve) => waiting.push(resolve))
  return { port: (server.address() as AddressInfo).port, first, received }
}

t.test('a webhook that somebody else verifies, with nobody connected', { skip: skipWithoutPython }, async (t) => {
  const { port, first } = await hook(t)
  const { feed } = await fed(t, samples(), {
    WEBHOOK_URL: `http://user:hunter2@127.0.0.1:${port}/hook`,
    WEBHOOK_SECRET_FILE: secretFile(t)
  })
  await feed(5)
  for (let tick = 0; tick < 2; tick++) await feed(10)
  const { headers, body } = await first()
  t.ok(verified(Buffer.from(SECRET), headers as Record<string, string>, body))
  t.match(headers, { authorization: `Basic ${btoa('user:hunter2')}`, 'content-type': 'application/json' })
  t.match(JSON.parse(body), { type: 'alert.firing', data: { labels: { pop: 'fra1' }, regression: { pop: 'fra1' } } })
})

t.test('of several processes one tells of a change, once', async (t) => {
  const { port, first, received } = await hook(t)
  const database = await SimulatedDatabase.start(t)
  database.slowSince = Date.now()
  const workers = await startWorkers(t, {
    ...database.env,
    BROADCAST_INTERVAL_MS: '1000',
    QUERY_TIMEOUT_MS: '900',
    WEBHOOK_URL: `http://127.0.0.1:${port}/`,
    WEBHOOK_SECRET_FILE: secretFile(t)
  })
  const client = await TestClient.open(`ws://127.0.0.1:${workers.port}/ws`)
  await first()
  const { seq } = await client.next('metrics_update', ({ replay }) => replay === undefined)
  await client.next('metrics_update', (update) => update.seq > seq + 2)
  t.match(received.map(({ body }) => JSON.parse(body)), [{ type: 'alert.firing', data: { labels: { pop: 'pop0' } } }])
  t.equal(received.length, 1)
  client.socket.terminate()
})

t.test('who is to be woken is demand: the source is asked with nobody there', async (t) => {
  const { logged, app } = await build(t, { ALERTMANAGER_URL: NOBODY })
  await logged('broadcast', ({ seq }) => seq === 3)
  t.equal(app.connections.totals.opened, 0)
})

t.test('a source that is down is an alert; nothing of any secret is logged', async (t) => {
  const service = startService(t, {
    LOG_LEVEL: 'trace',
    INFLUXDB_URL: NOBODY,
    INFLUXDB_ORG: 'edge',
    INFLUXDB_BUCKET: 'pops',
    BROADCAST_INTERVAL_MS: '100',
    QUERY_TIMEOUT_MS: '90',
    ALERTMANAGER_URL: 'http://hunter2:hunter2@127.0.0.1:2/hunter2',
    WEBHOOK_URL: 'http://hunter2:hunter2@127.0.0.1:2/hunter2?hunter2',
    WEBHOOK_SECRET_FILE: secretFile(t)
  })
  for (const receiver of ['alertmanager', 'webhook']) {
    t.match(await service.logged((line) => line.event === 'notify_failed' && line.receiver === receiver), {
      host: '127.0.0.1:2', detail: 'ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:2'
    })
  }
  service.child.kill('SIGTERM')
  t.match(await service.exit, { code: 0 })
  t.match(service.lines.filter(({ event }) => event === 'notify_dropped'), [{ reason: 'shutdown', count: 1 }])
  const credentials = Buffer.from('hunter2:hunter2').toString('base64')
  const written = JSON.stringify(service.lines) + service.stderr()
  t.notMatch(written, 'hunter2')
  t.notMatch(written, credentials)
})

t.test('where nobody is to be told nothing of it is loaded', async (t) => {
  const ours = async (env: Record<string, string>) => {
    const { service, loaded } = startWatched(t, env)
    await service.logged(({ msg }) => String(msg).startsWith('Server listening at '))
    return loaded().flatMap((url) => /\/dist\/((?:lib|plugins)\/.*notif.*)$/.exec(url)?.[1] ?? [])
  }
  t.strictSame([...new Set(await ours({}))], ['lib/notify/settings.js'])
  t.ok((await ours({ ALERTMANAGER_URL: NOBODY })).includes('lib/notify/pager.js'), 'else it is')
})
