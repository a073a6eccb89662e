import type { Clock } from '../clock.ts'
import { TokenBucket } from './token-bucket.ts'

/** So many per second, and as many at once. */
export class RateLimit {
  /** null: no limit. */
  readonly #bucket: TokenBucket | null

  /** @param perSecond 0 for no limit */
  constructor (perSecond: number, clock: Clock) {
    this.#bucket = perSecond === 0 ? null : new TokenBucket({ capacity: perSecond, perSecond, clock })
  }

  /** Takes one token. @returns false when there is none */
  take (): boolean {
    if (this.#bucket === null) return true
    if (this.#bucket.tokens < 1) return false
    this.#bucket.spend(1)
    return true
  }
}
