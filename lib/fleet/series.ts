import type { SeriesKey } from '../source/sample-source.ts'
import { lowerMedian } from './statistics.ts'

const FIRST_CAPACITY = 8
/** What an object and two empty typed arrays take beside their samples, as measured. */
const BYTES_PER_SERIES = 400
const BYTES_PER_SAMPLE = 16
/** The rhythm is that of so many last gaps, and the interval of fewer, so that it follows a change; of so many last readings. */
const GAPS = 8
const LAST_GAPS = 4
const ARRIVALS = 5

/** What is known of the rhythm in which samples come, beside the samples. Plain data. */
export interface ArrivalSnapshot {
  /** How long ago its newest sample advanced, ms; null: it was not looked at yet. */
  advancedAgeMs: number | null
  stretches: readonly number[]
}

/** One writer's samples, by time, and the rhythm in which they come. */
export class Series {
  readonly key: SeriesKey
  #times = new Float64Array(FIRST_CAPACITY)
  #values = new Float64Array(FIRST_CAPACITY)
  #from = 0
  #to = 0
  #intervalMs: number | null = null
  #longestMs: number | null = null
  #isIntervalKnown = false
  #stretches: number[] = []
  #batchMs: number | null = null
  /** When its newest sample last advanced, on the monotonic clock; null: it was not looked at yet. */
  advancedAt: number | null = null

  constructor (key: SeriesKey) {
    this.key = key
  }

  get size (): number {
    return this.#to - this.#from
  }

  get bytes (): number {
    return BYTES_PER_SERIES + BYTES_PER_SAMPLE * this.#times.length
  }

  /** Of the sample that so many newer ones follow, ms since the epoch. */
  timeFromEnd (newer: number): number {
    return this.#times[this.#to - 1 - newer] ?? NaN
  }

  valueFromEnd (newer: number): number {
    return this.#values[this.#to - 1 - newer] ?? NaN
  }

  get newestTime (): number {
    return this.timeFromEnd(0)
  }

  get oldestTime (): number {
    return this.#times[this.#from] ?? NaN
  }

  /** Samples that are newer than this time. */
  newerThan (time: number): number {
    let newer = 0
    while (newer < this.size && this.timeFromEnd(newer) > time) newer++
    return newer
  }

  /** Takes a sample, in any order; one of the same time is replaced. @returns whether there is one more */
  put (time: number, value: number): boolean {
    const newer = this.newerThan(time)
    const at = this.#to - newer
    if (at > this.#from && this.#times[at - 1] === time) {
      this.#values[at - 1] = value
      return false
    }
    this.#insert(newer, time, value)
    this.#isIntervalKnown = false
    return true
  }

  /** Lets go of the oldest. @returns how many */
  dropBefore (time: number): number {
    const before = this.#from
    while (this.#from < this.#to && this.oldestTime < time) this.#from++
    return this.#from - before
  }

  /** Lets go of arrays that are much larger than what is in them. */
  compact (): void {
    const capacity = Math.max(FIRST_CAPACITY, this.size)
    if (capacity * 2 > this.#times.length) return
    this.#move(capacity)
  }

  /** Between two samples, ms: the mean of the last gaps but for the longest; null while there is none. */
  get intervalMs (): number | null {
    this.#learn()
    return this.#intervalMs
  }

  /** As long as it takes at times, ms: the longest of the last gaps but one. That is more where samples come in pairs. */
  get longestMs (): number | null {
    this.#learn()
    return this.#longestMs
  }

  /** How much of time comes at once, ms: a writer that sends its samples in batches is waited for so long. */
  get batchMs (): number | null {
    return this.#batchMs
  }

  /**
   * Newer samples have come. @param at on the monotonic clock
   * @param ageMs of the newest by the wall clock: the first ones may be old already
   * @param stretchMs from the newest before; null: it says nothing, since nobody looked for a while
   */
  advance (at: number, ageMs: number, stretchMs: number | null): void {
    if (this.advancedAt === null) {
      this.advancedAt = at - Math.max(0, ageMs)
      return
    }
    this.advancedAt = at
    // As always: at every sample of every series.
    if (stretchMs === null || (this.#batchMs !== null && Math.abs(stretchMs - this.#batchMs) < this.#batchMs / 2)) return
    this.#stretches.push(stretchMs)
    if (this.#stretches.length > ARRIVALS) this.#stretches.shift()
    this.#batchMs = lowerMedian(this.#stretches)
  }

  arrivals (at: number): ArrivalSnapshot {
    return { advancedAgeMs: this.advancedAt === null ? null : at - this.advancedAt, stretches: this.#stretches }
  }

  restoreArrivals ({ advancedAgeMs, stretches }: ArrivalSnapshot, at: number): void {
    this.advancedAt = advancedAgeMs === null ? null : at - advancedAgeMs
    this.#stretches = [...stretches]
    this.#batchMs = stretches.length === 0 ? null : lowerMedian(stretches)
  }

  /** At every sample of every series, hence without making anything. */
  #learn (): void {
    if (this.#isIntervalKnown) return
    this.#isIntervalKnown = true
    const count = Math.min(GAPS, this.size - 1)
    const last = Math.min(LAST_GAPS, count)
    let [sum, longestOfLast, longest, second] = [0, 0, 0, 0]
    for (let gap = 0; gap < count; gap++) {
      const ms = this.timeFromEnd(gap) - this.timeFromEnd(gap + 1)
      if (ms > longest) [longest, second] = [ms, longest]
      else second = Math.max(second, ms)
      if (gap >= last) continue
      sum += ms
      longestOfLast = Math.max(longestOfLast, ms)
    }
    this.#intervalMs = count < 1 ? null : last > 2 ? (sum - longestOfLast) / (last - 1) : sum / last
    this.#longestMs = count < 1 ? null : count === 1 ? longest : second
  }

  #insert (newer: number, time: number, value: number): void {
    if (this.#to === this.#times.length) this.#makeRoom()
    const at = this.#to - newer
    if (newer > 0) {
      this.#times.copyWithin(at + 1, at, this.#to)
      this.#values.copyWithin(at + 1, at, this.#to)
    }
    this.#times[at] = time
    this.#values[at] = value
    this.#to++
  }

  /** Moves what there is to the begin, into larger arrays where it fills more than half of these. */
  #makeRoom (): void {
    this.#move(2 * this.size > this.#times.length ? 2 * this.#times.length : this.#times.length)
  }

  #move (capacity: number): void {
    const { size } = this
    const [times, values] = [this.#times, this.#values]
    if (capacity !== times.length) {
      this.#times = new Float64Array(capacity)
      this.#values = new Float64Array(capacity)
    }
    this.#times.set(times.subarray(this.#from, this.#to))
    this.#values.set(values.subarray(this.#from, this.#to))
    this.#from = 0
    this.#to = size
  }
}
