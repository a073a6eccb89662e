import type { TimeRange } from '../source/time-range.ts'
import { base64, floats } from './base64.ts'
import type { Point } from './point.ts'
import { median, quartile } from './statistics.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** What is summed up is so long. */
export const SLOT_MS = 5 * MINUTE_MS
export const DAYS = 7
/** A baseline of another day is so much to either side of the same time. */
export const AROUND_MS = 7.5 * MINUTE_MS
export const HOUR_MS = 60 * MINUTE_MS
/** Slots of other days are asked for so long before they are needed. */
const AHEAD_MS = 15 * MINUTE_MS
/** The rest of a week, and what is around it. */
export const SLOTS = (DAYS * DAY_MS + 2 * HOUR_MS) / SLOT_MS
const MOST_POINTS = 255
/** Of the hour, that it says what is usual. */
const LEAST_KNOWN = 2 / 3
/** The same weekday comes before the days between. */
const DAYS_IN_ORDER = [1, 7, 2, 3, 4, 5, 6]

/** What the points of one PoP in one slot come to. */
export interface Summary {
  count: number
  median: number
  /** The lower one. */
  quartile: number
}

/** Instead of a number of days. */
export const HOUR_BEFORE = 0

/** What is wanted of one time. */
export interface Wanted {
  /** It is around the same time so many days ago, or of the hour before. */
  daysAgo: number
  /** That are not known, each by itself, oldest first. */
  slots: TimeRange[]
}

/** What is known of all PoPs in one slot. Plain data; numbers of which there are many are in base64. */
export interface SlotSnapshot {
  pops: readonly string[]
  counts: readonly number[]
  medians: string
  quartiles: string
}

/** One PoP's slots, in a ring. Two numbers and a count: of 2,000 PoPs and a week that is below 40 MB. */
class Ring {
  readonly medians = new Float32Array(SLOTS)
  readonly quartiles = new Float32Array(SLOTS)
  readonly counts = new Uint8Array(SLOTS)
  lastSlot = 0
}

/**
 * What each PoP was in each five minutes of the last week: seen by popcast itself, or read from the database once. All that
 * baselines are made of.
 */
export class SummaryStore {
  readonly #rings = new Map<string, Ring>()
  /** Number of the slot that stands at each place of the rings. */
  readonly #slots = new Float64Array(SLOTS).fill(-1)
  readonly #known = new Float64Array(SLOTS).fill(-1)
  /** Slots that have become known, or known better, since somebody last asked. */
  readonly #news = new Set<number>()
  #lastSlot = 0
  /** Somebody reads what is wanted: what is not known yet will be. */
  #waitsForHour = false

  get pops (): number {
    return this.#rings.size
  }

  get bytes (): number {
    return this.#rings.size * SLOTS * 9
  }

  /** @param start of a slot, ms since the epoch */
  take (pop: string, start: number, points: readonly Point[]): void {
    if (points.length === 0) return
    const values = Float64Array.from(points, ({ value }) => value).sort()
    this.#put(pop, start / SLOT_MS, { count: points.length, median: median(values), quartile: quartile(values) })
  }

  /** This slot has been read, or seen: it is not wanted again. */
  markKnown (start: number): void {
    const slot = start / SLOT_MS
    this.#known[slot % SLOTS] = slot
    this.#news.add(slot)
  }

  isKnown (start: number): boolean {
    const slot = start / SLOT_MS
    return this.#known[slot % SLOTS] === slot
  }

  /** What is wanted is being read from now on. Where it cannot be, the hour is known once it was seen. */
  waitForHour (): void {
    this.#waitsForHour = true
  }

  /**
   * Whether so much is known of the hour before a time that it says what is usual: of a smaller part all may be slow. The newest
   * slots become known when nothing can be added to them any more, the oldest are not waited for, and of the others a third may
   * be missing, as after a short time in which nobody asked.
   */
  isHourKnown (time: number): boolean {
    if (!this.#waitsForHour) return true
    let [known, slots] = [0, 0]
    for (let start = Math.floor((time - HOUR_MS) / SLOT_MS + 3) * SLOT_MS; start < time - 2 * SLOT_MS; start += SLOT_MS) {
      slots++
      if (this.isKnown(start)) known++
    }
    return known >= LEAST_KNOWN * slots
  }

  /** The slots of a PoP that begin within a range, as far as there are any, oldest first. */
  * slotsOf (pop: string, { start, stop }: TimeRange): Iterable<Summary & { start: number }> {
    const ring = this.#rings.get(pop)
    if (ring === undefined) return
    for (let slot = Math.ceil(start / SLOT_MS); slot * SLOT_MS < stop; slot++) {
      const place = slot % SLOTS
      const count = ring.counts[place] ?? 0
      if (this.#slots[place] !== slot || count === 0) continue
      yield { start: slot * SLOT_MS, count, median: ring.medians[place] ?? NaN, quartile: ring.quartiles[place] ?? NaN }
    }
  }

  /** The oldest slot of a PoP since then; undefined when there is none. */
  firstOf (pop: string, since: number): (Summary & { start: number }) | undefined {
    const [first] = this.slotsOf(pop, { start: since, stop: (this.#lastSlot + 1) * SLOT_MS })
    return first
  }

  /** What is needed next and not known, in order of need. @param now ms since the epoch */
  wanted (now: number): Wanted[] {
    const around = (daysAgo: number, aheadMs = 0) => {
      const time = now - daysAgo * DAY_MS + aheadMs
      return { daysAgo, slots: this.#unknownOf({ start: time - AROUND_MS, stop: time + AROUND_MS }) }
    }
    const [yesterday = 1, ...others] = DAYS_IN_ORDER
    return [
      around(yesterday),
      { daysAgo: HOUR_BEFORE, slots: this.#unknownOf({ start: now - HOUR_MS - SLOT_MS, stop: now - 2 * SLOT_MS }) },
      ...others.map((day) => around(day)),
      ...DAYS_IN_ORDER.map((day) => around(day, AHEAD_MS))
    ].filter(({ slots }) => slots.length > 0)
  }

  /** The slots that have become known since this was last asked, and are within the last week. */
  takeNews (): number[] {
    const news = Array.from(this.#news).filter((slot) => slot > this.#lastSlot - SLOTS)
    this.#news.clear()
    return news
  }

  /** What is known of one slot. */
  snapshotOf (slot: number): SlotSnapshot {
    const place = slot % SLOTS
    const pops = this.#slots[place] !== slot
      ? []
      : Array.from(this.#rings).filter(([, { counts }]) => (counts[place] ?? 0) > 0)
    const values = (of: (ring: Ring) => number | undefined) => base64(Float32Array.from(pops, ([, ring]) => of(ring) ?? NaN))
    return {
      pops: pops.map(([pop]) => pop),
      counts: pops.map(([, { counts }]) => counts[place] ?? 0),
      medians: values(({ medians }) => medians[place]),
      quartiles: values(({ quartiles }) => quartiles[place])
    }
  }

  /** Takes what another process, or this one before, knew of a slot. */
  restoreSlot (slot: number, { pops, counts, medians, quartiles }: SlotSnapshot): void {
    const [middles, lower] = [floats(medians), floats(quartiles)]
    for (const [index, pop] of pops.entries()) {
      this.#put(pop, slot, { count: counts[index] ?? 0, median: middles[index] ?? NaN, quartile: lower[index] ?? NaN })
    }
    this.#known[slot % SLOTS] = Math.max(slot, this.#known[slot % SLOTS] ?? -1)
  }

  /** Lets go of PoPs of which nothing is left. */
  prune (): void {
    for (const [pop, { lastSlot }] of this.#rings) if (lastSlot <= this.#lastSlot - SLOTS) this.#rings.delete(pop)
  }

  #put (pop: string, slot: number, { count, median, quartile }: Summary): void {
    const place = this.#placeOf(slot)
    if (place === null) return
    const ring = this.#rings.get(pop) ?? new Ring()
    this.#rings.set(pop, ring)
    ring.medians[place] = median
    ring.quartiles[place] = quartile
    ring.counts[place] = Math.min(MOST_POINTS, count)
    ring.lastSlot = Math.max(ring.lastSlot, slot)
  }

  #unknownOf ({ start, stop }: TimeRange): TimeRange[] {
    const slots: TimeRange[] = []
    for (let from = Math.floor(start / SLOT_MS) * SLOT_MS; from < stop; from += SLOT_MS) {
      if (!this.isKnown(from)) slots.push({ start: from, stop: from + SLOT_MS })
    }
    return slots
  }

  /** Where a slot stands; what stood there a week ago is forgotten. null: it is older than what is kept. */
  #placeOf (slot: number): number | null {
    if (slot <= this.#lastSlot - SLOTS) return null
    this.#lastSlot = Math.max(this.#lastSlot, slot)
    const place = slot % SLOTS
    if (this.#slots[place] !== slot) {
      for (const { counts } of this.#rings.values()) counts[place] = 0
      this.#slots[place] = slot
    }
    return place
  }
}
