import t, { type Test } from 'tap'
import type { InfluxQueries } from '../../../lib/source/influx-queries.ts'
import { InfluxSource } from '../../../lib/source/influx-source.ts'
import { timeRanges, type Place, type TimeRange, type WindowStatistics } from '../../../lib/source/source.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { failureOf } from '../../support/fake-influx-server.ts'
import { FakeLog } from '../../support/fake-log.ts'
import { deferred, reading } from '../../support/fake-source.ts'
import { setUp as setUpConnection } from '../../support/influx-connections.ts'
import { SourceError } from '../../../lib/source/source-error.ts'

const MINUTE_MS = 60_000
const OVERVIEW_WINDOW_MS = 600_000

const FRANKFURT: Place = { city: 'Frankfurt', country: 'DE', tier: '1', latitude: 50.11, longitude: 8.68 }

const statistics = (mean: number, count = 450): WindowStatistics => ({ count, center: mean, deviation: 1 })
const baselineOf = (mean: number, count?: number) => new Map([['fra1', statistics(mean, count)]])

/** A source over queries that the test answers, and what they were asked. */
async function setUp (t: Test) {
  const { influx, connection } = await setUpConnection(t, { token: 'user:hunter2' })
  const clock = new FakeClock()
  const log = new FakeLog()
  const ranges = timeRanges(clock.now(), OVERVIEW_WINDOW_MS)
  const asked: Array<[question: string, ...ranges: TimeRange[]]> = []
  const placesAsked: TimeRange[] = []
  const answers = {
    readings: async () => [reading({})],
    day: async () => baselineOf(5),
    hour: async () => baselineOf(6),
    places: async () => new Map([['fra1', FRANKFURT]])
  }
  const queries: InfluxQueries = {
    readings (overview, recent) {
      asked.push(['readings', overview, recent])
      return answers.readings()
    },
    baseline (range) {
      // The hour before is the only window that is an hour long.
      const kind = range.stop - range.start === 60 * MINUTE_MS ? 'hour' : 'day'
      asked.push([kind, range])
      return answers[kind]()
    },
    places (range) {
      placesAsked.push(range)
      return answers.places()
    }
  }
  const source = new InfluxSource({ connection, queries, overviewWindowMs: OVERVIEW_WINDOW_MS, clock, log })
  const questions = () => asked.map(([question]) => question)
  return { influx, clock, log, ranges, asked, placesAsked, questions, answers, source }
}

t.test('collect', async (t) => {
  const { source, asked, ranges } = await setUp(t)
  t.equal(source.kind, 'influxdb')
  t.strictSame(await source.collect(), {
    readings: [reading({})],
    baselines: new Map([['fra1', { day: statistics(5) }]]),
    places: new Map([['fra1', FRANKFURT]])
  })
  t.strictSame(asked, [['readings', ranges.overview, ranges.recent], ['day', ranges.day]])
})

t.test('the hour is asked for only by those that lack the day', async (t) => {
  const day = statistics(5)
  const hour = statistics(6)
  const cases: Array<{ name: string, pops: string[], days: Map<string, WindowStatistics>, asks: string[], fra1: unknown }> = [
    { name: 'enough', pops: ['fra1'], days: baselineOf(5, 10), asks: ['readings', 'day'], fra1: { day: statistics(5, 10) } },
    {
      name: 'too few',
      pops: ['fra1'],
      days: baselineOf(5, 9),
      asks: ['readings', 'day', 'hour'],
      fra1: { day: statistics(5, 9), hour }
    },
    { name: 'none', pops: ['fra1'], days: new Map(), asks: ['readings', 'day', 'hour'], fra1: { hour } },
    {
      name: 'a second PoP is new',
      pops: ['fra1', 'ams1'],
      days: baselineOf(5),
      asks: ['readings', 'day', 'hour'],
      fra1: { day, hour }
    },
    { name: 'no PoP is there', pops: [], days: new Map(), asks: ['readings', 'day'], fra1: undefined }
  ]
  for (const { name, pops, days, asks, fra1 } of cases) {
    const { source, answers, questions, asked, ranges } = await setUp(t)
    answers.readings = async () => pops.map((pop) => reading({ pop }))
    answers.day = async () => days
    const { baselines } = await source.collect()
    t.strictSame(questions(), asks, name)
    t.strictSame(baselines.get('fra1'), fra1, name)
    if (asks.includes('hour')) t.strictSame(asked[2], ['hour', ranges.hour], name)
  }
})

t.test('readings without a PoP do not ask for the hour', async (t) => {
  const { source, answers, questions } = await setUp(t)
  answers.readings = async () => [reading({}), reading({ pop: '' })]
  await source.collect()
  t.strictSame(questions(), ['readings', 'day'])
})

t.test('one query per collect; baselines every 5 min', async (t) => {
  const { source, questions, clock, answers } = await setUp(t)
  for (let tick = 0; tick < 60; tick++) {
    answers.day = async () => baselineOf(tick)
    const { baselines } = await source.collect()
    t.strictSame(baselines.get('fra1'), { day: statistics(tick < 30 ? 0 : 30) }, `tick ${tick}`)
    await clock.advance(10_000)
  }
  t.equal(questions().filter((question) => question === 'readings').length, 60)
  t.equal(questions().length, 62)
})

t.test('a jump of the wall clock does not bring baselines sooner', async (t) => {
  const { source, questions, clock } = await setUp(t)
  await source.collect()
  clock.setWall(clock.now() + 24 * 60 * MINUTE_MS)
  await source.collect()
  t.strictSame(questions(), ['readings', 'day', 'readings'])
})

t.test('failed readings reject, and the baselines are not asked for', async (t) => {
  const cases: Array<[name: string, error: unknown, reason: string, message: string]> = [
    ['a SourceError as it is', new SourceError('unauthorized', 'no'), 'unauthorized', 'no'],
    ['no JSON', new SyntaxError('Unexpected end'), 'bad_answer', 'the answer is not JSON'],
    ['anything else, without secrets', new Error('bad header hunter2'), 'unavailable', 'bad header ***']
  ]
  for (const [name, error, reason, message] of cases) {
    const { source, answers, questions } = await setUp(t)
    answers.readings = () => Promise.reject(error)
    const failure = await failureOf(source.collect())
    t.strictSame([failure.reason, failure.message], [reason, message], name)
    answers.readings = async () => [reading({})]
    await source.collect()
    t.strictSame(questions(), ['readings', 'readings', 'day'], name)
  }
})

t.test('failed baselines: the old ones serve on, and the next try is a minute later', async (t) => {
  for (const failing of ['day', 'hour'] as const) {
    const { source, answers, questions, clock, log } = await setUp(t)
    const day = async (mean: number) => (await source.collect()).baselines.get('fra1')?.day?.center === mean
    t.ok(await day(5), failing)
    await clock.advance(5 * MINUTE_MS)
    answers.day = async () => baselineOf(7, 9)
    answers[failing] = () => Promise.reject(new SourceError('timeout', 'late'))
    t.ok(await day(failing === 'day' ? 5 : 7), `${failing}: what there is`)
    t.strictSame(log.of('baselines_failed'), [
      {
        event: 'baselines_failed',
        reason: 'timeout',
        detail: 'late',
        retryInMs: MINUTE_MS,
        level: 'warn',
        message: 'baseline query failed'
      }
    ])
    answers.day = async () => baselineOf(8)
    await clock.advance(MINUTE_MS - 1)
    t.ok(await day(failing === 'day' ? 5 : 7), `${failing}: not yet`)
    const soFar = questions().length
    await clock.advance(1)
    t.ok(await day(8), `${failing}: new ones`)
    await clock.advance(5 * MINUTE_MS - 1)
    await source.collect()
    t.strictSame(questions().slice(soFar), ['readings', 'day', 'readings'], `${failing}: and then every 5 min again`)
  }
})

t.test('baselines that take long do not hold the readings up, and serve as soon as they are there', async (t) => {
  const { source, answers, clock } = await setUp(t)
  const late = deferred<Map<string, WindowStatistics>>()
  answers.day = () => late.promise
  const collected = source.collect()
  await clock.advance(1_000)
  t.strictSame(await collected, { readings: [reading({})], baselines: new Map(), places: new Map([['fra1', FRANKFURT]]) })
  late.resolve(baselineOf(7))
  await settle()
  t.equal((await source.collect()).baselines.get('fra1')?.day?.center, 7)
})

t.test('the first baselines failed: there are none, and the readings are there', async (t) => {
  const { source, answers } = await setUp(t)
  answers.day = () => Promise.reject(new SourceError('unavailable', 'down'))
  t.strictSame(await source.collect(), { readings: [reading({})], baselines: new Map(), places: new Map([['fra1', FRANKFURT]]) })
})

t.test('ping and close are the connection\'s', async (t) => {
  const { source, influx } = await setUp(t)
  await source.ping()
  t.strictSame(influx.requests.map(({ path }) => path), ['/ping'])
  await source.close()
  t.equal((await failureOf(source.ping())).message, 'the connection is closed')
})

t.test('places are asked for every 5 min, and sooner where a PoP is new, but not every tick', async (t) => {
  const { source, answers, placesAsked, ranges, clock } = await setUp(t)
  await source.collect()
  t.strictSame(placesAsked, [ranges.overview])
  await clock.advance(MINUTE_MS)
  await source.collect()
  t.equal(placesAsked.length, 1, 'every place is known')
  answers.readings = async () => [reading({}), reading({ pop: 'ams1' }), reading({ pop: '' })]
  await source.collect()
  t.equal(placesAsked.length, 2, 'a PoP is new')
  await clock.advance(MINUTE_MS - 1)
  await source.collect()
  t.equal(placesAsked.length, 2, 'its samples do not say where it stands')
  await clock.advance(1)
  await source.collect()
  t.equal(placesAsked.length, 3)
  answers.readings = async () => [reading({})]
  await clock.advance(5 * MINUTE_MS - 1)
  await source.collect()
  t.equal(placesAsked.length, 3)
  await clock.advance(1)
  await source.collect()
  t.equal(placesAsked.length, 4)
})

t.test('failed places: the old ones serve on, and the next try is a minute later', async (t) => {
  const { source, answers, placesAsked, clock, log } = await setUp(t)
  await source.collect()
  await clock.advance(5 * MINUTE_MS)
  answers.places = () => Promise.reject(new SourceError('timeout', 'late'))
  t.strictSame((await source.collect()).places.get('fra1'), FRANKFURT)
  t.strictSame(log.of('places_failed'), [
    {
      event: 'places_failed',
      reason: 'timeout',
      detail: 'late',
      retryInMs: MINUTE_MS,
      level: 'warn',
      message: 'query for places failed'
    }
  ])
  await clock.advance(MINUTE_MS - 1)
  await source.collect()
  t.equal(placesAsked.length, 2)
  await clock.advance(1)
  await source.collect()
  t.equal(placesAsked.length, 3)
})
