import type { Pop } from './point.ts'
import { lowerMedian, median as middleOf, NORMAL_QUARTILE, quartile as quartileOf } from './statistics.ts'
import { AROUND_MS, DAYS, HOUR_MS, SLOT_MS, type Summary, type SummaryStore } from './summary-store.ts'

const DAY_MS = 24 * HOUR_MS
/** While nothing is known of a PoP it is looked again so soon. */
const INCOMPLETE_MS = 1
/** Of a slow writer a baseline of another day is so many intervals to either side, and the hour has so many. */
const AROUND_INTERVALS = 1.5
const HOUR_INTERVALS = 12
/** How far the level wanders is seen over so long: a slow stretch of less than half of it does not change that. */
const WANDER_MS = 3 * HOUR_MS
/** Compared are the last ones, at most so many. */
const RECENT_INTERVALS = 6
/** Fewer points than this say nothing about a PoP. */
const MIN_POINTS = 6
/**
 * A slot's points are taken to be spread as those of a normal distribution: four of them stand for all, at these deviations.
 * The quartile of one slot lies in the midst of the lower two.
 */
const STAND_INS = [-1.03, -0.319, 0.319, 1.03]

/** A lower quartile near zero says nothing of what is above the median. */
const MOST_SKEW = 3

/** `day`: this time of the last seven days; `week`: of the day a week before; `hour`: the one before; `start`: the first seen. */
export type BaselineKind = 'day' | 'week' | 'hour' | 'start'

/** What is usual of one PoP. */
export interface Baseline {
  kind: BaselineKind
  /** Median of its points, ms. */
  center: number
  /** How far they usually are from it, on the scale of a standard deviation, ms: the distance to the lower quartile says it. */
  deviation: number
  /**
   * How far they are from the median of their own five minutes, as a share of that: half of the slots have less. What slows a PoP
   * down for a while, or for most of the time, does not change it.
   */
  noise: number
  /** Points. */
  count: number
  /** That it is made of. */
  days: number
}

export type References = Partial<Record<BaselineKind, Baseline>> & {
  /** How far the level itself wanders from one five minutes to others, as a share of it. */
  wander?: number
}

/** Of which time the points are that count as usual, ms since the epoch. */
export interface Usual {
  /** What was usual before is not usual any more. */
  since: number
  /** What came after is a part of the regression that is open. */
  until: number
}

interface Cached extends Usual {
  validUntil: number
  references: References
}

/** Makes baselines of what the store has; those of a PoP are remembered until there may be others. */
export class Baselines {
  readonly #store: SummaryStore
  readonly #cache = new Map<string, Cached>()

  constructor (store: SummaryStore) {
    this.#store = store
  }

  of ({ code, sampleTime: time, intervalMs }: Pick<Pop, 'code' | 'sampleTime' | 'intervalMs'>, usual: Usual): References {
    const known = this.#cache.get(code)
    if (known !== undefined && isValid(known, time, usual)) return known.references
    const references = this.#make(code, time, intervalMs, usual)
    // PoPs that came together are not all due at the same tick.
    const validMs = isComplete(references) ? SLOT_MS * (0.5 + this.#cache.size % 10 / 20) : INCOMPLETE_MS
    this.#cache.set(code, { validUntil: time + validMs, ...usual, references })
    return references
  }

  /** PoPs that are not there any more. */
  forget (pop: string): void {
    this.#cache.delete(pop)
  }

  #make (pop: string, time: number, intervalMs: number, usual: Usual): References {
    // Of a slow writer it takes longer to have enough of them.
    const aroundMs = Math.max(AROUND_MS, AROUND_INTERVALS * intervalMs)
    const hourMs = Math.max(HOUR_MS, HOUR_INTERVALS * intervalMs)
    const days = Array.from({ length: DAYS }, (_, index) => this.#around(pop, time - (index + 1) * DAY_MS, aroundMs, usual))
    const week = pool('week', days.at(-1) ?? [], MIN_POINTS)
    // What is compared is not compared with itself.
    const until = time - Math.max(SLOT_MS, RECENT_INTERVALS * intervalMs)
    const hour = this.#store.isHourKnown(time) ? this.#pooled(pop, 'hour', until - hourMs, until, usual.since) : null
    const day = typical(days)
    const references: References = { wander: this.#wander(pop, until, usual.since) }
    for (const one of [day, week, hour, this.#start(pop, time, usual.since)]) if (one !== null) references[one.kind] = one
    return references
  }

  #wander (pop: string, until: number, since: number): number {
    const slots = this.#store.slotsOf(pop, { start: Math.max(until - WANDER_MS, since), stop: until })
    const medians = Float64Array.from(Array.from(slots, ({ median }) => median)).sort()
    const [center, quartile] = [middleOf(medians), quartileOf(medians)]
    return center > 0 ? upwards(center, quartile) / center : 0
  }

  #around (pop: string, time: number, aroundMs: number, { since, until }: Usual): Summary[] {
    if (time + aroundMs > until) return []
    const start = Math.max(since, time - aroundMs - SLOT_MS / 2)
    return Array.from(this.#store.slotsOf(pop, { start, stop: time + aroundMs - SLOT_MS / 2 }))
  }

  /** What creeps up takes the hour before along: it shows against the first hour that is known. */
  #start (pop: string, time: number, since: number): Baseline | null {
    const first = this.#store.firstOf(pop, Math.max(since, time - DAY_MS))
    if (first === undefined || first.start > time - 2 * HOUR_MS) return null
    return this.#pooled(pop, 'start', first.start, first.start + HOUR_MS, since)
  }

  #pooled (pop: string, kind: BaselineKind, start: number, stop: number, since: number): Baseline | null {
    return pool(kind, Array.from(this.#store.slotsOf(pop, { start: Math.max(start, since), stop })), MIN_POINTS)
  }
}

function isValid ({ validUntil, since, until }: Cached, time: number, usual: Usual): boolean {
  return time < validUntil && time >= validUntil - SLOT_MS && since === usual.since && until === usual.until
}

/** Else there may be more of the past in a moment: it is being read. */
function isComplete ({ day, hour }: References): boolean {
  return day !== undefined || hour !== undefined
}

/** What several slots come to, each as heavy as it has points. null: too few. */
function pool (kind: BaselineKind, slots: readonly Summary[], minPoints: number): Baseline | null {
  const count = slots.reduce((sum, slot) => sum + slot.count, 0)
  if (count < minPoints) return null
  const values = slots.flatMap(({ median, quartile, count: weight }) =>
    STAND_INS.map((deviations) => ({ value: median + deviations * (median - quartile) / NORMAL_QUARTILE, weight })))
    .sort((a, b) => a.value - b.value)
  const center = weighted(values, count * STAND_INS.length / 2)
  const quartile = weighted(values, count * STAND_INS.length / 4)
  const deviation = upwards(center, quartile)
  return Number.isFinite(center) && Number.isFinite(deviation)
    ? { kind, center, deviation, noise: noiseOf(slots), count, days: 1 }
    : null
}

function noiseOf (slots: readonly Summary[]): number {
  return lowerMedian(slots.map(({ median, quartile }) => median > 0 ? upwards(median, quartile) / median : 0))
}

/**
 * How far values usually are above the median, told from how far they are below it: as an incident among them would add slow
 * ones only. Latencies are skewed: what is half as often as twice as much is as far below as above.
 */
function upwards (center: number, quartile: number): number {
  const below = center - quartile
  const above = quartile > 0 ? Math.min(MOST_SKEW, center / quartile) * below : below
  return Math.min(Number.MAX_VALUE, above / NORMAL_QUARTILE)
}

/** The mean of the values to either side of where so much weight lies below. */
function weighted (ascending: ReadonlyArray<{ value: number, weight: number }>, below: number): number {
  let sum = 0
  for (const [index, { value, weight }] of ascending.entries()) {
    sum += weight
    if (sum > below) return value
    if (sum === below) return value / 2 + (ascending[index + 1]?.value ?? value) / 2
  }
  return NaN
}

/** Of several days: no single bad one moves it. Where each has only a few points, all of them together. */
function typical (slots: ReadonlyArray<readonly Summary[]>): Baseline | null {
  const given = slots.filter(({ length }) => length > 0)
  const days = given.flatMap((one) => pool('day', one, MIN_POINTS) ?? [])
  if (days.length < given.length) {
    const all = pool('day', given.flat(), MIN_POINTS)
    return all === null ? null : { ...all, days: given.length }
  }
  const middle = (of: 'center' | 'deviation' | 'noise') => lowerMedian(days.map((day) => day[of]))
  if (days.length === 0) return null
  return {
    kind: 'day',
    center: middle('center'),
    deviation: middle('deviation'),
    noise: middle('noise'),
    count: days.reduce((sum, { count }) => sum + count, 0),
    days: days.length
  }
}
