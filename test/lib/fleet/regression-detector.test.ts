import t from 'tap'
import { MIN_RELATIVE_DEVIATION, MOST_INCREASE, MOST_Z, valuesCompared } from '../../../lib/fleet/comparison.ts'
import {
  CRITICAL_ABOVE_Z,
  CRITICAL_UNTIL_Z,
  OPEN_ABOVE_Z,
  RegressionDetector,
  RESOLVE_BELOW_INCREASE,
  RESOLVE_BELOW_Z,
  type Assessment
} from '../../../lib/fleet/regression-detector.ts'
import { SummaryStore } from '../../../lib/fleet/summary-store.ts'
import { fill, popOf, TICK_MS } from '../../support/points.ts'

const NOW = Date.UTC(2026, 0, 15, 12)
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A detector that knows these days; by default one with a median of 100 and a deviation of 10. */
function setUp (
  days: Record<number, { center: number; deviation: number }> = { 1: { center: 100, deviation: 10 } },
  minDeviationMs = 0
) {
  const store = new SummaryStore()
  for (const [day, { center, deviation }] of Object.entries(days).reverse()) {
    fill(
      store,
      'fra1',
      NOW - Number(day) * DAY_MS - 20 * MINUTE_MS,
      NOW - Number(day) * DAY_MS + 20 * MINUTE_MS,
      center,
      deviation
    )
  }
  return { store, detector: new RegressionDetector({ store, newNormalAfterMs: DAY_MS, minDeviationMs }) }
}

const steady = (value: number) => Array.from({ length: 16 }, () => value)

/** `regressed` with its severity, or the other state. */
function stateOf (assessment: Assessment | undefined): string | undefined {
  return assessment?.state === 'regressed' ? assessment.severity : assessment?.state
}

t.test('thresholds', async (t) => {
  t.strictSame(
    { OPEN_ABOVE_Z, CRITICAL_ABOVE_Z, CRITICAL_UNTIL_Z, RESOLVE_BELOW_Z, RESOLVE_BELOW_INCREASE, MIN_RELATIVE_DEVIATION },
    {
      OPEN_ABOVE_Z: 2.5,
      CRITICAL_ABOVE_Z: 3.5,
      CRITICAL_UNTIL_Z: 3,
      RESOLVE_BELOW_Z: 1.5,
      RESOLVE_BELOW_INCREASE: 0.1,
      MIN_RELATIVE_DEVIATION: 0.15
    }
  )
})

t.test('one assessment', async (t) => {
  const cases: Array<{ value: number, state: string }> = [
    { value: 50, state: 'normal' },
    { value: 100, state: 'normal' },
    { value: 137, state: 'normal' },
    { value: 138, state: 'warning' },
    { value: 152, state: 'warning' },
    { value: 153, state: 'critical' },
    { value: 1e308, state: 'critical' }
  ]
  for (const { value, state } of cases) {
    const { assessments } = setUp().detector.update([popOf(steady(value), NOW)])
    t.equal(stateOf(assessments[0]), state, String(value))
  }
})

t.test('a comparison tells what was compared with what', async (t) => {
  const { assessments } = setUp().detector.update([popOf(steady(150), NOW)])
  t.match(assessments, [
    {
      state: 'regressed',
      comparison: {
        recentMs: 150,
        baselineMs: 100,
        baselineKind: 'day',
        baselineDays: 1,
        increase: 0.5,
        samples: { recent: 15, baseline: 90 }
      }
    }
  ])
  const { zScore = 0 } = assessments[0]?.state === 'regressed' ? assessments[0].comparison : {}
  t.ok(Math.abs(zScore - 10 / 3) < 0.05, String(zScore))
})

t.test('not enough data is a state of its own', async (t) => {
  const { detector } = setUp()
  const few = { 5: 2, 2: 4, 1: 10 }
  for (const [functions, points] of Object.entries(few)) {
    const pop = popOf(steady(500).slice(-points), NOW, { functions: Number(functions) })
    t.equal(stateOf(detector.update([pop]).assessments[0]), 'not_enough_data', `${points} values of ${functions} functions`)
  }
  t.equal(stateOf(setUp({}).detector.update([popOf(steady(500), NOW)]).assessments[0]), 'not_enough_data', 'no baseline')
  t.strictSame([5, 4, 3, 2, 1].map(valuesCompared), [3, 3, 5, 5, 11])
})

t.test('a rhythm of its own: one function every 60 s has regressions too', async (t) => {
  const { detector } = setUp()
  const pop = popOf(steady(200), NOW, { functions: 1, intervalMs: MINUTE_MS })
  t.equal(stateOf(detector.update([pop]).assessments[0]), 'critical')
})

t.test('values from before a silence are not recent', async (t) => {
  const { detector } = setUp()
  const pop = popOf(steady(200), NOW)
  const apart = pop.points.map((point, index) => index < 14 ? { ...point, time: point.time - HOUR_MS } : point)
  t.equal(stateOf(detector.update([{ ...pop, points: apart }]).assessments[0]), 'not_enough_data')
})

t.test('the floors under the deviation', async (t) => {
  const cases = [
    { name: 'relative', center: 100, minDeviationMs: 0, below: 137, above: 138 },
    { name: 'absolute', center: 2, minDeviationMs: 0.5, below: 3.2, above: 3.3 },
    { name: 'absolute at a median of 0', center: 0, minDeviationMs: 0.5, below: 1.2, above: 1.3 }
  ]
  for (const { name, center, minDeviationMs, below, above } of cases) {
    const { detector } = setUp({ 1: { center, deviation: 0 } }, minDeviationMs)
    t.equal(stateOf(detector.update([popOf(steady(below), NOW)]).assessments[0]), 'normal', name)
    t.not(stateOf(detector.update([popOf(steady(above), NOW)]).assessments[0]), 'normal', name)
  }
})

t.test('whatever the numbers are, what is told of them is finite', async (t) => {
  for (const [center, value] of [[0, 1], [0, 0], [-5, 5], [1e-300, 1], [1e30, 1e300]] as const) {
    const { assessments } = setUp({ 1: { center, deviation: 0 } }).detector.update([popOf(steady(value), NOW)])
    const { zScore, increase } = assessments[0]?.state === 'not_enough_data' || assessments[0] === undefined
      ? { zScore: NaN, increase: NaN }
      : assessments[0].comparison
    t.ok(Math.abs(zScore) <= MOST_Z && Math.abs(increase) <= MOST_INCREASE, `${value} against ${center}: ${zScore}, ${increase}`)
    t.equal(JSON.parse(JSON.stringify({ zScore })).zScore, zScore)
  }
})

t.test('one bad day among several moves nothing', async (t) => {
  const good = { center: 100, deviation: 10 }
  const bad = { center: 300, deviation: 60 }
  for (const days of [
    [bad, good],
    [good, bad, good],
    [bad, good, good, good]
  ]) {
    const { assessments } = setUp(Object.fromEntries(days.map((day, index) => [index + 1, day]))).detector.update([
      popOf(steady(200), NOW)
    ])
    t.equal(stateOf(assessments[0]), 'critical', JSON.stringify(days))
  }
})

t.test('weekdays and weekends: slower than usual for a day, and than the same weekday', async (t) => {
  const weekend = { center: 100, deviation: 10 }
  const weekday = { center: 160, deviation: 16 }
  const onMonday = { 1: weekend, 2: weekend, 3: weekday, 4: weekday, 5: weekday, 6: weekday, 7: weekday }
  const onTuesdayAfterAHoliday = { 1: weekend, 2: weekend, 3: weekend, 4: weekend, 5: weekday, 6: weekday, 7: weekday }
  for (const days of [onMonday, onTuesdayAfterAHoliday]) {
    t.equal(stateOf(setUp(days).detector.update([popOf(steady(160), NOW)]).assessments[0]), 'normal')
    t.equal(stateOf(setUp(days).detector.update([popOf(steady(320), NOW)]).assessments[0]), 'critical')
  }
  const { detector } = setUp(onTuesdayAfterAHoliday)
  t.match(detector.update([popOf(steady(320), NOW)]).assessments, [{ comparison: { baselineKind: 'week', baselineMs: 160 } }])
})

t.test('of few points the deviation is not known well: as much noise as it may have is none', async (t) => {
  const store = new SummaryStore()
  // Six points in all of yesterday: a deviation of 4 may be one of 12.
  for (const start of [-10, -5, 0, 5]) {
    store.take('fra1', NOW - DAY_MS + start * MINUTE_MS, [96, 100, 104].map((value) => ({ time: 0, value, samples: 1 })))
  }
  fill(store, 'fra1', NOW - 70 * MINUTE_MS, NOW - 10 * MINUTE_MS, 100, 12)
  const detector = new RegressionDetector({ store, newNormalAfterMs: DAY_MS, minDeviationMs: 0 })
  t.equal(stateOf(detector.update([popOf(steady(122), NOW)]).assessments[0]), 'normal')
  t.equal(stateOf(detector.update([popOf(steady(200), NOW)]).assessments[0]), 'critical')
})

t.test('an hour of which only the slow part is known is not taken for what is usual', async (t) => {
  const store = new SummaryStore()
  store.waitForHour()
  const detector = new RegressionDetector({ store, newNormalAfterMs: DAY_MS, minDeviationMs: 0.5 })
  const assessed = (time = NOW) => stateOf(detector.update([popOf(steady(16), time)]).assessments[0])
  fill(store, 'fra1', NOW - 15 * MINUTE_MS, NOW - 5 * MINUTE_MS, 16)
  t.equal(assessed(), 'not_enough_data')
  fill(store, 'fra1', NOW - 70 * MINUTE_MS, NOW - 15 * MINUTE_MS, 4)
  for (const { slots } of store.wanted(NOW + 10_000)) for (const { start } of slots) store.markKnown(start)
  t.equal(assessed(NOW + 10_000), 'critical')
  t.match(detector.open, [{ comparison: { baselineKind: 'hour' }, since: NOW - 15 * MINUTE_MS }])
  t.ok(detector.open[0]!.comparison.baselineMs < 4.5)
})

t.test('since when it is slow is told also where single values do not go back so far', async (t) => {
  const rows = [
    { name: 'all of it', known: [[30, 5, 200]], since: 30 },
    { name: 'the newest five minutes are not known yet', known: [[30, 10, 200]], since: 30 },
    { name: 'it was well meanwhile', known: [[50, 40, 200], [40, 20, 100], [20, 5, 200]], since: 20 },
    { name: 'nothing is known of the time between', known: [[35, 30, 200], [15, 5, 200]], since: 15 }
  ] as const
  for (const { name, known, since } of rows) {
    const { store, detector } = setUp()
    for (const [from, until, level] of known) fill(store, 'fra1', NOW - from * MINUTE_MS, NOW - until * MINUTE_MS, level)
    detector.update([popOf(steady(200), NOW)])
    t.equal(detector.open[0]?.since, NOW - since * MINUTE_MS, name)
  }
  const { store, detector } = setUp()
  fill(store, 'fra1', NOW - 30 * MINUTE_MS, NOW - 5 * MINUTE_MS, 200)
  detector.update([popOf([...steady(100).slice(8), ...steady(200).slice(8)], NOW)])
  t.equal(detector.open[0]?.since, NOW - 75_000, 'what was well since is the end of it')
})

t.test('what creeps up is found against the first hour that is known, before it has doubled', async (t) => {
  const store = new SummaryStore()
  const detector = new RegressionDetector({ store, newNormalAfterMs: DAY_MS, minDeviationMs: 0.5 })
  const start = NOW
  const level = (time: number) => 10 * (1 + Math.max(0, time - start - 2 * HOUR_MS) / (4 * HOUR_MS))
  let foundAt: number | null = null
  for (let time = start; time < start + 6 * HOUR_MS && foundAt === null; time += 5 * MINUTE_MS) {
    fill(store, 'fra1', time, time + 1, level(time), 1)
    const { events } = detector.update([popOf(steady(level(time)), time + 5 * MINUTE_MS)])
    if (events.length > 0) foundAt = time
  }
  t.ok(foundAt !== null && level(foundAt) < 20 && level(foundAt) > 15, `found at ${level(foundAt ?? 0)} ms`)
  t.match(detector.open, [{ comparison: { baselineKind: 'start', baselineMs: 10 } }])
})

t.test('PoPs are assessed each on its own, in their order', async (t) => {
  const { store, detector } = setUp()
  fill(store, 'ams1', NOW - DAY_MS - 20 * MINUTE_MS, NOW - DAY_MS + 20 * MINUTE_MS, 100, 10)
  const { assessments } = detector.update([
    popOf(steady(100), NOW),
    popOf(steady(200), NOW, { code: 'ams1' }),
    popOf(steady(200), NOW, { code: 'new1' })
  ])
  t.strictSame(assessments.map((assessment) => [assessment.pop, stateOf(assessment)]), [
    ['fra1', 'normal'],
    ['ams1', 'critical'],
    ['new1', 'not_enough_data']
  ])
})

t.test('a level that wanders is given room: as much as it has wandered in the last hours', async (t) => {
  const { store, detector } = setUp()
  for (let slot = 0; slot < 36; slot++) {
    const start = NOW - (38 - slot) * 5 * MINUTE_MS
    fill(store, 'fra1', start, start + 1, 88 + slot % 5 * 6, 2)
  }
  t.equal(stateOf(detector.update([popOf(steady(150), NOW)]).assessments[0]), 'normal')
  t.equal(stateOf(detector.update([popOf(steady(210), NOW)]).assessments[0]), 'critical', 'but not without end')
})

t.test('what is open goes on against what it was told with, where all but that is forgotten', async (t) => {
  const { store, detector } = setUp({})
  fill(store, 'fra1', NOW - HOUR_MS, NOW, 100)
  const [opened] = detector.update([popOf([...steady(100), 400, 400], NOW)]).events
  t.match(opened, { regression: { state: 'opened', comparison: { baselineKind: 'hour', baselineMs: 100 } } })
  const { regressions } = detector.snapshot()
  for (const hours of [1, 5]) {
    const now = NOW + hours * HOUR_MS
    const later = setUp({})
    fill(later.store, 'fra1', now - HOUR_MS, now, 400)
    later.detector.restore({ memories: [], regressions })
    t.strictSame(later.detector.update([popOf(steady(400), now)]).events, [], `slow for ${hours} h`)
    t.match(later.detector.open, [{ id: opened?.regression.id }])
    const { events } = later.detector.update([popOf(steady(104), now + TICK_MS)])
    t.match(events, [{ state: 'resolved', regression: { closeReason: 'recovered' } }])
  }
})

t.test('the line under what goes on so is the one that it was told with', async (t) => {
  for (const value of [114, 116]) {
    const { store, detector } = setUp({})
    fill(store, 'fra1', NOW - HOUR_MS, NOW, 100)
    detector.update([popOf([...steady(100), 400, 400], NOW)])
    const later = setUp({})
    later.detector.restore({ memories: [], regressions: detector.snapshot().regressions })
    const both = [detector, later.detector].map((one) => one.update([popOf(steady(value), NOW + 16 * TICK_MS)]).events.length)
    t.equal(both[0], both[1], String(value))
  }
})
