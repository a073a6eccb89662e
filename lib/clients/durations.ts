import { createHistogram } from 'node:perf_hooks'
import { Histogram } from '../histogram.ts'

const DAY_MS = 24 * 60 * 60 * 1_000
// 3 significant digits up to 30 days: some 200 KiB, however many there were.
const HISTOGRAM = { lowest: 1, highest: 30 * DAY_MS, figures: 3 }
const SECOND_MS = 1_000
const HOUR_MS = DAY_MS / 24
/** From a client that cannot stay, over those that a proxy cuts off, to a wall display. */
const BOUNDS_MS = [SECOND_MS, 10 * SECOND_MS, HOUR_MS / 60, HOUR_MS / 12, HOUR_MS / 2, HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS]

/** Of durations, ms; all 0 while there was none. */
export interface DurationStatistics {
  count: number
  mean: number
  p50: number
  p90: number
  max: number
}

/** Durations up to 30 days. */
export class Durations {
  /** ms. */
  readonly buckets = new Histogram(BOUNDS_MS)
  /** Its percentiles are those of the values, not of buckets. */
  readonly #histogram = createHistogram(HISTOGRAM)

  /** @param ms a whole number */
  record (ms: number): void {
    this.buckets.observe(ms)
    this.#histogram.record(Math.min(Math.max(ms, HISTOGRAM.lowest), HISTOGRAM.highest))
  }

  get statistics (): DurationStatistics {
    const histogram = this.#histogram
    if (histogram.count === 0) return { count: 0, mean: 0, p50: 0, p90: 0, max: 0 }
    return {
      count: histogram.count,
      mean: Math.round(histogram.mean),
      p50: histogram.percentile(50),
      p90: histogram.percentile(90),
      max: histogram.max
    }
  }
}
