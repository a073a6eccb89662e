import type { TestClient } from '../test/support/client.ts'
import { countQueries, writeLines } from '../test/support/influxd.ts'
import { portOf, startProgram, startService } from '../test/support/service.ts'
import { database, open, report, scope, sleep, stop } from './soak-context.ts'

/** How old the data is when it arrives, with a writer that writes half an interval after the first poll. */
export async function freshness (seconds: number): Promise<void> {
  const engine = await database('age of the data')
  if (engine === null) return
  const generator = startProgram(scope, 'generator/main.js', ['--interval', '10s', '--pops', '20'], engine.env)
  await generator.logged(({ event }) => event === 'live')
  // Half an interval after the writer, as bad as it can be.
  await sleep(5)
  const service = startService(scope, engine.env)
  const [client] = await open(service, 1) as [TestClient]
  const ages: number[] = []
  client.socket.on('message', (data) => {
    const message = JSON.parse(String(data))
    if (message.type === 'metrics_update' && message.ageMs !== null) ages.push(Date.now() - Date.parse(message.dataTime))
  })
  await client.next('metrics_update', ({ dataTime }) => dataTime !== null)
  await sleep(seconds)
  const learned = ages.slice(4).sort((a, b) => a - b)
  report(
    `InfluxDB: age of ${ages.length} updates on arrival, oldest first`,
    `${ages.map((age) => (age / 1_000).toFixed(2)).join(' ')} s`,
    ''
  )
  report(
    'InfluxDB: median age on arrival, once the writer is known',
    `${learned[Math.floor(learned.length / 2)]} ms`,
    '<= 1000 ms'
  )
  await stop(service, generator)
}

/** What clients are told when the database hangs, and when it goes on. */
export async function frozen (seconds: number): Promise<void> {
  const engine = await database('a frozen database')
  if (engine === null) return
  const generator = startProgram(scope, 'generator/main.js', ['--interval', '1s'], engine.env)
  await generator.logged(({ event }) => event === 'live')
  const deadlineMs = 900
  const service = startService(scope, { ...engine.env, BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: String(deadlineMs) })
  const clients = await open(service, 100)
  await Promise.all(clients.map((client) => client.next('metrics_update', ({ status, seq }) => status === 'fresh' && seq > 5)))
  const arrival = (status: 'stale' | 'fresh') =>
    Promise.all(
      clients.map(async (client) => ({
        update: await client.next('metrics_update', (update) => update.status === status),
        at: Date.now()
      }))
    )
  const last = clients[0]?.received.findLast(({ type }) => type === 'metrics_update') as { nextPollAt: string }
  engine.process?.kill('SIGSTOP')
  const stale = await arrival('stale')
  const askedAt = Date.parse(last.nextPollAt)
  report(
    'frozen: from the poll that hangs to the last client told stale',
    `${Math.max(...stale.map(({ at }) => at)) - askedAt} ms`,
    `<= ${deadlineMs + 500} ms`
  )
  await sleep(seconds)
  engine.process?.kill('SIGCONT')
  const thawedAt = Date.now()
  const fresh = await arrival('fresh')
  report(
    `thawed after ${seconds} s: to the last client told fresh`,
    `${Math.max(...fresh.map(({ at }) => at)) - thawedAt} ms`,
    '<= 1 tick (1000 ms) and its query'
  )
  await stop(service, generator)
}

/** What clients are told when the service is killed and comes back. */
export async function killed (): Promise<void> {
  const engine = await database('popcast killed')
  if (engine === null) return
  await writeLines(engine, [`cold_start_metrics,pop_code=fra1,function_name=auth cold_start_time_ms=5 ${Date.now()}`])
  const pace = { ...engine.env, BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900' }
  const first = startService(scope, pace)
  const clients = await open(first, 500)
  const { epoch, seq } = await (clients[0] as TestClient).next('metrics_update')
  const port = await portOf(first)
  first.child.kill('SIGKILL')
  await first.exit
  const before = await countQueries(engine)
  const startedAt = performance.now()
  const second = startService(scope, { ...pace, PORT: String(port) })
  const back = await open(second, 500, `?epoch=${epoch}&seq=${seq}`)
  const told = await Promise.all(back.map((client) => client.next('subscription_confirmed')))
  await Promise.all(back.map((client) => client.next('metrics_update')))
  report('killed with -9: to 500 clients back with the whole state', `${Math.round(performance.now() - startedAt)} ms`, '')
  report(
    'killed with -9: clients told the new epoch',
    `${told.filter((message) => message.epoch !== epoch && message.recovered === false).length} of 500`,
    '500 of 500'
  )
  const last = await (back[0] as TestClient).next('metrics_update', (update) => update.seq >= 5)
  const beyond = await countQueries(engine) - before - last.seq
  report(
    `killed with -9: queries beyond one per tick in ${last.seq} ticks`,
    String(beyond),
    '0, and up to 3 for baselines and places'
  )
  await stop(second)
}
