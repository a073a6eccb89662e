import { groupByPop, type Pop } from '../lib/fleet/pop.ts'
import {
  SLOW_REFRESH_MS,
  timeRanges,
  type Baselines,
  type FunctionReading,
  type PopBaselines,
  type TimeRange,
  type WindowStatistics
} from '../lib/source/source.ts'
import { medianAndLowerQuartile } from '../lib/source/statistics.ts'

/** One measurement. */
export interface Sample {
  /** ms since the epoch. */
  time: number
  pop: string
  functionName: string
  /** ms */
  value: number
}

export interface SampleSeriesOptions {
  overviewWindowMs: number
  /** How the samples of a baseline window are summed up. */
  summarize?: (values: readonly number[]) => WindowStatistics
}

/** What a source would have answered at one time. */
export interface Collected {
  pops: Pop[]
  baselines: Baselines
}

/** NaN where there is none. */
const at = (numbers: readonly number[], index: number) => numbers[index] ?? NaN

/** One function of one PoP, oldest sample first. */
class FunctionSeries {
  readonly pop: string
  readonly functionName: string
  readonly #times: number[]
  readonly #values: number[]
  /** Sums of the first n values. */
  readonly #sums: number[] = [0]
  /** Where the last reading ended, and where its recent window began: the next one is later. */
  #end = 0
  #recentFrom = 0

  constructor (pop: string, functionName: string, samples: Sample[]) {
    this.pop = pop
    this.functionName = functionName
    const sorted = samples.sort((a, b) => a.time - b.time)
    this.#times = sorted.map(({ time }) => time)
    this.#values = sorted.map(({ value }) => value)
    for (const value of this.#values) this.#sums.push(at(this.#sums, this.#sums.length - 1) + value)
  }

  /** As of `now`: what is later has not been measured yet. */
  reading (overview: TimeRange, recent: TimeRange, now: number): FunctionReading | null {
    const times = this.#times
    while (this.#end < times.length && at(times, this.#end) <= now) this.#end++
    while (this.#recentFrom < this.#end && at(times, this.#recentFrom) < recent.start) this.#recentFrom++
    const end = this.#end
    if (end === 0 || at(times, end - 1) < overview.start) return null
    const recentCount = end - this.#recentFrom
    return {
      pop: this.pop,
      functionName: this.functionName,
      value: at(this.#values, end - 1),
      time: at(times, end - 1),
      recentCount,
      recentMean: (at(this.#sums, end) - at(this.#sums, end - recentCount)) / recentCount
    }
  }

  valuesIn ({ start, stop }: TimeRange): number[] {
    return this.#values.slice(this.#firstFrom(start), this.#firstFrom(stop))
  }

  /** Index of the first sample that is not before `time`. */
  #firstFrom (time: number): number {
    let [low, high] = [0, this.#times.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (at(this.#times, middle) < time) low = middle + 1
      else high = middle
    }
    return low
  }
}

/**
 * Samples of the past, and what one collect would have seen of them at any time:
 * the same windows, the same refresh of the baselines.
 */
export class SampleSeries {
  readonly #options: SampleSeriesOptions
  readonly #byPop: ReadonlyMap<string, FunctionSeries[]>
  #baselines: Baselines = new Map()
  #baselinesAt = -Infinity

  constructor (samples: Iterable<Sample>, options: SampleSeriesOptions) {
    this.#options = options
    const byPop = new Map<string, Map<string, Sample[]>>()
    for (const sample of samples) {
      const functions = byPop.get(sample.pop) ?? new Map<string, Sample[]>()
      byPop.set(sample.pop, functions)
      const known = functions.get(sample.functionName)
      if (known === undefined) functions.set(sample.functionName, [sample])
      else known.push(sample)
    }
    this.#byPop = new Map(Array.from(byPop, ([pop, functions]) =>
      [pop, Array.from(functions, ([functionName, own]) => new FunctionSeries(pop, functionName, own))]))
  }

  /** To be called with times that only go up. */
  collect (now: number): Collected {
    const ranges = timeRanges(now, this.#options.overviewWindowMs)
    if (now - this.#baselinesAt >= SLOW_REFRESH_MS) {
      this.#baselinesAt = now
      this.#baselines = new Map(Array.from(this.#byPop, ([pop, functions]) => [pop, this.#baselinesOf(functions, ranges)]))
    }
    const readings = Array.from(this.#byPop.values()).flatMap((functions) =>
      functions.flatMap((series) => series.reading(ranges.overview, ranges.recent, now) ?? []))
    return { pops: groupByPop(readings), baselines: this.#baselines }
  }

  #baselinesOf (functions: FunctionSeries[], ranges: ReturnType<typeof timeRanges>): PopBaselines {
    const { summarize = medianAndLowerQuartile } = this.#options
    const statistics = (range: TimeRange) => {
      const values = functions.flatMap((series) => series.valuesIn(range))
      return values.length === 0 ? undefined : summarize(values)
    }
    const [day, hour] = [statistics(ranges.day), statistics(ranges.hour)]
    return { ...(day !== undefined && { day }), ...(hour !== undefined && { hour }) }
  }
}
