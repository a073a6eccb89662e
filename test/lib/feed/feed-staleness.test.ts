import t from 'tap'
import { INTERVAL_MS, setUp, START_MS, steadyPops } from '../../support/feeds.ts'

const NO_POPS = { readings: [] }

interface Step {
  /** Newest sample, ms since the begin; null when no PoP reported. */
  sample: number | null
  status: 'fresh' | 'stale'
  ageMs: number | null
}

/** Sequences of ticks one interval apart, and what each update says of its age. */
const sequences: Array<{ name: string, steps: Step[] }> = [
  {
    name: 'samples that advance are fresh',
    steps: [
      { sample: 0, status: 'fresh', ageMs: 0 },
      { sample: 10_000, status: 'fresh', ageMs: 0 },
      { sample: 20_000, status: 'fresh', ageMs: 0 }
    ]
  },
  {
    name: 'samples that stand still for two and a half intervals are stale, until they advance',
    steps: [
      { sample: 0, status: 'fresh', ageMs: 0 },
      { sample: 0, status: 'fresh', ageMs: 10_000 },
      { sample: 0, status: 'fresh', ageMs: 20_000 },
      { sample: 0, status: 'stale', ageMs: 30_000 },
      { sample: 31_000, status: 'fresh', ageMs: 9_000 }
    ]
  },
  {
    name: 'a late writer is fresh as long as it advances',
    steps: [
      { sample: -18_000, status: 'fresh', ageMs: 18_000 },
      { sample: -8_000, status: 'fresh', ageMs: 18_000 },
      { sample: 2_000, status: 'fresh', ageMs: 18_000 }
    ]
  },
  {
    name: 'a first sample that is old is stale, though it was new to us',
    steps: [
      { sample: -300_000, status: 'stale', ageMs: 300_000 },
      { sample: -300_000, status: 'stale', ageMs: 310_000 },
      { sample: 20_000, status: 'fresh', ageMs: 0 }
    ]
  },
  {
    name: 'a writer whose clock is ahead has age 0',
    steps: [{ sample: 30_000, status: 'fresh', ageMs: 0 }]
  },
  {
    name: 'no PoPs: nothing is known, so nothing is fresh',
    steps: [
      { sample: null, status: 'stale', ageMs: null },
      { sample: 10_000, status: 'fresh', ageMs: 0 }
    ]
  }
]

for (const { name, steps } of sequences) {
  t.test(name, async (t) => {
    const { tick, source, clock, updates } = setUp()
    for (const { sample } of steps) {
      source.measurements = sample === null ? NO_POPS : steadyPops(START_MS + sample)
      await tick()
      await clock.advance(INTERVAL_MS)
    }
    t.strictSame(
      updates().map(({ status, ageMs, dataTime }) => ({
        sample: dataTime === null ? null : Date.parse(dataTime) - START_MS,
        status,
        ageMs
      })),
      steps
    )
  })
}

t.test('a sample older than before is no advance', async (t) => {
  const { tick, source, clock, updates } = setUp()
  for (const sample of [0, -10_000, -20_000, -30_000]) {
    source.measurements = steadyPops(START_MS + sample)
    await tick()
    await clock.advance(INTERVAL_MS)
  }
  t.match(
    updates().map(({ status, ageMs }) => [status, ageMs]),
    [
      ['fresh', 0],
      ['fresh', 10_000],
      ['fresh', 20_000],
      ['stale', 30_000]
    ]
  )
})

t.test('no PoPs', async (t) => {
  const { tick, source, updates } = setUp()
  source.measurements = NO_POPS
  await tick()
  t.match(updates(), [
    { data: { totalPops: 0, healthyPops: 0, averageColdStart: 0, regressions: 0 }, dataTime: null, ageMs: null, status: 'stale' }
  ])
})

t.test('latest turns stale by itself when no tick comes', async (t) => {
  const { view, tick, source, clock } = setUp()
  source.measurements = steadyPops(START_MS)
  await tick()
  await clock.advance(24_979)
  t.equal(view.latest()?.update.status, 'fresh')
  await clock.advance(21)
  t.equal(view.latest()?.update.status, 'stale', 'two and a half intervals')
})

t.test('a jump of the wall clock makes nothing stale or fresh', async (t) => {
  const { view, tick, source, clock } = setUp()
  source.measurements = steadyPops(START_MS)
  await tick()
  clock.setWall(START_MS + 3_600_000)
  t.equal(view.latest()?.update.status, 'fresh')
  await clock.advance(20)
  clock.setWall(START_MS - 3_600_000)
  t.match(view.latest()?.update, { status: 'fresh', ageMs: 0 })
  await clock.advance(25_000)
  t.equal(view.latest()?.update.status, 'stale')
})

for (const last of ['an update', 'a failure', 'that nobody wants any'] as const) {
  t.test(`whoever makes the updates and says nothing any more is overdue: the last was ${last}`, async (t) => {
    const { tick, tickMaker, source, clock, view, ticks, fail } = setUp()
    t.equal(view.isOverdue, false, 'before anything was said')
    source.measurements = steadyPops(START_MS)
    await tick()
    await clock.advance(INTERVAL_MS)
    if (last === 'a failure') fail('timeout')
    if (last === 'that nobody wants any') await tickMaker.probe()
    else await tick()
    await clock.advance(3 * INTERVAL_MS + 9_999)
    t.equal(view.isOverdue, false)
    await clock.advance(1)
    t.equal(view.isOverdue, true)
    await ticks.turnAway({ code: 'FEED_UNAVAILABLE' })
    t.equal(view.isOverdue, true, 'that it is said does not change it')
    await ticks.turnAway(null)
    t.equal(view.isOverdue, false, 'the log is there again: it is waited for anew')
    await clock.advance(3 * INTERVAL_MS + 10_000)
    t.equal(view.isOverdue, true)
    await tick()
    t.equal(view.isOverdue, false)
  })
}
