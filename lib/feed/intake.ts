import type { Clock } from '../clock.ts'
import { RegressionDetector } from '../fleet/regression-detector.ts'
import { SampleFleet, type FleetReport, type FleetSnapshot } from '../fleet/sample-fleet.ts'
import { SampleWindow, type WindowSnapshot } from '../fleet/sample-window.ts'
import type { SummaryStore } from '../fleet/summary-store.ts'
import type { Log } from '../log.ts'
import type { SampleSource } from '../source/sample-source.ts'
import { ExplainTask, PlacesTask } from './beside-tasks.ts'
import { Beside } from './beside.ts'
import { Collector } from './collector.ts'
import { Past } from './past.ts'
import { ReadingPlan, type PlanSnapshot } from './reading-plan.ts'
import type { Troubles } from './troubles.ts'

/** What the samples are read and judged by. */
export interface IntakeSettings {
  intervalMs: number
  windowMs: number
  healthyBelowMs: number
  minDeviationMs: number
  newNormalAfterMs: number
  /** Of samples in memory. */
  limits: { maxRows: number, maxBytes: number }
  /** That one answer may have. */
  maxAnswerRows: number
}

export interface SamplePipeline {
  window: SampleWindow
  fleet: SampleFleet
  plan: ReadingPlan
}

/** What samples are put into, which tells of the PoPs, and which knows what is to be read. */
export function samplePipeline (
  settings: IntakeSettings,
  { store, clock, log }: { store: SummaryStore, clock: Clock, log: Log }
): SamplePipeline {
  const { intervalMs, windowMs, healthyBelowMs, minDeviationMs, newNormalAfterMs, limits, maxAnswerRows } = settings
  const window = new SampleWindow({ ...limits, spanMs: windowMs })
  const detector = new RegressionDetector({ store, newNormalAfterMs, minDeviationMs })
  const fleet = new SampleFleet({ window, detector, clock, log, healthyBelowMs, pollMs: intervalMs })
  return { window, fleet, plan: new ReadingPlan({ intervalMs, windowMs, maxRows: maxAnswerRows }) }
}

export interface IntakeOptions extends IntakeSettings {
  source: SampleSource
  store: SummaryStore
  clock: Clock
  log: Log
  troubles: Troubles
  isWanted: () => boolean
}

/** The samples, and what was read of them when. Plain data. */
export interface IntakeSnapshot {
  window: WindowSnapshot
  plan: PlanSnapshot
}

/** What the samples go through: window, fleet, what was usual, and what is read when. Made anew by who begins to lead. */
export class Intake {
  readonly #options: IntakeOptions
  readonly #window: SampleWindow
  readonly #fleet: SampleFleet
  readonly #plan: ReadingPlan
  readonly #collector: Collector

  constructor (options: IntakeOptions) {
    const { source, store, clock, log, troubles, isWanted, intervalMs, limits } = options
    this.#options = options
    const { window, fleet, plan } = samplePipeline(options, options)
    this.#window = window
    this.#fleet = fleet
    this.#plan = plan
    const past = new Past({ source, store, window: this.#window, plan: this.#plan, clock, troubles, limits })
    const common = { source, fleet: this.#fleet, clock, troubles }
    const beside = new Beside({
      clock,
      intervalMs,
      isWanted,
      tasks: [new ExplainTask(common), new PlacesTask(common), past],
      onError: (task, err) => log.error({ event: 'task_failed', task, err }, 'a task beside the ticks threw')
    })
    this.#collector = new Collector({
      source,
      fleet: this.#fleet,
      window: this.#window,
      plan: this.#plan,
      beside,
      clock,
      log,
      troubles,
      isWanted,
      keepPast: () => past.keepPast()
    })
  }

  /** One query. @throws {SourceError} */
  collect (): Promise<FleetReport> {
    return this.#collector.collect()
  }

  stop (): void {
    this.#collector.stop()
  }

  /** What is remembered from one report to the next, besides the samples. */
  get fleet (): FleetSnapshot {
    return this.#fleet.snapshot()
  }

  /** null: nothing was read yet. */
  snapshot (): IntakeSnapshot | null {
    const plan = this.#plan.snapshot()
    return plan === null ? null : { plan, window: this.#window.snapshot(this.#options.clock.monotonic()) }
  }

  /** Goes on from there, as if it had made the reports before. */
  restoreFleet (fleet: FleetSnapshot): void {
    this.#fleet.restore(fleet)
  }

  /** @param ageMs how long ago the snapshot was made */
  restore ({ window, plan }: IntakeSnapshot, ageMs: number): void {
    this.#fleet.restoreWindow(window, ageMs)
    this.#plan.restore(plan)
  }
}
