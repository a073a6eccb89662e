import { ExplainTask, PlacesTask } from '../../lib/feed/beside-tasks.ts'
import { Beside } from '../../lib/feed/beside.ts'
import { Collector } from '../../lib/feed/collector.ts'
import { Past } from '../../lib/feed/past.ts'
import { ReadingPlan } from '../../lib/feed/reading-plan.ts'
import { Troubles } from '../../lib/feed/troubles.ts'
import { RegressionDetector } from '../../lib/fleet/regression-detector.ts'
import { SampleFleet } from '../../lib/fleet/sample-fleet.ts'
import { SampleWindow } from '../../lib/fleet/sample-window.ts'
import { SummaryStore } from '../../lib/fleet/summary-store.ts'
import { NOWHERE, type TakeSample } from '../../lib/source/sample-source.ts'
import type { TimeRange } from '../../lib/source/time-range.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeLog } from './fake-log.ts'
import { FakeSource } from './fake-source.ts'

export const START = Date.UTC(2026, 0, 15, 12, 1)
const INTERVAL_MS = 10_000
const WINDOW_MS = 600_000

/** A source that has a sample of each of these PoPs every 10 s since ever, and remembers what it was asked. */
export class SteadySource extends FakeSource {
  readonly asked: Array<[from: number, to: number]> = []
  readonly ranges: TimeRange[] = []
  pops = ['fra1']
  /** A query takes so long. */
  tookMs = 0
  onRead: (range: TimeRange) => Promise<void> = async () => {}
  readonly #clock: FakeClock

  constructor (clock: FakeClock) {
    super()
    this.#clock = clock
  }

  override async read (range: TimeRange, take: TakeSample) {
    const now = this.#clock.now()
    this.asked.push([Math.round((range.start - now) / 1_000), Math.round((range.stop - now) / 1_000)])
    this.ranges.push(range)
    await this.onRead(range)
    this.#clock.pass(this.tookMs)
    let rows = 0
    for (let time = Math.ceil(range.start / INTERVAL_MS) * INTERVAL_MS; time < range.stop && time <= now; time += INTERVAL_MS) {
      for (const pop of this.pops) {
        take({ id: pop, pop, functionName: '' }, NOWHERE, time, 5 + time / INTERVAL_MS % 3 * 0.1)
        rows++
      }
    }
    return { rows, bytes: 0, ignored: 0 }
  }
}

/** All that a tick's reading goes through, as in the service. */
export function collectorOf ({ maxRows = 100_000, windowMaxRows = 100_000, windowMs = WINDOW_MS } = {}) {
  const clock = new FakeClock(START)
  const log = new FakeLog()
  const source = new SteadySource(clock)
  const state = { isWanted: true }
  const isWanted = () => state.isWanted
  const limits = { maxRows: windowMaxRows, maxBytes: 10_000_000 }
  const window = new SampleWindow({ ...limits, spanMs: windowMs })
  const store = new SummaryStore()
  const detector = new RegressionDetector({ store, newNormalAfterMs: 86_400_000, minDeviationMs: 0.5 })
  const fleet = new SampleFleet({ window, detector, clock, log, healthyBelowMs: 10, pollMs: INTERVAL_MS })
  const plan = new ReadingPlan({ intervalMs: INTERVAL_MS, windowMs, maxRows })
  const troubles = new Troubles(log)
  const past = new Past({ source, store, window, plan, clock, troubles, limits })
  const common = { source, fleet, clock, troubles }
  const tasks = [new ExplainTask(common), new PlacesTask(common), past]
  const beside = new Beside({ clock, intervalMs: INTERVAL_MS, isWanted, tasks, onError: (_, error) => { throw error } })
  const collector = new Collector({
    source, fleet, window, plan, beside, clock, log, troubles, isWanted, keepPast: () => past.keepPast()
  })
  /** A tick, and the time until the next. */
  const tick = async () => {
    const report = collector.collect()
    await clock.advance(INTERVAL_MS)
    return report
  }
  return { clock, log, source, state, window, store, fleet, troubles, collector, tick }
}
