import t from 'tap'
import { RegressionDetector } from '../../../lib/fleet/regression-detector.ts'
import { SampleFleet, type FleetReport } from '../../../lib/fleet/sample-fleet.ts'
import { SampleWindow } from '../../../lib/fleet/sample-window.ts'
import { SummaryStore } from '../../../lib/fleet/summary-store.ts'
import { NOWHERE } from '../../../lib/source/sample-source.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeLog } from '../../support/fake-log.ts'
import { Readings, writtenBy, type Writer } from '../../support/writers.ts'

const START = Date.UTC(2026, 0, 15, 12)
const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const POLL_MS = 10_000

function setUp (now = START) {
  const clock = new FakeClock(now)
  const log = new FakeLog()
  const window = new SampleWindow({ spanMs: 10 * MINUTE_MS, maxRows: 1_000_000, maxBytes: 100_000_000 })
  const detector = new RegressionDetector({ store: new SummaryStore(), newNormalAfterMs: 24 * HOUR_MS, minDeviationMs: 0.5 })
  const fleet = new SampleFleet({ window, detector, clock, log, healthyBelowMs: 10, pollMs: POLL_MS })
  return { clock, log, window, fleet }
}

/** Polls for a while what these write. @returns a report per poll */
async function poll (writers: readonly Writer[], minutes: number, { from = START, pollMs = POLL_MS } = {}) {
  const all = setUp(from)
  const readings = new Readings(all.fleet, writtenBy(writers, from - HOUR_MS, from + minutes * MINUTE_MS))
  const reports: FleetReport[] = []
  for (let elapsed = 0; elapsed < minutes * MINUTE_MS; elapsed += pollMs) {
    reports.push(readings.read(all.clock.now()))
    await all.clock.advance(pollMs)
  }
  return { ...all, reports }
}

const many = (count: number, make: (index: number) => Writer) => Array.from({ length: count }, (_, index) => make(index))

const healthy: Array<{ name: string; writers: Writer[]; pops: number; from?: number; fast?: true }> = [
  {
    name: 'ten PoPs every 60 s, 6 s apart',
    writers: many(10, (index) => ({ pop: `p${index}`, intervalMs: MINUTE_MS, phaseMs: 6_000 * index })),
    pops: 10
  },
  { name: 'one every 60 s', writers: [{ pop: 'p', intervalMs: MINUTE_MS }], pops: 1 },
  {
    name: 'every 5 min',
    writers: many(4, (index) => ({ pop: `p${index}`, intervalMs: 5 * MINUTE_MS, phaseMs: 70_000 * index })),
    pops: 4
  },
  {
    name: '10 s and 60 s mixed, between PoPs and within one',
    writers: [
      { pop: 'fast', intervalMs: 10_000 },
      { pop: 'slow', intervalMs: MINUTE_MS, phaseMs: 31_000 },
      { pop: 'both', functionName: 'a', intervalMs: 10_000, phaseMs: 3_000 },
      { pop: 'both', functionName: 'b', intervalMs: MINUTE_MS, phaseMs: 17_000 }
    ],
    pops: 3
  },
  {
    name: 'ten hosts every 10 s, a second apart',
    writers: many(10, (index) => ({ pop: 'p', host: `h${index}`, intervalMs: 10_000, phaseMs: 1_000 * index })),
    pops: 1
  },
  {
    name: 'a restart in the middle of the interval of slow writers',
    writers: [{ pop: 'p', intervalMs: MINUTE_MS }],
    pops: 1,
    from: START + 55_000
  },
  {
    name: 'a restart just before a sample every 5 min',
    writers: [{ pop: 'p', intervalMs: 5 * MINUTE_MS }],
    pops: 1,
    from: START + 295_000
  },
  {
    name: 'a clock that is behind by 40 s',
    writers: [
      { pop: 'p', intervalMs: 10_000, aheadMs: -40_000 },
      { pop: 'q', intervalMs: 10_000 }
    ],
    pops: 2
  },
  {
    name: 'a clock that is ahead by 40 s',
    writers: [
      { pop: 'p', intervalMs: 10_000, aheadMs: 40_000 },
      { pop: 'q', intervalMs: 10_000 }
    ],
    pops: 2
  },
  { name: 'every second', writers: many(3, (index) => ({ pop: `p${index}`, intervalMs: SECOND_MS })), pops: 3 }
]

for (const { name, writers, pops, from } of healthy) {
  t.test(`healthy, all the time: ${name}`, async (t) => {
    const { reports, log } = await poll(writers, 30, { ...(from !== undefined && { from }) })
    const wrong = reports.map(({ overview: { totalPops, healthyPops }, silentPops, oldInMs }, index) =>
      ({ index, totalPops, healthyPops, silentPops, isOld: oldInMs <= 0 }))
      // A clock that is behind looks like a silence at first.
      .filter((one) => one.index > 0 || !name.includes('behind'))
      .filter((one) => one.totalPops !== pops || one.healthyPops !== pops || one.silentPops !== 0 || one.isOld)
    t.strictSame(wrong, [])
    t.strictSame(log.of('pops_silent'), [])
  })
}

t.test('pairs of samples, and a writer that is faster at times', async (t) => {
  const pairs = await poll([0, 2_000].map((phaseMs) => ({ pop: 'p', intervalMs: MINUTE_MS, phaseMs })), 20)
  t.ok(pairs.reports.every(({ silentPops, oldInMs }) => silentPops === 0 && oldInMs > 0))
})

t.test('silent after 2.5 of its own intervals, and gone when nothing of it is in the window', async (t) => {
  for (const [intervalMs, silentAfter] of [[10_000, 25], [60_000, 150], [300_000, 750]] as const) {
    const stopsAtMs = START + 5 * MINUTE_MS + 1
    const { reports, log } = await poll([
      { pop: 'stops', intervalMs, stopsAtMs },
      { pop: 'other', intervalMs: 10_000 }
    ], 30)
    const silentAt = reports.findIndex(({ silentPops }) => silentPops === 1) * 10
    t.equal(silentAt, Math.ceil((300 + silentAfter) / 10) * 10, `${intervalMs} ms`)
    t.match(log.of('pops_silent'), [{ count: 1, pops: ['stops'] }])
    const { overview, pops } = reports[silentAt / 10] as FleetReport
    t.match([overview.totalPops, overview.healthyPops, pops.get('stops')?.coldStartMs], [2, 1, 5])
    t.ok(reports.some(({ overview }) => overview.totalPops === 1), 'gone in the end')
  }
})

t.test('batches of six once a minute are known as such from the first one on', async (t) => {
  const writers = many(3, (index) => ({ pop: `p${index}`, intervalMs: 10_000, batchMs: MINUTE_MS }))
  const { reports, log } = await poll(writers, 30)
  t.strictSame(reports.flatMap(({ silentPops }, index) => silentPops > 0 && index > 6 ? [index] : []), [])
  t.ok(log.of('pops_silent').length <= 1)
})

t.test('one that reports again is told once', async (t) => {
  const { log, reports } = await poll([
    { pop: 'p', host: '1', intervalMs: 10_000, stopsAtMs: START + 2 * MINUTE_MS },
    { pop: 'p', host: '2', intervalMs: 10_000, phaseMs: 4_000, startsAtMs: START + 5 * MINUTE_MS },
    { pop: 'other', intervalMs: 10_000 }
  ], 10)
  t.match([log.of('pops_silent'), log.of('pops_report_again')], [[{ pops: ['p'] }], [{ pops: ['p'] }]])
  t.equal(reports.at(-1)?.silentPops, 0)
})

t.test('a PoP is the mean over its functions of the mean over their series; one that ended drops out', async (t) => {
  const writers: Writer[] = [
    { pop: 'p', functionName: 'a', host: '1', intervalMs: 10_000, value: () => 4 },
    { pop: 'p', functionName: 'a', host: '2', intervalMs: 10_000, value: () => 8, stopsAtMs: START + 2 * MINUTE_MS + 1 },
    { pop: 'p', functionName: 'b', intervalMs: 10_000, value: () => 20 }
  ]
  const { reports } = await poll(writers, 4)
  t.strictSame(reports.map(({ overview }) => overview.averageColdStart), [
    ...Array.from({ length: 15 }, () => 13),
    ...Array.from({ length: 9 }, () => 12)
  ])
  t.equal(reports.every(({ silentPops }) => silentPops === 0), true)
})

t.test('a clock that is ahead does not say what time it is', async (t) => {
  const stopsAtMs = START + 2 * MINUTE_MS
  const { reports } = await poll([
    { pop: 'ahead', intervalMs: 10_000, aheadMs: 40_000, stopsAtMs },
    { pop: 'right', intervalMs: 10_000 }
  ], 5)
  const now = (index: number) => START + index * POLL_MS
  t.ok(reports.every(({ dataTime, oldInMs }, index) => dataTime === now(index) && oldInMs > 0))
  t.equal(reports.at(-1)?.silentPops, 1, 'and is silent when it stops')
})

t.test('what lies too far in the future is not taken, and named once, with how far', async (t) => {
  const { reports, log, fleet, clock } = await poll([
    { pop: 'future', intervalMs: 10_000, aheadMs: HOUR_MS, startsAtMs: START - 30 * MINUTE_MS },
    { pop: 'right', intervalMs: 10_000 }
  ], 3)
  t.ok(reports.every(({ overview }) => overview.totalPops === 1))
  for (let looks = 0; looks < 3; looks++) fleet.observeNewest('future', clock.now() + HOUR_MS)
  t.match(log.of('clock_ahead'), [{ count: 1, pops: [{ pop: 'future', byMs: HOUR_MS }], level: 'warn' }])
  t.equal(log.of('clock_ahead').length, 1)
  t.strictSame(fleet.clockFaults, [{ pop: 'future', aheadMs: HOUR_MS }])
  fleet.observeNewest('future', clock.now() + 1_000)
  t.strictSame(fleet.clockFaults, [])
})

t.test('one that goes on writing what is older than anything that is read is named', async (t) => {
  const { clock, log, fleet } = setUp()
  fleet.take({ id: 'right', pop: 'right', functionName: '' }, NOWHERE, START, 5)
  fleet.readingEnds()
  fleet.update()
  const look = () => {
    fleet.observeNewest('right', START)
    fleet.observeNewest('dead', START - HOUR_MS)
    fleet.observeNewest('behind', clock.now() - 20 * MINUTE_MS)
  }
  look()
  t.strictSame(fleet.clockFaults, [], 'it may have stopped')
  for (let looks = 0; looks < 3; looks++) {
    await clock.advance(5 * MINUTE_MS)
    look()
  }
  t.strictSame(fleet.clockFaults, [{ pop: 'behind', aheadMs: -20 * MINUTE_MS }])
  t.match(log.of('clock_behind'), [{ count: 1, pops: [{ pop: 'behind', byMs: 20 * MINUTE_MS }] }])
})

t.test('how late samples come is seen, up to a minute', async (t) => {
  const punctual = await poll([{ pop: 'p', intervalMs: 10_000 }], 10)
  t.equal(punctual.fleet.latenessMs, 0)
  const batches = await poll([{ pop: 'p', intervalMs: 10_000, batchMs: MINUTE_MS }], 10)
  t.ok(batches.fleet.latenessMs >= 40_000 && batches.fleet.latenessMs <= MINUTE_MS, `${batches.fleet.latenessMs} ms`)
  t.ok(batches.window.rows > 55, `${batches.window.rows} of 60 samples are there`)
})

t.test('everything is silent: old', async (t) => {
  const { reports } = await poll([
    { pop: 'p', intervalMs: 10_000, stopsAtMs: START + MINUTE_MS + 1 },
    { pop: 'q', intervalMs: MINUTE_MS, stopsAtMs: START + MINUTE_MS + 1 }
  ], 6)
  t.equal(reports.findIndex(({ silentPops }) => silentPops === 1), 9)
  t.equal(reports.findIndex(({ oldInMs }) => oldInMs <= 0), 21, 'the fleet is as old as its slowest PoP')
})

t.test('where a PoP stands is what its newest sample says, coordinates that are fields beside it', async (t) => {
  const { fleet } = setUp()
  const key = { id: 'p', pop: 'p', functionName: '' }
  fleet.take(key, { ...NOWHERE, city: 'Bonn' }, START - 20_000, 5)
  fleet.take(key, { ...NOWHERE, city: 'Berlin' }, START - 10_000, 5)
  fleet.take(key, { ...NOWHERE, city: 'Bonn' }, START - 30_000, 5)
  fleet.setCoordinates(new Map([['p', { latitude: 52.5, longitude: 13.4 }]]))
  fleet.readingEnds()
  t.match(fleet.update().pops.get('p'), { city: 'Berlin', latitude: 52.5, longitude: 13.4 })
})

t.test('restored from JSON it goes on: what has changed is told, and what has not is not', async (t) => {
  const { fleet } = setUp()
  const key = { id: 'p', pop: 'p', functionName: '' }
  fleet.take(key, NOWHERE, START, 5)
  fleet.readingEnds()
  fleet.update()
  const snapshot = JSON.parse(JSON.stringify(fleet.snapshot()))
  const { fleet: other } = setUp()
  other.restore(snapshot)
  other.take(key, NOWHERE, START, 5)
  other.readingEnds()
  t.strictSame(other.update().pops.changes, [])
  other.take(key, NOWHERE, START + 10_000, 7)
  other.readingEnds()
  t.match(other.update().pops.changes, [{ before: { coldStartMs: 5 }, after: { coldStartMs: 7 } }])
  const { fleet: fresh } = setUp()
  t.equal(fresh.snapshot().pops, null)
  fresh.restore(fresh.snapshot())
  t.strictSame(fresh.update().pops.states, [])
})
