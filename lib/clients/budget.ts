import type { Clock } from '../clock.ts'
import { TokenBucket } from './token-bucket.ts'

/** What a client may ask for at once, and per second from then on. */
const BURST = 400
const PER_SECOND = 50
const BYTES_PER_COST = 1_024
const BYTES_OF_SMALL = 256
/** Who leaves so much unused has stopped asking for too much. */
const CALM = PER_SECOND / 2
/** Who goes on asking for more than that, for so long, does not mean to stop. */
const PATIENCE_MS = 30_000

/** Of a message: 1, and 1 for each KiB that it has, or that it is answered with, beyond what a small one and its answer have. */
export function costOf (bytesReceived: number, bytesSent: number): number {
  return (
    1 + Math.max(0, bytesReceived - BYTES_OF_SMALL) / BYTES_PER_COST + Math.max(0, bytesSent - BYTES_OF_SMALL) / BYTES_PER_COST
  )
}

/** What one client may ask for. It may go into debt, since what an answer costs is known when it is made. */
export class Budget {
  readonly #clock: Clock
  readonly #bucket: TokenBucket
  #pressedSince: number | null = null

  constructor (clock: Clock) {
    this.#clock = clock
    this.#bucket = new TokenBucket({ capacity: BURST, perSecond: PER_SECOND, clock })
  }

  spend (cost: number): void {
    if (this.#bucket.tokens >= CALM) this.#pressedSince = null
    this.#bucket.spend(cost)
  }

  /** ms until the next message may be looked at; 0: now. */
  get waitMs (): number {
    return Math.max(0, Math.ceil(-this.#bucket.tokens / PER_SECOND * 1_000))
  }

  /**
   * Takes what was read already and has to wait, as a cost. One large answer is no reason to part: it only takes its time.
   * @returns whether the client has gone on asking for more than it gets for too long
   */
  isHopeless (waiting: number): boolean {
    if (waiting < PER_SECOND) return false
    this.#pressedSince ??= this.#clock.monotonic()
    return this.#clock.monotonic() - this.#pressedSince > PATIENCE_MS
  }
}
