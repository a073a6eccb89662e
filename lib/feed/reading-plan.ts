import { CLOCK_TOLERANCE_MS } from '../fleet/clock-faults.ts'
import type { TimeRange } from '../source/time-range.ts'

/** What is read at once at most while it is not known how much there is: six times what a tick of 10 s needs. */
const FIRST_SLICE_MS = 60_000
/** Rows that a slice of the past may have: so many cost a database of any size little ... */
const CHEAP_ROWS = 20_000
/** ... and beyond that, this many times what a tick's query had. */
const TICKS_PER_SLICE = 4
/** Rows are estimated; there may be more. */
const SHARE_OF_MOST = 0.7
/** So many intervals are read again while nothing is known of late samples. */
const OVERLAP_INTERVALS = 2
/** What arrives later than this is not waited for. */
export const MOST_OVERLAP_MS = 60_000

/** Clocks are never quite right: what is ahead of ours by so much is read. */
const AHEAD_MS = CLOCK_TOLERANCE_MS + 1

export interface ReadingPlanOptions {
  intervalMs: number
  /** How far back samples are wanted, ms. */
  windowMs: number
  /** Rows that the source answers at most. */
  maxRows: number
}

/** What one tick reads. */
export interface Reading {
  range: TimeRange
  /** Beginning of what will have been read without a gap up to now, if this reading succeeds. */
  now: number
}

/** Plain data: JSON takes it there and back. */
export interface PlanSnapshot {
  readAt: number
  windowMs: number
  lagMs: number
  newest: number | null
  /** null: as long as one likes. */
  longestMs: number | null
  rowsPerMs: number | null
}

/**
 * What of the past was read, and what is next: at each tick what is new since the last reading, with an overlap for what
 * arrives late; and in slices, newest first, what is missing of the window: after a start, an outage or an idle time.
 * All times are ms since the epoch.
 */
export class ReadingPlan {
  readonly #options: ReadingPlanOptions
  #windowMs: number
  #readAt: number | null = null
  /** How far the newest sample was behind our clock when it was new. */
  #lagMs = 0
  #newest: number | null = null
  /** Oldest first, apart from each other, all before what the last tick read. */
  #gaps: TimeRange[] = []
  /** A slice may not be longer: the source could not answer it in time, or at all. */
  #longestMs = Infinity
  /** As the last tick found them. */
  #rowsPerMs: number | null = null

  constructor (options: ReadingPlanOptions) {
    this.#options = options
    this.#windowMs = options.windowMs
  }

  /** What a tick at `now` is to read. @param latenessMs how late samples were seen to arrive */
  next (now: number, latenessMs: number): Reading {
    const slice = this.#sliceMs
    if (this.#readAt === null) return { range: { start: now - Math.min(slice, this.#windowMs), stop: now + AHEAD_MS }, now }
    const { intervalMs } = this.#options
    const overlap = Math.min(MOST_OVERLAP_MS, Math.max(OVERLAP_INTERVALS * intervalMs, latenessMs))
    const start = Math.min(this.#readAt, now) - this.#lagMs - overlap
    return { range: { start: Math.max(start, now - this.#lagMs - overlap - slice), stop: now + AHEAD_MS }, now }
  }

  /** It was read. @param newest time of the newest sample that is known, as far as it is not ahead of our clock */
  done ({ range, now }: Reading, rows: number, newest: number | null): void {
    const from = this.#readAt === null ? now - this.#windowMs : Math.max(this.#readAt, now - this.#windowMs)
    // An overlap is read again, not missing.
    if (from < range.start) this.#gaps.push({ start: from, stop: range.start })
    this.#readAt = now
    this.#longestMs *= 2
    this.#rowsPerMs = rows / Math.max(1, now - range.start)
    if (newest !== null && newest !== this.#newest) this.#lagMs = Math.max(0, now - newest)
    this.#newest = newest
  }

  /** A slice, or what a tick was to read, could not be: the next ones are shorter, until they can. */
  failed ({ start, stop }: TimeRange, now: number): void {
    this.#longestMs = Math.max(this.#options.intervalMs, (Math.min(stop, now) - start) / 2)
  }

  /** Samples are wanted from further back than before. */
  widen (windowMs: number): void {
    if (windowMs <= this.#windowMs || this.#readAt === null) return
    this.#gaps.unshift({ start: this.#readAt - windowMs, stop: this.#readAt - this.#windowMs })
    this.#windowMs = windowMs
  }

  /** The newest part of what is missing, no more than one query should ask for; null when nothing is. */
  missing (now: number): TimeRange | null {
    this.#gaps = this.#gaps.flatMap(({ start, stop }) => {
      const from = Math.max(start, now - this.#windowMs)
      return from < stop ? [{ start: from, stop }] : []
    })
    const gap = this.#gaps.at(-1)
    return gap === undefined ? null : { start: Math.max(gap.start, gap.stop - this.#sliceMs), stop: gap.stop }
  }

  /** That part was read. */
  filled ({ start, stop }: TimeRange): void {
    this.#gaps = this.#gaps.flatMap((gap) => gap.stop !== stop
      ? [gap]
      : gap.start < start ? [{ start: gap.start, stop: start }] : [])
  }

  /** Whether all of the range was read, at a tick or as a slice. */
  covers ({ start, stop }: TimeRange): boolean {
    if (this.#readAt === null || stop > this.#readAt || start < this.#readAt - this.#windowMs) return false
    return this.#gaps.every((gap) => gap.stop <= start || gap.start >= stop)
  }

  /** Rows that a query beside the ticks may have. */
  get rowsPerSlice (): number {
    const { intervalMs, maxRows } = this.#options
    const tick = (this.#rowsPerMs ?? 0) * (1 + OVERLAP_INTERVALS) * intervalMs
    return Math.min(SHARE_OF_MOST * maxRows, Math.max(CHEAP_ROWS, TICKS_PER_SLICE * tick))
  }

  /** Rows that a range of so many ms has, as far as that is known. */
  rowsOf (ms: number): number {
    return ms * (this.#rowsPerMs ?? this.rowsPerSlice / FIRST_SLICE_MS)
  }

  /** null: nothing was read yet. */
  snapshot (): PlanSnapshot | null {
    if (this.#readAt === null) return null
    return {
      readAt: this.#readAt,
      windowMs: this.#windowMs,
      lagMs: this.#lagMs,
      newest: this.#newest,
      longestMs: Number.isFinite(this.#longestMs) ? this.#longestMs : null,
      rowsPerMs: this.#rowsPerMs
    }
  }

  /** Goes on from there. Of what was read before only the newest of each series has been handed over: the rest is missing. */
  restore ({ readAt, windowMs, lagMs, newest, longestMs, rowsPerMs }: PlanSnapshot): void {
    this.#readAt = readAt
    this.#windowMs = Math.max(this.#windowMs, windowMs)
    this.#lagMs = lagMs
    this.#newest = newest
    this.#longestMs = longestMs ?? Infinity
    this.#rowsPerMs = rowsPerMs
    this.#gaps = [{ start: readAt - this.#windowMs, stop: readAt }]
  }

  get #sliceMs (): number {
    const ms = this.#rowsPerMs === null ? FIRST_SLICE_MS : this.rowsPerSlice / Math.max(this.#rowsPerMs, 1e-6)
    return Math.min(this.#longestMs, ms)
  }
}
