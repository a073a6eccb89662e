import t from 'tap'
import { Fleet, type FleetReport } from '../../../lib/fleet/fleet.ts'
import { RegressionDetector } from '../../../lib/fleet/regression-detector.ts'
import type { FunctionReading, PopBaselines } from '../../../lib/source/source.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeLog } from '../../support/fake-log.ts'
import { reading } from '../../support/fake-source.ts'

const TICK_MS = 10_000
const HOUR: PopBaselines = { hour: { count: 450, center: 5, deviation: 1 } }
const FUNCTIONS = ['auth', 'images', 'rewrite', 'search', 'render']
const newFleet = (clock: FakeClock) =>
  new Fleet({ detector: new RegressionDetector(), clock, log: new FakeLog(), healthyBelowMs: 10, oldAfterMs: () => 2 * TICK_MS })

function setUp () {
  const clock = new FakeClock()
  let fleet = newFleet(clock)
  const take = (readings: FunctionReading[], baseline = HOUR) =>
    fleet.update({ readings, baselines: new Map([['fra1', baseline]]), places: new Map() })
  /** A tick later, all functions of one PoP at this value. */
  async function tick (value: number, baseline = HOUR): Promise<FleetReport> {
    await clock.advance(TICK_MS)
    return take(FUNCTIONS.map((functionName) => reading({ functionName, value, recentMean: value, time: clock.now() })), baseline)
  }
  async function ticks (value: number, count: number): Promise<string[]> {
    const told: string[] = []
    for (let index = 0; index < count; index++) told.push(...said(await tick(value)))
    return told
  }
  /** The snapshot goes through JSON to another process, whose monotonic clock has another origin. */
  async function restart (): Promise<void> {
    const json = JSON.stringify(fleet.snapshot())
    const snapshot = JSON.parse(json)
    t.strictSame(snapshot, fleet.snapshot(), 'the snapshot is plain data')
    fleet = newFleet(clock)
    fleet.restore(snapshot)
  }
  return { clock, take, tick, ticks, restart, get fleet () { return fleet } }
}

const said = ({ events }: FleetReport) => events.map(({ state, regression }) => `${state} ${regression.id}`)

t.test('a regression keeps its id over a restart, and its end is told once', async (t) => {
  const { tick, ticks, restart, clock } = setUp()
  await ticks(5, 3)
  const [opened = '', ...more] = await ticks(10, 3)
  t.match(opened, /^opened fra1_/)
  t.strictSame(more, [])
  await restart()
  const id = opened.slice('opened '.length)
  const { regressions, pops } = await tick(10, { hour: { count: 450, center: 10, deviation: 1 } })
  t.match(regressions.open, [{ id, state: 'opened' }], 'the baseline with which it opened is kept')
  t.strictSame(pops.changes, [], 'nothing is new but the process')
  t.strictSame(await ticks(5, 3), [`resolved ${id}`])
  await restart()
  const last = await tick(5)
  t.strictSame(last.events, [])
  t.match(last.regressions, { open: [], closed: [{ id, state: 'resolved', closeReason: 'recovered' }] })
  t.ok((last.regressions.closed[0]?.closedAt ?? Infinity) < clock.now())
})

t.test('a PoP that went during the restart is told as gone', async (t) => {
  const { ticks, restart, take } = setUp()
  const [opened = ''] = await ticks(10, 3)
  await restart()
  t.strictSame(said(take([])), [opened.replace('opened', 'resolved')])
  t.strictSame(said(take([])), [])
})

t.test('between two events a regression is as it was told', async (t) => {
  const { tick, ticks } = setUp()
  await ticks(5, 3)
  await ticks(15, 2)
  const { regressions } = await tick(20)
  t.match(regressions.open, [{ state: 'opened', severity: 'critical', comparison: { recentMs: 15 } }])
  await ticks(8.2, 3)
  t.match((await tick(8.2)).regressions.open, [{ state: 'opened', severity: 'critical', comparison: { recentMs: 15 } }])
  await ticks(7.9, 2)
  t.match((await tick(7.8)).regressions.open, [{ state: 'updated', severity: 'warning', comparison: { recentMs: 7.9 } }])
})

t.test('freshness goes on as an age', async (t) => {
  const context = setUp()
  await context.tick(5)
  await context.clock.advance(2 * TICK_MS - 1)
  await context.restart()
  t.equal(context.fleet.oldInMs, 1)
  await context.clock.advance(1)
  t.equal(context.fleet.oldInMs, 0)
})

t.test('before the first answer there is a snapshot, too', async (t) => {
  const { restart, tick } = setUp()
  await restart()
  t.strictSame((await tick(5)).events, [])
})

t.test('values at the end of what a double can say', async (t) => {
  const context = setUp()
  const values = (value: number) =>
    FUNCTIONS.map((functionName) => reading({ functionName, value, recentMean: value, time: context.clock.now() }))
  for (let index = 0; index < 4; index++) {
    await context.clock.advance(TICK_MS)
    const report = context.take([...values(1e308), ...values(4).map((other) => ({ ...other, pop: 'ams1' }))])
    t.ok(Number.isFinite(report.overview.averageColdStart))
    t.strictSame(report.pops.states.map(({ coldStartMs }) => coldStartMs), [4, 1e308])
    t.strictSame(JSON.parse(JSON.stringify(report.regressions)), report.regressions)
    await context.restart()
  }
  t.match(context.fleet.snapshot().detector.regressions.open, [{ pop: 'fra1', comparison: { zScore: 1_000, increase: 10_000 } }])
})
