/** A reading need not go back farther than this: what comes later is too late. */
const MOST_MS = 60_000
/** What was seen once is expected for so many readings. */
const REMEMBERED = 60
/** Two samples that are farther apart than so many intervals have others between them, which were not there yet. */
const GAP_INTERVALS = 1.5

/** Plain data: JSON takes it there and back. */
export interface LatenessSnapshot {
  readAt: number | null
  seen: readonly number[]
  due: number
}

/** How late samples become readable, as seen from the readings: the next one has to reach back so far. */
export class Lateness {
  #readAt: number | null = null
  /** The most of each of the last readings, and of the one that is under way. */
  #seen: number[] = []
  #most = 0
  /** What is not there though it is due may be late, rather than missing: looked for as long as it may come. */
  #due = 0

  /** ms before the last reading. */
  get ms (): number {
    return Math.min(MOST_MS, this.#seen.reduce((most, late) => Math.max(most, late), this.#due))
  }

  /** A reading brought a sample that none before it had, of a series that is not new. @param time ms since the epoch */
  observe (time: number): void {
    if (this.#readAt !== null) this.#most = Math.max(this.#most, this.#readAt - time)
  }

  /** A reading brought newer samples of a series: what lies between may be later still. */
  observeGap (before: number, after: number, intervalMs: number | null): void {
    if (intervalMs !== null && after - before > GAP_INTERVALS * intervalMs) this.observe(before + intervalMs / 2)
  }

  /** @param now ms since the epoch. @param newest of each series, and its interval */
  readingEnds (now: number, newest: Iterable<{ newestTime: number, longestMs: number | null }>): void {
    this.#due = 0
    for (const { newestTime, longestMs } of newest) {
      const late = now - newestTime - (longestMs ?? Infinity) / 2
      if (late > (longestMs ?? Infinity) && late <= MOST_MS) this.#due = Math.max(this.#due, late)
    }
    this.#seen = [...this.#seen, this.#most].slice(-REMEMBERED)
    this.#most = 0
    this.#readAt = now
  }

  snapshot (): LatenessSnapshot {
    return { readAt: this.#readAt, seen: this.#seen, due: this.#due }
  }

  restore ({ readAt, seen, due }: LatenessSnapshot): void {
    this.#readAt = readAt
    this.#seen = [...seen]
    this.#due = due
  }
}
