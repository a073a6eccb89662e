import type { Clock } from '../clock.ts'
import { SCALE } from './mean.ts'
import { valuesCompared } from './comparison.ts'
import { MOST_POINTS, type Pop } from './point.ts'
import { ENDED_AFTER_INTERVALS, intervalOf, pointsBack } from './points.ts'
import { clamp } from './rounding.ts'
import type { PopSeries } from './sample-window.ts'
import type { Series } from './series.ts'
import { lowerMedian } from './statistics.ts'

/** Whatever its rhythm, a series is not given up before so many polls have found nothing new ... */
const POLLS = 2
/** ... less this share of one, since polls come a little early or late. */
const SCHEDULING_SLACK = 0.1
/** Beside the points that are compared so many, which show when something began. */
const POINTS_BEFORE = 4
/** A series that is slower than its PoP by more than this is not waited for. */
const SLOWER = 1.5

export interface PopTracksOptions {
  clock: Clock
  /** How often the source is asked, ms. */
  pollMs: number
}

/** What is known of the rhythm of all PoPs after an update. */
export interface FleetRhythm {
  /** The median over PoPs, ms; null while no PoP's is known. */
  intervalMs: number | null
  slowestIntervalMs: number | null
}

/**
 * Makes PoPs of series: which of them report, in the rhythm of each, and what they say. Whether a series still reports is told
 * on the monotonic clock of this process, from when its newest sample time advanced: so its writer's clock may be wrong.
 */
export class PopTracks {
  readonly #options: PopTracksOptions
  #lastEnd = -Infinity
  #rhythm: FleetRhythm = { intervalMs: null, slowestIntervalMs: null }

  constructor (options: PopTracksOptions) {
    this.#options = options
  }

  get rhythm (): FleetRhythm {
    return this.#rhythm
  }

  /** How these PoPs are now, by code. */
  look (pops: Iterable<PopSeries>): Pop[] {
    const all = Array.from(pops, (pop) => ({ pop, intervalMs: intervalOf(pop) }))
    const known = all.flatMap(({ intervalMs }) => intervalMs ?? [])
    this.#rhythm = {
      intervalMs: known.length === 0 ? null : lowerMedian(known),
      slowestIntervalMs: known.length === 0 ? null : known.reduce((slowest, intervalMs) => Math.max(slowest, intervalMs), 0)
    }
    this.#lastEnd = -Infinity
    const usual = this.#rhythm.intervalMs ?? this.#options.pollMs
    return all.map(({ pop, intervalMs }) => this.#popOf(pop, intervalMs ?? usual))
  }

  /** ms until every PoP that was looked at is silent, unless something new comes; at most 0: they are. */
  get silentInMs (): number {
    return this.#lastEnd - this.#options.clock.monotonic()
  }

  #popOf (pop: PopSeries, intervalMs: number): Pop {
    const lists = Array.from(pop.byFunction.values())
    const now = this.#options.clock.monotonic()
    const { first, last } = this.#endsOf(lists)
    this.#lastEnd = Math.max(this.#lastEnd, last)
    const isSilent = last <= now
    // What has ended is told as it was at its end: of those series that ended last.
    // Mostly all live: then nothing is copied.
    const functions = first > now ? lists : this.#telling(lists, isSilent)
    let [sampleTime, reach] = [-Infinity, -Infinity]
    for (const list of lists) for (const { newestTime } of list) sampleTime = Math.max(sampleTime, newestTime)
    for (const list of functions) for (const { newestTime } of list) reach = Math.max(reach, newestTime)
    return {
      code: pop.code,
      coldStartMs: meanOf(functions),
      sampleTime,
      functions: functions.length,
      intervalMs,
      isSilent,
      points: pointsBack(functions, { intervalMs, lagOf: (series) => reach - series.newestTime }, {
        end: endOfRound(functions, intervalMs) + intervalMs / 2,
        begin: -Infinity,
        most: Math.min(MOST_POINTS, valuesCompared(functions.length) + POINTS_BEFORE)
      }).reverse()
    }
  }

  /** When the first and the last of these end, on the monotonic clock. */
  #endsOf (lists: ReadonlyArray<readonly Series[]>): { first: number, last: number } {
    let [first, last] = [Infinity, -Infinity]
    for (const list of lists) {
      for (const series of list) {
        const end = this.#endsAt(series)
        first = Math.min(first, end)
        last = Math.max(last, end)
      }
    }
    return { first, last }
  }

  /** The series that say what a PoP is: those that live, or that lived when the last one advanced. */
  #telling (lists: ReadonlyArray<readonly Series[]>, isSilent: boolean): ReadonlyArray<readonly Series[]> {
    let at = this.#options.clock.monotonic()
    if (isSilent) {
      at = -Infinity
      for (const list of lists) for (const { advancedAt } of list) at = Math.max(at, advancedAt ?? -Infinity)
    }
    const tells = (series: Series) => this.#endsAt(series) > at
    return lists.map((list) => list.filter(tells)).filter((list) => list.length > 0)
  }

  #endsAt (series: Series): number {
    return (series.advancedAt ?? -Infinity) + this.#limitOf(series)
  }

  #limitOf ({ longestMs, batchMs }: Series): number {
    const { pollMs } = this.#options
    const own = longestMs ?? this.#rhythm.intervalMs ?? pollMs
    // Polls see batches no finer than they come themselves.
    const batch = batchMs === null || batchMs < SLOWER * pollMs ? 0 : batchMs
    return Math.max(ENDED_AFTER_INTERVALS * Math.max(own, batch), (POLLS - SCHEDULING_SLACK) * pollMs)
  }
}

/** Mean over functions of the mean over each one's series of their newest samples. */
function meanOf (functions: ReadonlyArray<readonly Series[]>): number {
  let sum = 0
  for (const list of functions) {
    let ofFunction = 0
    for (const series of list) ofFunction += series.valueFromEnd(0) * SCALE
    sum += ofFunction / list.length
  }
  return clamp(sum / functions.length / SCALE, Number.MAX_VALUE)
}

/** The newest time up to which every series of this rhythm has reported: what came after it is of a round that is not over. */
function endOfRound (functions: ReadonlyArray<readonly Series[]>, intervalMs: number): number {
  let [end, newest] = [Infinity, -Infinity]
  for (const list of functions) {
    for (const series of list) {
      const { newestTime } = series
      newest = Math.max(newest, newestTime)
      if ((series.intervalMs ?? intervalMs) <= SLOWER * intervalMs) end = Math.min(end, newestTime)
    }
  }
  return end === Infinity ? newest : end
}
