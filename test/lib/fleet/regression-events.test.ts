import t from 'tap'
import { RegressionDetector, type Regression } from '../../../lib/fleet/regression-detector.ts'
import { SummaryStore } from '../../../lib/fleet/summary-store.ts'
import { fill, popOf, TICK_MS } from '../../support/points.ts'

const START = Date.UTC(2026, 0, 15)
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

interface Step {
  /** null: the PoP does not report at all any more. */
  value: number | null
  /** The newest sample is still the one before. */
  silent?: boolean
  functions?: number
}

/** What the past is: of yesterday, or of the hour before, or nothing. */
function setUp (past: 'day' | 'hour' | 'nothing' = 'day', newNormalAfterMs = DAY_MS) {
  const store = new SummaryStore()
  if (past === 'day') fill(store, 'fra1', START - DAY_MS - 20 * MINUTE_MS, START - DAY_MS + 8 * HOUR_MS, 100)
  if (past === 'hour') fill(store, 'fra1', START - 70 * MINUTE_MS, START, 100)
  return { store, detector: new RegressionDetector({ store, newNormalAfterMs, minDeviationMs: 0 }) }
}

/** Feeds one PoP with these steps, and tells what was new at each: `opened critical`, `resolved recovered`. */
function feed (steps: Step[], detector = setUp().detector, values: number[] = []): string[][] {
  let time = START
  return steps.map(({ value, silent = false, functions = 5 }) => {
    if (value !== null && !silent) {
      time += TICK_MS
      values.push(value)
    }
    const { events } = detector.update(value === null ? [] : [popOf(values, time, { functions })])
    return events.map(({ state, regression: { severity, closeReason } }) =>
      `${state} ${state === 'resolved' ? closeReason : severity}`)
  })
}

const at = (value: number, count: number, fields: Partial<Step> = {}): Step[] =>
  Array.from({ length: count }, () => ({ value, ...fields }))
const NOTHING: string[] = []

const sequences: Array<{ name: string, steps: Step[], told: Record<number, string[]> }> = [
  {
    name: 'a step opens at its second sample, and resolves at the second one after it',
    steps: [...at(100, 5), ...at(200, 5), ...at(100, 5)],
    told: { 6: ['opened critical'], 11: ['resolved recovered'] }
  },
  { name: 'a single spike is no alert', steps: [...at(100, 5), ...at(2_000, 1), ...at(100, 5)], told: {} },
  { name: 'nor is one at the very first tick', steps: [...at(2_000, 1), ...at(100, 5)], told: {} },
  {
    name: 'a single good sample does not resolve',
    steps: [...at(100, 3), ...at(200, 5), ...at(100, 1), ...at(200, 5)],
    told: { 4: ['opened critical'] }
  },
  {
    name: 'severity changes once',
    steps: [...at(100, 3), ...at(140, 5), ...at(200, 5), ...at(147, 3), ...at(140, 4)],
    told: { 4: ['opened warning'], 9: ['updated critical'], 17: ['updated warning'] }
  },
  {
    name: 'a tick without a new sample is no second value',
    steps: [...at(100, 3), ...at(200, 1), ...at(200, 5, { silent: true }), ...at(200, 1)],
    told: { 9: ['opened critical'] }
  },
  {
    name: 'a PoP that has gone closes what was open',
    steps: [...at(100, 3), ...at(200, 3), { value: null }, ...at(200, 2)],
    told: { 4: ['opened critical'], 6: ['resolved gone'], 7: ['opened critical'] }
  },
  {
    name: 'with two functions it takes five values for ten samples',
    steps: [...at(100, 6, { functions: 2 }), ...at(200, 4, { functions: 2 })],
    told: { 8: ['opened critical'] }
  },
  {
    name: 'of one function two high values are noise',
    steps: [...at(100, 12, { functions: 1 }), ...at(200, 2, { functions: 1 }), ...at(100, 12, { functions: 1 })],
    told: {}
  },
  {
    name: 'of one function five high values are noise as well, and six are not',
    steps: [...at(100, 12, { functions: 1 }), ...at(200, 6, { functions: 1 })],
    told: { 17: ['opened critical'] }
  },
  { name: 'constant', steps: at(100, 20), told: {} }
]

for (const { name, steps, told } of sequences) {
  t.test(name, async (t) => {
    t.strictSame(feed(steps), steps.map((_, index) => told[index] ?? NOTHING))
  })
}

t.test('since is when it began, not when it was noticed', async (t) => {
  const { detector } = setUp()
  feed([...at(100, 5), ...at(200, 3)], detector)
  t.match(detector.open, [{ openedAt: START + 7 * TICK_MS, since: START + 5.5 * TICK_MS }])
})

t.test('one regression has one id, from what opened it to what closed it', async (t) => {
  const { detector } = setUp()
  const seen: Regression[] = []
  const update = detector.update.bind(detector)
  detector.update = (...args) => {
    const result = update(...args)
    seen.push(...result.events.map(({ regression }) => regression))
    return result
  }
  feed([...at(100, 3), ...at(140, 3), ...at(200, 3), ...at(100, 3), ...at(200, 3)], detector)
  const openedAt = START + 5 * TICK_MS
  t.strictSame(seen.map(({ id, openedAt, closedAt }) => [id, openedAt, closedAt]), [
    [`fra1_${openedAt}`, openedAt, null],
    [`fra1_${openedAt}`, openedAt, null],
    [`fra1_${openedAt}`, openedAt, START + 11 * TICK_MS],
    [`fra1_${START + 14 * TICK_MS}`, START + 14 * TICK_MS, null]
  ])
  t.match(detector.closed, [{ id: `fra1_${openedAt}`, closeReason: 'recovered', severity: 'critical' }])
  t.match(detector.open, [{ id: `fra1_${START + 14 * TICK_MS}` }])
  t.equal(detector.open.length, 1)
})

t.test('a PoP that was missing in one answer comes back under another id', async (t) => {
  const { detector } = setUp()
  const pop = popOf([200, 200, 200], START)
  const ids = [[pop], [], [pop]].flatMap((pops) =>
    detector.update(pops).events.map(({ state, regression }) => `${state} ${regression.id}`)
  )
  t.strictSame(ids, [`opened fra1_${START}`, `resolved fra1_${START}`, `opened fra1_${START + 1}`])
})

t.test('the closed ones are the last 100, newest first; PoPs that go are forgotten', async (t) => {
  const { store, detector } = setUp('nothing')
  const yesterday = START - DAY_MS
  for (let index = 0; index < 150; index++) {
    fill(store, `pop${index}`, yesterday - 10 * MINUTE_MS, yesterday + 10 * MINUTE_MS, 100)
  }
  for (let index = 0; index < 150; index++) detector.update([popOf([200, 200, 200], START + index, { code: `pop${index}` })])
  detector.update([])
  t.equal(detector.closed.length, 100)
  t.strictSame([detector.closed[0]?.pop, detector.closed.at(-1)?.pop], ['pop149', 'pop50'])
  t.equal(detector.regressions, 0)
})

t.test('what goes on is not compared with itself: neither the hour nor the day ends it', async (t) => {
  for (const past of ['hour', 'day'] as const) {
    const { store, detector } = setUp(past, 10 * DAY_MS)
    const events: string[] = []
    for (let time = START; time < START + 26 * HOUR_MS; time += 5 * MINUTE_MS) {
      fill(store, 'fra1', time, time + 1, 200)
      const { events: told } = detector.update([popOf([200, 200, 200, 200], time + 5 * MINUTE_MS)])
      events.push(...told.map(({ state }) => state))
    }
    t.strictSame(events, ['opened'], past)
  }
})

t.test('what stays slow for a day is the new normal: told as such, and not told again', async (t) => {
  for (const past of ['hour', 'day'] as const) {
    const { store, detector } = setUp(past)
    const events: string[] = []
    const tick = (time: number, value: number) => {
      fill(store, 'fra1', time, time + 1, value)
      const { events: told } = detector.update([popOf([value, value, value, value], time + 5 * MINUTE_MS)])
      events.push(
        ...told.map(({ state, regression: { closeReason } }) => `${state} ${closeReason ?? ''} ${(time - START) / HOUR_MS}`)
      )
    }
    for (let time = START; time < START + 100 * HOUR_MS; time += 5 * MINUTE_MS) tick(time, 200)
    t.strictSame(events, ['opened  0', 'resolved new_normal 24'], past)
    for (let time = START + 100 * HOUR_MS; time < START + 102 * HOUR_MS; time += 5 * MINUTE_MS) tick(time, 400)
    t.match(events[2], /^opened {2}100/, `${past}: what is slower than the new normal is a regression`)
  }
})

t.test('restored from JSON it goes on: what is open keeps its id, and its end is told', async (t) => {
  const { store, detector } = setUp('hour')
  feed([...at(100, 5), ...at(200, 5)], detector)
  const other = new RegressionDetector({ store, newNormalAfterMs: DAY_MS, minDeviationMs: 0 })
  other.restore(JSON.parse(JSON.stringify(detector.snapshot())))
  t.strictSame(other.open, detector.open)
  const { events } = other.update([popOf([100, 100, 100], START + 12 * TICK_MS)])
  t.match(events, [{ state: 'resolved', regression: { id: detector.open[0]?.id, closeReason: 'recovered' } }])
})
