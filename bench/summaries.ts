import type { WindowStatistics } from '../lib/source/source.ts'
import { NORMAL_QUARTILE, quantile, sorted } from '../lib/source/statistics.ts'

/**
 * Mean and standard deviation of a sample
 * (https://en.wikipedia.org/wiki/Standard_deviation#Corrected_sample_standard_deviation).
 */
export function meanAndDeviation (values: readonly number[]): WindowStatistics {
  const count = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { count, center: mean, deviation: count < 2 ? 0 : Math.sqrt(squares / (count - 1)) }
}

/** Median and median absolute deviation, scaled (https://en.wikipedia.org/wiki/Median_absolute_deviation). */
export function medianAndMad (values: readonly number[]): WindowStatistics {
  const center = quantile(sorted(values), 0.5)
  return {
    count: values.length,
    center,
    deviation: quantile(sorted(values.map((value) => Math.abs(value - center))), 0.5) / NORMAL_QUARTILE
  }
}
