import type { Cancel, Clock } from '../clock.ts'
import { Histogram } from '../histogram.ts'

/** Ten times a second: what holds the loop up for longer is seen for certain, what is shorter in proportion. */
const EVERY_MS = 100
const BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500]

/**
 * How late timers fire, because something else holds the loop up. Not `monitorEventLoopDelay`: its histogram tells percentiles
 * only, which cannot be added up over time or processes, and who resets it takes it from the next who reads.
 */
export class LoopDelay {
  /** ms. */
  readonly histogram = new Histogram(BOUNDS_MS)
  readonly #clock: Clock
  #cancel: Cancel = () => {}

  constructor (clock: Clock) {
    this.#clock = clock
  }

  start (): void {
    const due = this.#clock.monotonic() + EVERY_MS
    this.#cancel = this.#clock.schedule(() => {
      this.histogram.observe(Math.max(0, this.#clock.monotonic() - due))
      this.start()
    }, EVERY_MS)
  }

  stop (): void {
    this.#cancel()
  }
}
