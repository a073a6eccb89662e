import { wait, within, type Clock } from '../clock.ts'
import type { ClockFault } from '../fleet/clock-faults.ts'
import type { FleetReport, SampleFleet } from '../fleet/sample-fleet.ts'
import { LONGEST_MS, type SampleWindow } from '../fleet/sample-window.ts'
import type { Log } from '../log.ts'
import type { ReadResult, SampleSource, TakeSample } from '../source/sample-source.ts'
import type { TimeRange } from '../source/time-range.ts'
import type { Beside } from './beside.ts'
import type { ReadingPlan } from './reading-plan.ts'
import type { Troubles } from './troubles.ts'

/** An update waits so long for the rest of the window, and the first for what is asked beside it; then it is told without. */
const PATIENCE_MS = 500
/** A writer needs so many samples in the window for its regressions to be told. */
const SAMPLES_WANTED = 16

const MOST_NAMED = 10
/** Not for a few slow ones among many that are fast. */
const MOST_ROWS_WIDENED = 100_000

export interface CollectorOptions {
  source: SampleSource
  fleet: SampleFleet
  plan: ReadingPlan
  beside: Beside
  clock: Clock
  log: Log
  window: SampleWindow
  troubles: Troubles
  /** Whether anybody wants data: else nothing is asked, neither by ticks nor between them. */
  isWanted: () => boolean
  /** Keeps what has passed as baselines; after each tick. */
  keepPast: () => Promise<void>
}

/**
 * Reads what is new into the fleet, one query per tick; what is missing of the
 * window, and what the other tasks want, between the ticks.
 */
export class Collector {
  readonly #options: CollectorOptions
  #isFirst = true
  #isBetween = false
  #stopped = false

  constructor (options: CollectorOptions) {
    this.#options = options
  }

  /** One query. @throws {SourceError} */
  async collect (): Promise<FleetReport> {
    const { fleet, plan, clock } = this.#options
    const reading = plan.next(clock.now(), fleet.latenessMs)
    const startedAt = clock.monotonic()
    const { rows } = await this.#read(reading.range, fleet.take)
    const queryMs = clock.monotonic() - startedAt
    fleet.readingEnds()
    plan.done(reading, rows, fleet.newestTime)
    const filled = this.#goOn(queryMs)
    if (this.#isFirst || plan.missing(clock.now()) !== null) await within(clock, PATIENCE_MS, filled)
    this.#isFirst = false
    // Of thousands of PoPs each of these takes its time: everybody else has a turn between.
    await clock.turn()
    const report = fleet.update()
    this.#widen()
    this.#tellTroubles()
    return report
  }

  /** Slow writers need a longer window: it is read between the ticks. */
  #widen (): void {
    const { fleet, plan } = this.#options
    const windowMs = Math.min(LONGEST_MS, SAMPLES_WANTED * (fleet.slowestIntervalMs ?? 0))
    if (plan.rowsOf(windowMs) < MOST_ROWS_WIDENED) plan.widen(windowMs)
  }

  #tellTroubles (): void {
    const { fleet, window, troubles } = this.#options
    if (fleet.codes.length > 0) troubles.set('no_data', null)
    const faults = (isAhead: boolean) => fleet.clockFaults.filter(({ aheadMs }) => (aheadMs > 0) === isAhead)
    troubles.set('clock_ahead', clockText(faults(true), 'ahead: samples of the future are not used'))
    troubles.set('clock_behind', clockText(faults(false), 'behind: their samples come too late to be read'))
    troubles.set('window_full', window.isCut
      ? `there are more samples than WINDOW_MAX_ROWS or WINDOW_MAX_BYTES allow: ${window.rows} are kept, the oldest are not`
      : null)
  }

  get #goesOn (): boolean {
    return !this.#stopped && this.#options.isWanted()
  }

  stop (): void {
    this.#stopped = true
    this.#options.beside.stop()
  }

  /** What is done between ticks; there is never more than one of it. Resolves when the window is filled. Never rejects. */
  async #goOn (queryMs: number): Promise<void> {
    if (this.#isBetween) return
    this.#isBetween = true
    const { troubles } = this.#options
    try {
      await this.#fill()
      troubles.set('slice_failed', null)
    } catch (error) {
      this.#isBetween = false
      // It is tried again after the next tick.
      troubles.set('slice_failed', `a part of the window cannot be read: ${(error as Error).message}`)
      return
    }
    const looked = this.#lookBeside(queryMs)
    // The first update waits for places as well, and each for what is usual.
    if (this.#isFirst || this.#options.beside.isUrgent) await looked
  }

  async #fill (): Promise<void> {
    const { plan, clock } = this.#options
    for (let range = plan.missing(clock.now()); range !== null && this.#goesOn; range = plan.missing(clock.now())) {
      await this.#readSlice(range)
    }
  }

  async #lookBeside (queryMs: number): Promise<void> {
    const { beside, keepPast, log } = this.#options
    try {
      await keepPast()
      await beside.ticked(queryMs)
    } catch (err) {
      log.error({ event: 'task_failed', task: 'baselines', err }, 'a task beside the ticks threw')
    }
    this.#isBetween = false
  }

  async #read (range: TimeRange, take: TakeSample): Promise<ReadResult> {
    const { source, plan, clock } = this.#options
    try {
      return await source.read(range, take)
    } catch (error) {
      plan.failed(range, clock.now())
      throw error
    }
  }

  async #readSlice (range: TimeRange): Promise<void> {
    const { fleet, plan, clock } = this.#options
    const startedAt = clock.monotonic()
    await this.#read(range, fleet.fill)
    plan.filled(range)
    // As long as it took nothing else is asked.
    const tookMs = clock.monotonic() - startedAt
    if (tookMs > 0) await wait(clock, tookMs)
  }
}

function clockText (faults: readonly ClockFault[], what: string): string | null {
  if (faults.length === 0) return null
  const named = faults.slice(0, MOST_NAMED).map(({ pop, aheadMs }) => `${pop} (${Math.round(Math.abs(aheadMs) / 1_000)} s)`)
  const more = faults.length > MOST_NAMED ? ` and ${faults.length - MOST_NAMED} more` : ''
  return `clocks are ${what}: ${named.join(', ')}${more}`
}
