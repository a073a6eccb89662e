/** So long one leads without a sign of life: then another one may. */
export const LEASE_MS = 5_000
export const BEAT_MS = 1_000
/** So long the lead has to be free before it is taken by who does not know what there is: those who do have it first. */
const PATIENCE_MS = 2 * BEAT_MS
/** After so long nobody else wants it: also who has to be patient would have taken it. */
const UNWANTED_MS = 2 * PATIENCE_MS
const LONGEST_PAUSE_MS = 60_000

/**
 * When an instance may take the lead that nobody has. Who had it and could not begin lets others try, for a lease, and twice as
 * long each time: several of that kind would keep it from those who can; but no longer than others want it. Times are of the
 * monotonic clock, ms.
 */
export class Candidacy {
  #freeSince: number | null = null
  /** The lease of another one. */
  #held: { term: number, since: number } | null = null
  #pauseMs = LEASE_MS
  #pausedUntil = -Infinity

  /**
   * @param isFree nobody has the lease; of what cannot be asked it is not known
   * @param term in which another one has it; null: none has, as far as is known
   */
  saw (isFree: boolean, now: number, term: number | null = null): void {
    this.#freeSince = isFree ? this.#freeSince ?? now : null
    if (term === null) this.#held = null
    else if (this.#held?.term !== term) this.#held = { term, since: now }
  }

  /** Whether another one leads: one that only tries to begin has the lease no longer than that lasts. */
  isLed (now: number): boolean {
    return this.#held !== null && now - this.#held.since > LEASE_MS
  }

  /** @param knows what is the newest was read by this one */
  isNext (knows: boolean, now: number): boolean {
    return knows || this.#freeFor(now) >= PATIENCE_MS
  }

  isPaused (now: number): boolean {
    return now < this.#pausedUntil && this.#freeFor(now) < UNWANTED_MS
  }

  /** It had the lead, and gives it back. @returns for how long it does not try again, ms, where others want it */
  failed (now: number): number {
    const isAgain = now < this.#pausedUntil + LONGEST_PAUSE_MS
    this.#pauseMs = isAgain ? Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS) : LEASE_MS
    this.#pausedUntil = now + this.#pauseMs
    this.#freeSince = null
    return this.#pauseMs
  }

  succeeded (): void {
    this.#pausedUntil = -Infinity
  }

  #freeFor (now: number): number {
    return this.#freeSince === null ? 0 : now - this.#freeSince
  }
}
