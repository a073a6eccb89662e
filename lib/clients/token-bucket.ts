import type { Clock } from '../clock.ts'

export interface TokenBucketOptions {
  /** What it holds at most, and at first. */
  capacity: number
  perSecond: number
  clock: Clock
}

/** https://en.wikipedia.org/wiki/Token_bucket, which may go into debt when more is spent than there is. */
export class TokenBucket {
  readonly #options: TokenBucketOptions
  #tokens: number
  #filledAt: number

  constructor (options: TokenBucketOptions) {
    this.#options = options
    this.#tokens = options.capacity
    this.#filledAt = options.clock.monotonic()
  }

  /** What there is now; below 0: owed. */
  get tokens (): number {
    const { capacity, perSecond, clock } = this.#options
    const now = clock.monotonic()
    this.#tokens = Math.min(capacity, this.#tokens + (now - this.#filledAt) / 1_000 * perSecond)
    this.#filledAt = now
    return this.#tokens
  }

  spend (tokens: number): void {
    this.#tokens -= tokens
  }
}
