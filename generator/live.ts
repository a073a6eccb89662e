import type { Cancel, Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { onGrid } from './points.ts'

/**
 * Grid points made up for after a pause of the process: an hour at 10 s. A
 * longer gap is a machine that slept or a clock that was set.
 */
const MAX_CATCH_UP = 360

export interface LiveTicksOptions {
  intervalMs: number
  /** The grid point that was served last, ms since the epoch; the first tick is the next one. */
  after: number
  /** One moment of the grid, ms since the epoch. Each is served once, in order. */
  tick: (time: number) => void
  clock: Clock
  log: Log
}

/**
 * Ticks on the grid of the wall clock, because the samples' times stand on it. The next tick is worked out anew from
 * the clock each time, so nothing adds up to a drift, and what was missed while the process was held up is made up for.
 */
export class LiveTicks {
  readonly #options: LiveTicksOptions
  #last: number
  #cancel: Cancel = () => {}

  constructor (options: LiveTicksOptions) {
    this.#options = options
    this.#last = options.after
  }

  /** Begins at once with every grid point that is due. */
  start (): void {
    this.#fire()
  }

  stop (): void {
    this.#cancel()
  }

  #fire (): void {
    const { clock, intervalMs } = this.#options
    this.#serve(onGrid(clock.now(), intervalMs))
    const now = clock.now()
    this.#cancel = clock.schedule(() => this.#fire(), onGrid(now, intervalMs) + intervalMs - now)
  }

  #serve (due: number): void {
    const { intervalMs, tick, log } = this.#options
    const behind = (due - this.#last) / intervalMs
    // A timer that fires a moment early, or a clock that was put back a little, finds nothing due.
    if (behind === 0 || behind === -1) return
    if (behind < 0 || behind > MAX_CATCH_UP) {
      log.warn(
        { event: 'clock_jumped', from: iso(this.#last), to: iso(due) },
        'the clock jumped, what lies between is not written'
      )
      this.#last = due - intervalMs
    }
    while (this.#last < due) {
      this.#last += intervalMs
      tick(this.#last)
    }
  }
}

function iso (time: number): string {
  return new Date(time).toISOString()
}
