export interface Clock {
  /** ms since the Unix epoch. */
  now (): number
  /** ms from an arbitrary origin; never set back. */
  monotonic (): number
  setTimeout (callback: () => void, ms: number): unknown
  clearTimeout (timer: any): void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer)
}

/** The wall clock may be set by so much without that being taken for sleep. */
const SLEEP_MS = 5_000

/** Monotonic time that goes on while the machine sleeps: in most browsers the monotonic clock stands still then. */
export class Stopwatch {
  readonly #clock: Clock
  readonly #onSlept: () => void
  #slept = 0
  #ahead: number

  constructor (clock: Clock, onSlept: () => void) {
    this.#clock = clock
    this.#onSlept = onSlept
    this.#ahead = clock.now() - clock.monotonic()
  }

  now (): number {
    const monotonic = this.#clock.monotonic()
    const ahead = this.#clock.now() - monotonic
    const gained = ahead - this.#ahead
    if (gained < 0) this.#ahead = ahead
    if (gained > SLEEP_MS) {
      this.#ahead = ahead
      this.#slept += gained
      this.#onSlept()
    }
    return monotonic + this.#slept
  }
}
