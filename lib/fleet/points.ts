import { SCALE } from './mean.ts'
import type { Point } from './point.ts'
import { clamp } from './rounding.ts'
import type { PopSeries, SampleWindow } from './sample-window.ts'
import type { Series } from './series.ts'

/** A series that has no sample for so many of its own intervals has ended. */
export const ENDED_AFTER_INTERVALS = 2.5

/** One series as it is gone through from its newest sample back. */
interface Walk {
  series: Series
  /** Samples that are newer than where it stands. */
  newer: number
  /** How old the newest sample may be at a time, to be its value then. */
  reachMs: number
}

/** What a PoP's value is made of. */
export interface PopRhythm {
  /** Between two points, ms. */
  intervalMs: number
  /** How late a series' newest sample is, beyond the PoP's newest: some writers' clocks are behind. */
  lagOf: (series: Series) => number
}

/**
 * A PoP's value once per interval, newest first: at the end of each interval the mean over its functions of the mean over each
 * one's living series of their newest samples. Intervals without any sample have no point.
 * @param end of the newest interval, ms since the epoch
 * @param most points; the walk ends as well at `begin`
 */
export function pointsBack (
  functions: ReadonlyArray<readonly Series[]>,
  { intervalMs, lagOf }: PopRhythm,
  { end, begin, most }: { end: number, begin: number, most: number }
): Point[] {
  const walks = functions.map((list) => list.map((series): Walk => ({
    series,
    newer: series.newerThan(end),
    reachMs: ENDED_AFTER_INTERVALS * (series.longestMs ?? intervalMs) + lagOf(series)
  })))
  const points: Point[] = []
  for (let time = end; time > begin && points.length < most; time -= intervalMs) {
    const point = pointAt(walks, time, Math.max(begin, time - intervalMs))
    if (point === null) break
    if (point.samples > 0) points.push(point)
  }
  return points
}

/** @returns null when there is nothing as old as this; goes on to the interval before */
function pointAt (walks: ReadonlyArray<readonly Walk[]>, time: number, since: number): Point | null {
  let [sum, functions, samples, left] = [0, 0, 0, false]
  for (const list of walks) {
    let [functionSum, count] = [0, 0]
    for (const walk of list) {
      const { series, reachMs } = walk
      if (walk.newer >= series.size) continue
      left = true
      if (time - series.timeFromEnd(walk.newer) < reachMs) {
        functionSum += series.valueFromEnd(walk.newer) * SCALE
        count++
      }
      samples += goBack(walk, since)
    }
    if (count > 0) {
      sum += functionSum / count
      functions++
    }
  }
  if (!left) return null
  return { time, value: functions === 0 ? NaN : clamp(sum / functions / SCALE, Number.MAX_VALUE), samples }
}

/** @returns samples that were passed */
function goBack (walk: Walk, time: number): number {
  const { newer } = walk
  while (walk.newer < walk.series.size && walk.series.timeFromEnd(walk.newer) > time) walk.newer++
  return walk.newer - newer
}

/** Of a PoP: that of its fastest series; null while none is known. */
export function intervalOf ({ byFunction }: PopSeries): number | null {
  let fastest: number | null = null
  for (const list of byFunction.values()) {
    for (const { intervalMs } of list) if (intervalMs !== null) fastest = Math.min(fastest ?? intervalMs, intervalMs)
  }
  return fastest
}

/** The points of a stretch of the past, oldest first: what baselines are made of. */
export function popPoints (window: SampleWindow, code: string, begin: number, end: number): Point[] {
  const pop = window.pop(code)
  if (pop === undefined) return []
  const functions = Array.from(pop.byFunction.values())
  const intervalMs = intervalOf(pop) ?? end - begin
  return pointsBack(functions, { intervalMs, lagOf: () => 0 }, { end, begin, most: Infinity }).reverse()
    .filter(({ value }) => Number.isFinite(value))
}
