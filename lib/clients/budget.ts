import type { Clock } from '../clock.ts'
import { TokenBucket } from './token-bucket.ts'

/** What a client may ask for at once, and per second from then on; a message costs 1, and 1 for each KiB that it is answered with. */
const BURST = 400
const PER_SECOND = 50
const BYTES_PER_COST = 1_024
/** Who asks for more than that without a pause, for so long, does not mean to stop. */
const PATIENCE_MS = 30_000

/** What one client may ask for. It may go into debt, since what an answer costs is known when it is made. */
export class Budget {
  readonly #clock: Clock
  readonly #bucket: TokenBucket
  #overdrawnSince: number | null = null

  constructor (clock: Clock) {
    this.#clock = clock
    this.#bucket = new TokenBucket({ capacity: BURST, perSecond: PER_SECOND, clock })
  }

  /** Pays for a message whose answer has so many bytes. */
  spend (bytes: number): void {
    if (this.#bucket.tokens === BURST) this.#overdrawnSince = null
    this.#bucket.spend(1 + bytes / BYTES_PER_COST)
    if (this.#bucket.tokens < 0) this.#overdrawnSince ??= this.#clock.monotonic()
  }

  /** ms until the next message may be looked at; 0: now. */
  get waitMs (): number {
    return Math.max(0, Math.ceil(-this.#bucket.tokens / PER_SECOND * 1_000))
  }

  /** It has been spending more than it gets for too long. */
  get isHopeless (): boolean {
    return this.#overdrawnSince !== null && this.#clock.monotonic() - this.#overdrawnSince > PATIENCE_MS
  }
}
