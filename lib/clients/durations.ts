import { createHistogram } from 'node:perf_hooks'

const DAY_MS = 24 * 60 * 60 * 1_000
// 3 significant digits up to 30 days: some 200 KiB, however many there were.
const HISTOGRAM = { lowest: 1, highest: 30 * DAY_MS, figures: 3 }

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
  readonly #histogram = createHistogram(HISTOGRAM)

  /** @param ms a whole number */
  record (ms: number): void {
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
