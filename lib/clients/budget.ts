import type { Clock } from '../clock.ts'

/** What a client may ask for at once, and per second from then on; a message costs 1, and 1 for each KiB that it is answered with. */
const BURST = 400
const PER_SECOND = 50
const BYTES_PER_COST = 1_024
/** Who asks for more than that without a pause, for so long, does not mean to stop. */
const PATIENCE_MS = 30_000

/** What one client may ask for: a token bucket that may go into debt, since what an answer costs is known when it is made. */
export class Budget {
  readonly #clock: Clock
  #tokens = BURST
  #filledAt: number
  #overdrawnSince: number | null = null

  constructor (clock: Clock) {
    this.#clock = clock
    this.#filledAt = clock.monotonic()
  }

  /** Pays for a message whose answer has so many bytes. */
  spend (bytes: number): void {
    this.#fill()
    if (this.#tokens === BURST) this.#overdrawnSince = null
    this.#tokens -= 1 + bytes / BYTES_PER_COST
    if (this.#tokens < 0) this.#overdrawnSince ??= this.#clock.monotonic()
  }

  /** ms until the next message may be looked at; 0: now. */
  get waitMs (): number {
    this.#fill()
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / PER_SECOND * 1_000)
  }

  /** It has been spending more than it gets for too long. */
  get isHopeless (): boolean {
    return this.#overdrawnSince !== null && this.#clock.monotonic() - this.#overdrawnSince > PATIENCE_MS
  }

  #fill (): void {
    const now = this.#clock.monotonic()
    this.#tokens = Math.min(BURST, this.#tokens + (now - this.#filledAt) / 1_000 * PER_SECOND)
    this.#filledAt = now
  }
}
