import type { WindowStatistics } from './source.ts'

/** A normal distribution's quartiles are so many standard deviations from its median. */
export const NORMAL_QUARTILE = 0.6745

/**
 * Median, and the distance from it to the lower quartile, scaled to a normal distribution's standard deviation. An
 * incident in the window only adds slow samples: it hardly moves either of them while it takes less than half of the window.
 */
export function medianAndLowerQuartile (values: readonly number[]): WindowStatistics {
  const ascending = sorted(values)
  return robustStatistics(values.length, quantile(ascending, 0.5), quantile(ascending, 0.25))
}

/** What a database says of a window, as statistics of it. Of finite quartiles they are finite, however far apart those are. */
export function robustStatistics (count: number, median: number, lowerQuartile: number): WindowStatistics {
  return { count, center: median, deviation: Math.min(Number.MAX_VALUE, (median - lowerQuartile) / NORMAL_QUARTILE) }
}

/** Ascending. */
export function sorted (values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort()
}

/** @param share 0 to 1 */
export function quantile (ascending: Float64Array, share: number): number {
  return ascending[Math.floor(share * ascending.length)] ?? NaN
}
