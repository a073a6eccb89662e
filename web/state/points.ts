import type { Pop } from '../../client/types.ts'

/** A value of a PoP. */
export interface Point {
  readonly time: number
  readonly value: number
  /** It is the median of so much time around it; 0: as it was told. */
  readonly spanMs: number
}

const HOUR_MS = 3_600_000
/** An update does not say that a sample is newer when its value is the same; after so many intervals it is taken for granted. */
const HELD_INTERVALS = 1.5

/** With what an update says of the PoP. What is silent says nothing. @param dataTime of the update */
export function appended (points: readonly Point[], pop: Pop, dataTime: Date | null, intervalMs: number): readonly Point[] {
  if (pop.status !== 'fresh') return points
  const last = points.at(-1)
  const time = Date.parse(pop.sampleTime)
  if (last === undefined || time > last.time) return trimmed([...points, { time, value: pop.coldStartMs, spanMs: 0 }])
  const held = dataTime?.getTime() ?? time
  if (pop.coldStartMs !== last.value || held - last.time < HELD_INTERVALS * intervalMs) return points
  return trimmed([...points, { time: held, value: last.value, spanMs: 0 }])
}

/** What was told, and of what was collected what is newer than that. */
export function mergedPoints (told: readonly Point[], collected: readonly Point[]): readonly Point[] {
  const newest = told.at(-1)?.time ?? -Infinity
  return trimmed([...told, ...collected.filter(({ time }) => time > newest)])
}

function trimmed (points: readonly Point[]): readonly Point[] {
  const begin = (points.at(-1)?.time ?? 0) - HOUR_MS
  const first = points.findIndex(({ time }) => time >= begin)
  return first > 0 ? points.slice(first) : points
}
