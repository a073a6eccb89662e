import type { FunctionReading, WindowStatistics } from './source.ts'

/**
 * What a number of a database may be: 1.8e308 is parsed as Infinity, and so is the mean of what it overflowed on. One
 * such value would spoil every mean that it goes into, and JSON has no word for it.
 */

/** Leaves out readings without a finite value; a count or mean that is not finite is as one that is not there. */
export function finiteReadings (readings: Iterable<FunctionReading>): FunctionReading[] {
  return Array.from(readings).filter(({ value, time }) => Number.isFinite(value) && Number.isFinite(time)).map((reading) => ({
    ...reading,
    recentCount: Number.isFinite(reading.recentCount) ? reading.recentCount : 0,
    recentMean: Number.isFinite(reading.recentMean) ? reading.recentMean : NaN
  }))
}

/** Leaves out baselines of which anything is not finite. */
export function finiteBaselines (baselines: Iterable<readonly [pop: string, WindowStatistics]>): Map<string, WindowStatistics> {
  return new Map(Array.from(baselines).filter(([, { count, center, deviation }]) =>
    Number.isFinite(count) && Number.isFinite(center) && Number.isFinite(deviation)))
}
