/**
 * Shows on the real service, in processes of their own, what the tests do not wait for:
 * npm run soak                       all of it, with 300 s of cadence, 60 s
 * without clients, 60 s of a frozen database (some 12 minutes)
 *   npm run soak -- --seconds 30 --idle 10 --connects 2000 --frozen 10 --freshness 60
 *   npm run soak -- --only freshness,frozen,killed
 * The counts of queries are the database's own; they need an influxd 1.x (the package influxdb, or TEST_INFLUXD_INFLUXQL).
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { TestClient } from '../test/support/client.ts'
import { countQueries, writeLines } from '../test/support/influxd.ts'
import { portOf, startService } from '../test/support/service.ts'
import { database, endAll, open, report, scope, sleep, stop } from './soak-context.ts'
import { freshness, frozen, killed } from './soak-truth.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    idle: { type: 'string', default: '60' },
    clients: { type: 'string', default: '1000' },
    connects: { type: 'string', default: '10000' },
    frozen: { type: 'string', default: '60' },
    freshness: { type: 'string', default: '150' },
    only: { type: 'string', default: 'cadence,queries,memory,freshness,frozen,killed' }
  }
})
const CONNECTS_AT_A_TIME = 250
const MIB = 1024 * 1024

try {
  report('figure', 'measured', 'goal')
  const parts: Record<string, () => Promise<void>> = {
    cadence: () => cadence(Number(values.seconds)),
    queries: () => queries(Number(values.idle), Number(values.clients)),
    memory: () => memory(Number(values.connects)),
    freshness: () => freshness(Number(values.freshness)),
    frozen: () => frozen(Number(values.frozen)),
    killed
  }
  for (const part of values.only.split(',')) await parts[part]?.()
} finally {
  await endAll()
}

async function cadence (seconds: number): Promise<void> {
  const service = startService(scope, { DEMO_SEED: '1' })
  await portOf(service)
  const startedAt = performance.now()
  const [client] = await open(service, 1) as [TestClient]
  await client.next('metrics_update')
  report('demo: connect to first metrics_update', `${Math.round(performance.now() - startedAt)} ms`, '< 1000 ms')

  const arrivals: number[] = []
  client.socket.on('message', () => arrivals.push(performance.now()))
  await sleep(seconds)
  const gaps = arrivals.slice(1).map((arrival, index) => arrival - (arrivals[index] as number))
  const worst = Math.max(...gaps.map((gap) => Math.abs(gap - 10_000)))
  report(`demo: worst deviation from 10 s between ${arrivals.length} updates`, `${worst.toFixed(1)} ms`, '<= 50 ms')
  await stop(service)
}

async function queries (idleSeconds: number, clients: number): Promise<void> {
  const engine = await database('queries, counted by the database')
  if (engine === null) return
  await writeLines(engine, [`cold_start_metrics,pop_code=fra1,function_name=auth cold_start_time_ms=5 ${Date.now()}`])
  const service = startService(scope, { ...engine.env, BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900' })
  await portOf(service)

  const atStart = await countQueries(engine)
  await sleep(idleSeconds)
  report(`queries in ${idleSeconds} s without clients`, String(await countQueries(engine) - atStart), '0')

  for (const count of [1, clients]) {
    const opened = await open(service, count)
    const first = await (opened[0] as TestClient).next('metrics_update')
    const before = await countQueries(engine)
    const last = await (opened[0] as TestClient).next('metrics_update', ({ seq }) => seq === first.seq + 10)
    report(
      `queries in ${last.seq - first.seq} ticks with ${count} clients`,
      String((await countQueries(engine)) - before),
      '1 per tick'
    )
    await Promise.all(opened.map((client) => client.close()))
  }

  const [watcher] = await open(service, 1) as [TestClient]
  const { seq } = await watcher.next('metrics_update')
  const before = await countQueries(engine)
  const storm = await open(service, clients)
  await Promise.all(storm.map((client) => client.next('metrics_update')))
  const added = await countQueries(engine) - before
  const ticks = (watcher.received.findLast(({ type }) => type === 'metrics_update') as { seq: number }).seq - seq
  report(`queries added by ${clients} connects at once`, `${added - ticks} (${added} in ${ticks} ticks)`, '0')
  await stop(service)
}

async function memory (connects: number): Promise<void> {
  const probe = fileURLToPath(new URL('../test/support/probe.js', import.meta.url))
  const service = startService(scope, {}, ['--expose-gc', '--import', probe])
  const used = async () => {
    const before = service.lines.length
    service.child.kill('SIGWINCH')
    const { bytes } = await service.logged((line) => line.event === 'probe' && service.lines.indexOf(line) >= before)
    return Number(bytes)
  }
  const round = async (count: number) => {
    const clients = await open(service, count)
    await Promise.all(clients.map((client) => client.next('welcome')))
    await Promise.all(clients.map((client) => client.close()))
  }
  // The first round fills caches that stay, whatever comes after.
  await round(CONNECTS_AT_A_TIME)
  const start = await used()
  for (let done = 0; done < connects; done += CONNECTS_AT_A_TIME) await round(CONNECTS_AT_A_TIME)
  const grown = (await used() - start) / MIB
  report(
    `memory after ${connects} connects and disconnects, collected`,
    `${grown >= 0 ? '+' : ''}${grown.toFixed(2)} MiB`,
    'within 10 MiB'
  )
  await stop(service)
}
