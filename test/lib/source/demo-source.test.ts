import t from 'tap'
import { DemoSource, type DemoSourceOptions } from '../../../lib/source/demo-source.ts'
import { groupByPop } from '../../../lib/fleet/pop.ts'
import { RegressionDetector } from '../../../lib/fleet/regression-detector.ts'
import { medianAndLowerQuartile } from '../../../lib/source/statistics.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const START = Date.UTC(2026, 0, 1)
const MINUTE_MS = 60_000

function setUp (options: Partial<DemoSourceOptions> = {}) {
  const clock = new FakeClock(START + 7_500)
  const source = new DemoSource({ pops: 20, seed: 1, overviewWindowMs: 600_000, clock, ...options })
  return { clock, source }
}

t.test('readings of every function of every PoP', async (t) => {
  const { source } = setUp()
  t.equal(source.kind, 'demo')
  const { readings, baselines } = await source.collect()
  t.equal(readings.length, 100)
  t.equal(new Set(readings.map(({ pop, functionName }) => `${pop} ${functionName}`)).size, 100)
  t.strictSame([...new Set(readings.map(({ recentCount }) => recentCount))], [12], '2 min of samples 10 s apart')
  t.strictSame(readings.filter(({ value, recentMean }) => !(value > 1 && recentMean > 1)), [])
  t.equal(baselines.size, 20)
  t.strictSame(
    [...new Set([...baselines.values()].map(({ day }) => day?.count))],
    [150],
    '15 min of samples 30 s apart, 5 functions'
  )
  t.strictSame(
    [...baselines.values()].filter(
      ({ day, hour }) => hour !== undefined || !(day !== undefined && day.center > 1 && day.deviation > 0)
    ),
    []
  )
})

t.test('the baseline is the statistics of what was yesterday', async (t) => {
  const { source, clock } = setUp({ pops: 1 })
  const { baselines } = await source.collect()
  // Yesterday's readings, seen as they were then: 30 s apart, from 7.5 min before to 7.5 min after.
  const now = clock.now()
  const values: number[] = []
  for (
    let time = Math.ceil((now - 24.125 * 60 * MINUTE_MS) / 30_000) * 30_000;
    time < now - 23.875 * 60 * MINUTE_MS;
    time += 30_000
  ) {
    clock.setWall(time)
    values.push(...(await source.collect()).readings.map(({ value }) => value))
  }
  const { day } = baselines.get('fra1') ?? {}
  t.strictSame(day, medianAndLowerQuartile(values))
})

t.test('the same seed gives the same numbers, another seed others', async (t) => {
  const [first, same, other] = await Promise.all([1, 1, 2].map((seed) => setUp({ seed }).source.collect()))
  t.strictSame(first, same)
  t.strictSame(first?.readings.filter(({ value }, index) => value === other?.readings[index]?.value), [])
})

t.test('what is asked for is measured that moment', async (t) => {
  const { source, clock } = setUp({ pops: 2 })
  for (const wait of [0, 1, 499, 60_000]) {
    await clock.advance(wait)
    t.strictSame([...new Set((await source.collect()).readings.map(({ time }) => time))], [clock.now()])
  }
})

t.test('baselines are worked out every 5 min', async (t) => {
  const { source, clock } = setUp({ pops: 2 })
  const { baselines } = await source.collect()
  await clock.advance(5 * MINUTE_MS - 1)
  t.equal((await source.collect()).baselines, baselines)
  await clock.advance(1)
  const next = (await source.collect()).baselines
  t.not(next, baselines)
  t.notSame(next, baselines)
})

t.test('in a day some PoPs regress, most do not, and they recover', async (t) => {
  const { source, clock } = setUp()
  const detector = new RegressionDetector()
  const counts: number[] = []
  for (let minute = 0; minute < 24 * 60; minute++) {
    const { readings, baselines } = await source.collect()
    detector.update(groupByPop(readings), baselines)
    counts.push(detector.regressions)
    await clock.advance(MINUTE_MS)
  }
  const regressed = counts.filter((count) => count > 0).length
  t.ok(regressed > 100, `${regressed} of 1,440 min had a regression`)
  t.ok(regressed < 1_340, `${regressed} of 1,440 min had a regression`)
  t.ok(Math.max(...counts) <= 10, `at most ${Math.max(...counts)} of 20 at once`)
})

t.test('2,000 PoPs', async (t) => {
  const { readings, baselines } = await setUp({ pops: 2_000 }).source.collect()
  t.equal(readings.length, 10_000)
  t.equal(baselines.size, 2_000)
})

t.test('ping and close have nothing to do', async (t) => {
  const { source } = setUp({ pops: 1 })
  await t.resolves(source.ping())
  await t.resolves(source.close())
})
