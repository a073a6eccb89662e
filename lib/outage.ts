/** One that goes on is told again so often, for whoever reads only the last lines of a log. */
export const REMIND_MS = 5 * 60_000

/** Failures in a row, and when the log is to have a line of them: at the first, every few minutes, and when they end. */
export class Outage {
  #failures = 0
  #since = 0
  #toldAt = 0

  get failures (): number {
    return this.#failures
  }

  /**
   * One more failure.
   * @param now on the monotonic clock
   * @returns what a line is to say; null: none is due
   */
  failed (now: number): { failures: number, forMs: number } | null {
    if (this.#failures++ === 0) this.#since = now
    else if (now - this.#toldAt < REMIND_MS) return null
    this.#toldAt = now
    return { failures: this.#failures, forMs: Math.round(now - this.#since) }
  }

  /** @returns how many failures there were; 0: there was no outage */
  ended (): number {
    const failures = this.#failures
    this.#failures = 0
    return failures
  }
}
