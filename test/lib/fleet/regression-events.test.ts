import t from 'tap'
import type { Pop } from '../../../lib/fleet/pop.ts'
import { RegressionDetector, type Regression } from '../../../lib/fleet/regression-detector.ts'
import type { PopBaselines, WindowStatistics } from '../../../lib/source/source.ts'

const START = Date.UTC(2026, 0, 1)
const TICK_MS = 10_000
const HOUR_MS = 3_600_000

const statistics = (center: number, count = 450): WindowStatistics => ({ count, center, deviation: center / 10 })
const DAY: PopBaselines = { day: statistics(100) }

interface Step {
  /** null: the PoP does not report at all any more. */
  value: number | null
  /** Since the step before; by default a tick. */
  afterMs?: number
  /** The newest sample is still the one before. */
  silent?: boolean
  recentCount?: number
  baselines?: PopBaselines
  functions?: number
  /** The function that reported least lately did so long ago. */
  staggered?: boolean
}

/** Feeds one PoP with these steps, and tells what was new at each: `opened critical`, `resolved recovered`. */
function feed (steps: Step[], detector = new RegressionDetector()): string[][] {
  let now = START
  let sampleTime = START
  let previous = 100
  return steps.map(
    ({ value, afterMs = TICK_MS, silent = false, recentCount = 60, baselines = DAY, functions = 5, staggered = false }) => {
      now += afterMs
      if (!silent) sampleTime = now
      const pops: Pop[] =
        value === null
          ? []
          : [
              {
                code: 'fra1',
                coldStartMs: value,
                sampleTime,
                functions,
                oldestSampleTime: staggered ? sampleTime - TICK_MS : sampleTime,
                recentCount,
                earlierMean: previous
              }
            ]
      previous = value ?? 100
      const { events } = detector.update(pops, new Map([['fra1', baselines]]))
      return events.map(
        ({ state, regression: { severity, closeReason } }) => `${state} ${state === 'resolved' ? closeReason : severity}`
      )
    }
  )
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
    steps: [...at(100, 3), ...at(130, 5), ...at(200, 5), ...at(132, 3), ...at(125, 4)],
    told: { 4: ['opened warning'], 9: ['updated critical'], 17: ['updated warning'] }
  },
  {
    name: 'a tick without a new sample is no second value',
    steps: [...at(100, 3), ...at(200, 1), ...at(200, 5, { silent: true }), ...at(200, 1)],
    told: { 9: ['opened critical'] }
  },
  {
    name: 'too little data is no recovery',
    steps: [...at(100, 3), ...at(200, 3), ...at(200, 3, { recentCount: 9 }), ...at(200, 2)],
    told: { 4: ['opened critical'] }
  },
  {
    name: 'no baseline any more is no recovery',
    steps: [...at(100, 3), ...at(200, 3), ...at(200, 3, { baselines: {} }), ...at(200, 2)],
    told: { 4: ['opened critical'] }
  },
  {
    name: 'a PoP that has gone closes what was open',
    steps: [...at(100, 3), ...at(200, 3), { value: null }, ...at(200, 2)],
    told: { 4: ['opened critical'], 6: ['resolved gone'], 8: ['opened critical'] }
  },
  {
    name: 'after a silence, what was before it does not count',
    steps: [...at(200, 1, { baselines: {} }), ...at(200, 1, { afterMs: 130_000 }), ...at(100, 3)],
    told: { 1: ['opened critical'], 3: ['resolved recovered'] }
  },
  {
    name: 'it was slow all the time when we came',
    steps: [...at(100, 1, { baselines: {} }), ...at(200, 4)],
    told: { 2: ['opened critical'] }
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
    name: 'one spike seen by many polls, as the other functions report later, is one spike',
    steps: [...at(100, 4), ...at(300, 1), ...at(300, 3, { afterMs: 2_000, staggered: true }), ...at(100, 4)],
    told: {}
  },
  { name: 'constant', steps: at(100, 20), told: {} },
  {
    name: 'the hour before is kept while it is open: the regression itself does not end it',
    steps: [
      ...at(100, 3, { baselines: { hour: statistics(100) } }),
      ...at(200, 3, { baselines: { hour: statistics(100) } }),
      ...at(200, 10, { baselines: { hour: statistics(190) }, afterMs: HOUR_MS })
    ],
    told: { 4: ['opened critical'] }
  },
  {
    name: 'but not for longer than a day',
    steps: [
      ...at(100, 3, { baselines: { hour: statistics(100) } }),
      ...at(200, 3, { baselines: { hour: statistics(100) } }),
      ...at(200, 3, { baselines: { hour: statistics(200) }, afterMs: 12 * HOUR_MS })
    ],
    told: { 4: ['opened critical'], 7: ['resolved recovered'] }
  },
  {
    name: 'and a day-old baseline takes its place',
    steps: [
      ...at(100, 3, { baselines: { hour: statistics(100) } }),
      ...at(200, 3, { baselines: { hour: statistics(100) } }),
      ...at(200, 1, { baselines: { day: statistics(200), hour: statistics(200) } })
    ],
    told: { 4: ['opened critical'], 6: ['resolved recovered'] }
  }
]

for (const { name, steps, told } of sequences) {
  t.test(name, async (t) => {
    t.strictSame(feed(steps), steps.map((_, index) => told[index] ?? NOTHING))
  })
}

t.test('one regression has one id, from what opened it to what closed it', async (t) => {
  const detector = new RegressionDetector()
  const seen: Regression[] = []
  const update = detector.update.bind(detector)
  detector.update = (...args) => {
    const result = update(...args)
    seen.push(...result.events.map(({ regression }) => regression))
    return result
  }
  feed([...at(100, 3), ...at(130, 3), ...at(200, 3), ...at(100, 3), ...at(200, 3)], detector)
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
  const detector = new RegressionDetector()
  const pop: Pop = {
    code: 'fra1',
    coldStartMs: 200,
    sampleTime: START,
    functions: 5,
    oldestSampleTime: START,
    recentCount: 60,
    earlierMean: 200
  }
  const baselines = new Map([['fra1', DAY]])
  const ids = [[pop], [], [pop]].flatMap((pops) =>
    detector.update(pops, baselines).events.map(({ state, regression }) => `${state} ${regression.id}`)
  )
  t.strictSame(ids, [`opened fra1_${START}`, `resolved fra1_${START}`, `opened fra1_${START + 1}`])
})

t.test('the closed ones are the last 100, newest first; PoPs that go are forgotten', async (t) => {
  const detector = new RegressionDetector()
  const slow = (index: number): Pop => ({
    code: `pop${index}`,
    coldStartMs: 200,
    sampleTime: START + index,
    functions: 5,
    oldestSampleTime: START + index,
    recentCount: 60,
    earlierMean: 200
  })
  const baselines = new Map(Array.from({ length: 150 }, (_, index) => [`pop${index}`, DAY]))
  for (let index = 0; index < 150; index++) detector.update([slow(index)], baselines)
  detector.update([], baselines)
  t.equal(detector.closed.length, 100)
  t.strictSame([detector.closed[0]?.pop, detector.closed.at(-1)?.pop], ['pop149', 'pop50'])
  t.equal(detector.regressions, 0)
})
