import type { Clock } from '../clock.ts'

/** A poll that is moved to where the data lands comes at most this much sooner than the interval says. */
const SHORTEST_INTERVAL = 0.9

/** What is learned of when data land. */
export interface Phase {
  /** A poll at `polledAt` found `dataTime` as the time of the newest sample; both ms since the epoch. */
  observe (polledAt: number, dataTime: number | null): void
  /** The best time to poll from `notBefore` on, both ms since the epoch; null when one is as good as another. */
  nextPoll (notBefore: number): number | null
}

export interface ScheduleOptions {
  intervalMs: number
  clock: Clock
  phase?: Phase
}

/**
 * When ticks are due: on a grid of `intervalMs` on the monotonic clock, so that they do not drift; one that takes longer
 * than the interval skips grid points. The grid is moved to where the data lands, by waiting: that adds no tick.
 */
export class Schedule {
  readonly #options: ScheduleOptions
  #due = 0
  #lastTickAt = -Infinity

  constructor (options: ScheduleOptions) {
    this.#options = options
  }

  /** A tick (or an idle turn) is planned for then, on the monotonic clock; the grid goes on from there. */
  plan (due: number): void {
    this.#due = due
  }

  /** A tick begins now. */
  began (): void {
    this.#lastTickAt = this.#options.clock.monotonic()
  }

  observe (polledAt: number, dataTime: number | null): void {
    this.#options.phase?.observe(polledAt, dataTime)
  }

  /**
   * When somebody who wants a tick now may have one, on the monotonic clock: an
   * interval after the last, however often they come.
   */
  get soonest (): number {
    const { clock, intervalMs } = this.#options
    return Math.max(clock.monotonic(), this.#lastTickAt + intervalMs)
  }

  /** When the next tick is due, on the monotonic clock. What was found meanwhile may change it. */
  get next (): number {
    const { clock, intervalMs, phase } = this.#options
    const now = clock.monotonic()
    const earliest = Math.max(now, this.#lastTickAt + SHORTEST_INTERVAL * intervalMs)
    // The phase is one of the wall clock.
    const wallAhead = clock.now() - now
    const aligned = phase?.nextPoll(earliest + wallAhead) ?? null
    return aligned === null ? this.nextOnGrid : aligned - wallAhead
  }

  get nextOnGrid (): number {
    const { clock, intervalMs } = this.#options
    const late = Math.max(0, clock.monotonic() - this.#due)
    return this.#due + intervalMs * (Math.floor(late / intervalMs) + 1)
  }

  /** When the next tick is due, ms since the epoch. */
  get nextPollAt (): number {
    const { clock } = this.#options
    return clock.now() + this.next - clock.monotonic()
  }
}
