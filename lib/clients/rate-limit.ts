import type { Clock } from '../clock.ts'

/** A token bucket that holds one second's worth: https://en.wikipedia.org/wiki/Token_bucket */
export class RateLimit {
  readonly #perSecond: number
  readonly #clock: Clock
  #tokens: number
  #filledAt: number

  /** @param perSecond 0 for no limit */
  constructor (perSecond: number, clock: Clock) {
    this.#perSecond = perSecond
    this.#clock = clock
    this.#tokens = perSecond
    this.#filledAt = clock.monotonic()
  }

  /** Takes one token. @returns false when there is none */
  take (): boolean {
    if (this.#perSecond === 0) return true
    const now = this.#clock.monotonic()
    this.#tokens = Math.min(this.#perSecond, this.#tokens + (now - this.#filledAt) / 1_000 * this.#perSecond)
    this.#filledAt = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
