import type { Test } from 'tap'
import { build, called } from './app.ts'
import type { PopsUpdateMessage } from '../../lib/protocol/server-messages.ts'
import { SimulatedFleet } from '../../lib/simulation/fleet.ts'
import { startProgram } from './service.ts'
import { understands } from './engine-data.ts'
import { countQueries, writeLines, type Engine } from './influxd.ts'
import { withEngine } from './with-engine.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const FUNCTIONS = ['auth', 'images', 'rewrite', 'search', 'render']
// A real query takes longer than the demo's.
const PACE = { BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900', PING_INTERVAL_MS: '60000' }

/** Runs the whole service against a real InfluxDB: see `withEngine`. */
export function exerciseEngine (queryLanguage: 'influxql' | 'flux', missing: string | null, start: () => Promise<Engine>): void {
  withEngine(queryLanguage, queryLanguage, missing, start, async (t, engine) => {
    t.comment(`engine exercised: ${engine.name}`)
    await readsWhatWasWritten(t, engine)
    await readsWhatIsGenerated(t, engine)
    await opensAndResolvesRegressions(t, engine)
    await queriesOncePerTick(t, engine)
    if (engine.process !== null) {
      await survivesAFrozenDatabase(t, engine)
      await survivesAStoppedDatabase(t, engine)
    }
    await refusesAWrongToken(t, engine)
    await understands(t, engine)
  })
}

function readsWhatWasWritten (t: Test, engine: Engine) {
  return t.test('a client sees the numbers that were written', async (t) => {
    const measurement = 'numbers'
    const now = Date.now()
    await writeLines(engine, [
      // fra1: functions at 4 and 6 -> 5, healthy. Older samples of the same functions do not count.
      point(measurement, 'fra1', 'auth', 4, now - 5 * SECOND), point(measurement, 'fra1', 'auth', 90, now - 15 * SECOND),
      point(measurement, 'fra1', 'render', 6, now - 4 * SECOND),
      // ams1: one function only, 20 -> not healthy.
      point(measurement, 'ams1', 'auth', 20.5, now - 60 * SECOND),
      // lhr1: reported last 11 min ago -> does not count.
      point(measurement, 'lhr1', 'auth', 1, now - 11 * MINUTE)
    ])
    const { connect } = await build(t, { ...PACE, ...engine.env, INFLUXDB_MEASUREMENT: measurement })
    const client = await connect()
    t.equal((await client.next('welcome')).source, 'influxdb')
    const update = await client.next('metrics_update')
    t.strictSame(update.data, { totalPops: 2, healthyPops: 1, averageColdStart: 12.75, regressions: 0 })
    t.equal(update.silentPops, 1, 'what has not reported for two and a half intervals is not healthy')
    t.equal(update.dataTime, new Date(now - 4 * SECOND).toISOString())
    t.equal(update.status, 'fresh', 'its interval is 10 s, whatever ours is')
    await writeLines(engine, [point(measurement, 'fra1', 'auth', 5, Date.now())])
    t.match(await client.next('metrics_update', ({ data }) => data.averageColdStart === 13), {
      data: { healthyPops: 1, averageColdStart: 13 },
      silentPops: 1,
      status: 'fresh'
    })
    client.send({ type: 'subscribe', topics: ['pops'], pops: ['ams1'] })
    const { data } = await client.next('pops_update')
    t.strictSame(
      data,
      {
        pops: [
          {
            code: 'ams1',
            ...{ city: null, country: null, tier: null, latitude: null, longitude: null },
            ...{ baselineMs: null, baselineLowMs: null, baselineHighMs: null },
            ...{
              coldStartMs: 20.5,
              healthy: false,
              status: 'silent',
              regression: 'not_enough_data',
              sampleTime: new Date(now - 60 * SECOND).toISOString()
            }
          }
        ]
      },
      'samples that do not say where the PoP stands'
    )
  })
}

function readsWhatIsGenerated (t: Test, engine: Engine) {
  return t.test('the generator writes, popcast reads: the same numbers, and the regression that was asked for', async (t) => {
    const measurement = 'generated'
    const env = { ...engine.env, INFLUXDB_MEASUREMENT: measurement }
    // Twenty times slower: enough to stand out of the two minutes before within seconds.
    const generator = startProgram(
      t,
      'generator/main.js',
      ['--pops', '5', '--seed', '7', '--interval', '1s', '--backfill', '20m', '--regress', 'ams1:20'],
      env
    )
    await generator.logged(({ event }) => event === 'live')
    const { connect } = await build(t, { ...PACE, ...env })
    const client = await connect()
    const { data, dataTime } = await client.next('metrics_update', ({ dataTime }) => dataTime !== null)
    t.equal(data.totalPops, 5)
    const fleet = new SimulatedFleet({ pops: 5, seed: 7, randomIncidents: false })
    const time = Date.parse(dataTime as string)
    const expected = (factor: number) => mean(fleet.pops.map(({ code }, pop) =>
      mean(fleet.functions.map((_, index) => fleet.coldStartMs(pop, index, time))) * (code === 'ams1' ? factor : 1)))
    // The newest sample is the last of the history or the first of the slow ones.
    const [before, during] = [expected(1), expected(20)]
    t.ok(
      [before, during].some((value) => Math.abs(data.averageColdStart - value) < 0.01),
      `${data.averageColdStart} is ${before} or ${during}`
    )
    client.send({ type: 'subscribe', topics: ['alerts', 'pops'], pops: { country: ['NL'] } })
    // Coordinates are asked for beside the ticks.
    const hasPlace = ({ data }: PopsUpdateMessage) => 'pops' in data && data.pops.every(({ latitude }) => latitude !== null)
    t.match((await client.next('pops_update', hasPlace)).data, {
      pops: [{ code: 'ams1', city: 'Amsterdam', country: 'NL', tier: '1', latitude: 52.37, longitude: 4.9 }]
    })
    t.match(await client.next('alert'), { data: { pop: 'ams1', state: 'opened' } })
    generator.child.kill('SIGINT')
    t.strictSame(await generator.exit, { code: 0, signal: null })
    t.match(await generator.logged(({ event }) => event === 'stopped'), { level: 30 })
  })
}

function opensAndResolvesRegressions (t: Test, engine: Engine) {
  const cases = [
    { name: 'against 24 h earlier', ago: 24 * HOUR - 5 * MINUTE },
    { name: 'against the last hour', ago: 20 * MINUTE }
  ]
  return t.test('a regression opens and resolves when the database says so', async (t) => {
    for (const [index, { name, ago }] of cases.entries()) {
      t.test(name, async (t) => {
        const measurement = `regressions ${index}`
        const now = Date.now()
        const series = (pop: string, end: number, value: number) =>
          FUNCTIONS.flatMap((functionName) =>
            Array.from({ length: 10 }, (_, step) =>
              point(measurement, pop, functionName, value + (step % 2) * 0.2, end - step * 10 * SECOND)
            )
          )
        const recent = (value: number) => writeLines(engine, series('fra1', now - 5 * SECOND, value))
        await writeLines(engine, [
          ...series('fra1', now - ago, 5),
          ...series('ams1', now - ago, 5),
          ...series('ams1', now - 5 * SECOND, 5)
        ])
        await writeLines(engine, [point(measurement, 'syd1', 'auth', 50, now - SECOND)])
        await recent(5)
        const { connect } = await build(t, { ...PACE, ...engine.env, INFLUXDB_MEASUREMENT: measurement })
        const client = await connect()
        const first = await client.next('metrics_update')
        t.equal(first.data.totalPops, 3)
        t.equal(first.data.regressions, 0, 'syd1 has no baseline: not enough data is no regression')
        const ticksUntil = async (regressions: number, value: number) => {
          for (let ticks = 1; ; ticks++) {
            await writeLines(engine, FUNCTIONS.map((functionName) => point(measurement, 'fra1', functionName, value, Date.now())))
            const { data } = await client.next('metrics_update')
            if (data.regressions === regressions) return ticks
          }
        }
        t.ok(await ticksUntil(1, 15) <= 4, 'opened at the second new sample')
        t.ok(await ticksUntil(0, 5) <= 4, 'resolved at the second one again')
      })
    }
  })
}

function queriesOncePerTick (t: Test, engine: Engine) {
  return t.test('the database sees one query per tick, whatever the number of clients, and none without', async (t) => {
    const { app, connect, logged } = await build(t, {
      ...PACE,
      ...engine.env,
      BROADCAST_INTERVAL_MS: '500',
      QUERY_TIMEOUT_MS: '450'
    })
    const before = await countQueries(engine)
    await called(app.tickMaker, 'probe', 3)
    t.equal(await countQueries(engine), before, 'none without clients')

    const first = await connect()
    await first.next('metrics_update', ({ seq }) => seq === 3)
    const clients = await Promise.all(Array.from({ length: 100 }, () => connect()))
    await Promise.all(clients.map((client) => client.next('metrics_update', ({ seq }) => seq === 6)))
    await Promise.all([first, ...clients].map((client) => client.close()))
    await logged('disconnect', ({ remaining }) => remaining === 0)
    await called(app.tickMaker, 'probe', 1)
    const beside = await countQueries(engine) - before - app.view.seq
    t.ok(beside <= 20, `one per tick, and at first ${beside} beside it: the window, what is usual, and why there is nothing`)
  })
}

function survivesAFrozenDatabase (t: Test, engine: Engine) {
  return t.test('a frozen database is told within the deadline, and its thaw within one tick', async (t) => {
    const { app, connect, lines, logged } = await build(t, { ...PACE, ...engine.env })
    const client = await connect()
    await client.next('metrics_update')
    engine.process?.kill('SIGSTOP')
    const error = await client.next('error')
    t.match(error, { code: 'SOURCE_TIMEOUT', retryable: true, retryAfterMs: 1_000 })
    t.equal((await app.inject('/health')).json().status, 'degraded')
    engine.process?.kill('SIGCONT')
    await client.next('metrics_update')
    await logged('source_recovered')
    t.equal((await app.inject('/health')).json().services.influxdb.healthy, true)
    t.equal(lines.filter(({ event, level }) => event === 'source_failed' && Number(level) === 40).length, 1, 'said once')
  })
}

function survivesAStoppedDatabase (t: Test, engine: Engine) {
  return t.test('a stopped database: clients are told, new ones get what is known, recovery by itself', async (t) => {
    const measurement = 'stopped'
    await writeLines(engine, [point(measurement, 'fra1', 'auth', 4, Date.now())])
    const { connect, logged } = await build(t, { ...PACE, ...engine.env, INFLUXDB_MEASUREMENT: measurement })
    const client = await connect()
    await client.next('metrics_update')
    engine.process?.kill('SIGKILL')
    const error = await client.next('error')
    t.match(error, { code: 'SOURCE_UNAVAILABLE', retryable: true, ageMs: Number, dataTime: String })
    t.notMatch(JSON.stringify(error), /ECONN|127\.0\.0\.1/, 'nothing of the database reaches a client')

    const late = await connect()
    await late.next('welcome')
    t.match(await late.next('metrics_update'), { status: 'stale', data: { totalPops: 1 } })
    t.match(await late.next('error'), { code: 'SOURCE_UNAVAILABLE' })

    await engine.restart()
    await Promise.all([client, late].map((each) => each.next('metrics_update')))
    t.match(await logged('source_recovered'), { failures: Number, downMs: Number })
  })
}

function refusesAWrongToken (t: Test, engine: Engine) {
  return t.test('a wrong token is said in the log and in health, never shown', async (t) => {
    const { app, connect, lines } = await build(t, { ...PACE, ...engine.env, INFLUXDB_TOKEN: 'admin:wrong-and-secret' })
    const client = await connect()
    t.equal((await client.next('error')).code, 'SOURCE_UNAVAILABLE')
    t.equal((await app.inject('/health')).json().services.influxdb.failure, 'unauthorized')
    t.notMatch(JSON.stringify(lines), 'wrong-and-secret')
  })
}

function point (measurement: string, pop: string, functionName: string, value: number, time: number): string {
  return `${measurement.replaceAll(' ', '\\ ')},pop_code=${pop},function_name=${functionName} cold_start_time_ms=${value} ${time}`
}

function mean (values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
