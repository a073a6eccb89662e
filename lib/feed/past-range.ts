import type { TimeRange } from '../source/time-range.ts'

/** After a failure. Not at the next tick: the query that failed may be what overloads the database. */
export const RETRY_MS = 60_000
/** What fails for as little as can be asked for is tried more and more seldom: it keeps nothing else from being read. */
const MORE_SELDOM = 4
const LONGEST_RETRY_MS = 30 * 60_000
/** Without the hour nobody can be judged: a database that is there again is not to be waited for. */
export const LONGEST_HOUR_RETRY_MS = MORE_SELDOM * RETRY_MS
/** After so many answers of the most that is asked for it is a slot more; after each time that was too much twice as many. */
const ANSWERS_WANTED = 10

/** How one range of the past is read: how many slots at once, when again after a failure, and what of it could not be. */
export class PastRange {
  /** Slots that are asked for at once. */
  #most = Infinity
  /** That were answered at once since there was trouble. */
  #answered = 0
  /** Of the most. */
  #answers = 0
  #answersWanted = ANSWERS_WANTED
  #nextAt = -Infinity
  #retryMs = RETRY_MS
  readonly #longestRetryMs: number
  #trouble: string | null = null
  /** Begins of the slots that could not be read, and are wanted still. */
  #missed = new Set<number>()

  constructor (longestRetryMs = LONGEST_RETRY_MS) {
    this.#longestRetryMs = longestRetryMs
  }

  get most (): number {
    return this.#most
  }

  /** Why a part of it could not be read; null: all could, also what could not at first. */
  get trouble (): string | null {
    return this.#trouble
  }

  /** @param now of the monotonic clock */
  isDue (now: number): boolean {
    return now >= this.#nextAt
  }

  /** These are not known: of what had failed the others were seen meanwhile, or are not wanted any more. */
  want (slots: readonly TimeRange[]): void {
    this.#missed = new Set(slots.map(({ start }) => start).filter((start) => this.#missed.has(start)))
    if (slots.length === 0) this.#trouble = null
  }

  read (slots: readonly TimeRange[]): void {
    this.#retryMs = RETRY_MS
    this.#answered = Math.max(this.#answered, slots.length)
    if (slots.length >= this.#most && ++this.#answers >= this.#answersWanted) {
      this.#most++
      this.#answers = 0
    }
    for (const { start } of slots) this.#missed.delete(start)
    if (this.#missed.size === 0) this.#trouble = null
  }

  failed (slots: readonly TimeRange[], message: string, now: number): void {
    this.#nextAt = now + this.#retryMs
    this.#answers = 0
    if (this.#answered > 0 && slots.length > this.#answered && Number.isFinite(this.#most)) {
      // Only a slot more than could be: it is read with less, as before.
      this.#most = this.#answered
      this.#answersWanted *= 2
      return
    }
    if (slots.length === 1) this.#retryMs = Math.min(this.#longestRetryMs, MORE_SELDOM * this.#retryMs)
    this.#most = 1
    this.#answered = 0
    this.#trouble = message
    for (const { start } of slots) this.#missed.add(start)
  }
}
