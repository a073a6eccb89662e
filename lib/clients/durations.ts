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

/** For each percent of them, the longest of it: from those of several processes the percentiles of all are made. */
const PERCENTS = Array.from({ length: 100 }, (_, index) => index + 1)

/** Durations of one process, for others to add. Plain data, ms. */
export interface DurationDigest {
  count: number
  sum: number
  max: number
  percentiles: readonly number[]
}

export const NO_DURATIONS: DurationDigest = { count: 0, sum: 0, max: 0, percentiles: [] }

/** Those of several as one: exact but for the percentiles, which are within one in a hundred of the durations. */
export function addDurations (digests: readonly DurationDigest[]): DurationDigest {
  const some = digests.filter(({ count }) => count > 0)
  if (some.length <= 1) return some[0] ?? NO_DURATIONS
  const count = some.reduce((total, digest) => total + digest.count, 0)
  const weighed = some
    .flatMap((digest) => digest.percentiles.map((value) => ({ value, weight: digest.count / digest.percentiles.length })))
    .sort((a, b) => a.value - b.value)
  const percentiles: number[] = []
  let seen = 0
  for (const { value, weight } of weighed) {
    seen += weight
    // Sums of fractions are not exact.
    while (percentiles.length < PERCENTS.length && seen / count * 100 >= (percentiles.length + 1) - 1e-6) percentiles.push(value)
  }
  const sum = some.reduce((total, digest) => total + digest.sum, 0)
  return { count, sum, max: Math.max(...some.map(({ max }) => max)), percentiles }
}

export function statisticsOf ({ count, sum, max, percentiles }: DurationDigest): DurationStatistics {
  if (count === 0) return { count: 0, mean: 0, p50: 0, p90: 0, max: 0 }
  const percentile = (percent: number) => percentiles[percent - 1] ?? max
  return { count, mean: Math.round(sum / count), p50: percentile(50), p90: percentile(90), max }
}

/** Durations up to 30 days. */
export class Durations {
  /** ms. */
  readonly buckets = new Histogram(BOUNDS_MS)
  /** Its percentiles are those of the values, not of buckets. */
  readonly #histogram = createHistogram(HISTOGRAM)
  #digest = NO_DURATIONS

  /** @param ms a whole number */
  record (ms: number): void {
    this.buckets.observe(ms)
    this.#histogram.record(Math.min(Math.max(ms, HISTOGRAM.lowest), HISTOGRAM.highest))
  }

  get digest (): DurationDigest {
    const histogram = this.#histogram
    const { count, mean, max } = histogram
    // Each percentile is looked for in all of the histogram, and who scrapes asks often.
    if (count !== this.#digest.count) {
      this.#digest = { count, sum: mean * count, max, percentiles: PERCENTS.map((percent) => histogram.percentile(percent)) }
    }
    return this.#digest
  }
}
