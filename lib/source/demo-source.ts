import type { Clock } from '../clock.ts'
import { SimulatedFleet } from '../simulation/fleet.ts'
import { medianAndLowerQuartile } from './statistics.ts'
import {
  SLOW_REFRESH_MS,
  RECENT_WINDOW_MS,
  timeRanges,
  type Baselines,
  type FunctionReading,
  type Measurements,
  type MetricsSource,
  type Place,
  type TimeRange
} from './source.ts'

// A database would hold a sample every 10 s. The recent window has just that; a baseline takes every third, which is plenty.
const SAMPLE_INTERVAL_MS = 10_000
const BASELINE_STEP_MS = 30_000

export interface DemoSourceOptions {
  pops: number
  seed: number
  overviewWindowMs: number
  clock: Clock
}

/** Simulated PoPs, some of which regress now and then, for a first look without a database. */
export class DemoSource implements MetricsSource {
  readonly kind = 'demo'
  readonly #fleet: SimulatedFleet
  readonly #options: DemoSourceOptions
  readonly #places: ReadonlyMap<string, Place>
  #baselines: Baselines = new Map()
  #baselinesUntil = -Infinity

  constructor (options: DemoSourceOptions) {
    this.#options = options
    this.#fleet = new SimulatedFleet({ pops: options.pops, seed: options.seed, randomIncidents: true })
    this.#places = new Map(this.#fleet.pops.map(({ code, tier, ...place }) => [code, { ...place, tier: String(tier) }]))
  }

  async collect (): Promise<Measurements> {
    const { clock, overviewWindowMs } = this.#options
    const now = clock.now()
    if (clock.monotonic() >= this.#baselinesUntil) {
      this.#baselines = this.#dayBaselines(timeRanges(now, overviewWindowMs).day)
      this.#baselinesUntil = clock.monotonic() + SLOW_REFRESH_MS
    }
    return { readings: this.#readings(now), baselines: this.#baselines, places: this.#places }
  }

  async ping (): Promise<void> {}
  async close (): Promise<void> {}

  /** Every sample is measured the moment it is asked for. */
  #readings (time: number): FunctionReading[] {
    const recent = { start: time - RECENT_WINDOW_MS + 1, stop: time + 1 }
    return this.#fleet.pops.flatMap(({ code }, popIndex) => this.#fleet.functions.map((functionName, functionIndex) => {
      const samples = this.#samples(popIndex, functionIndex, recent, SAMPLE_INTERVAL_MS)
      const recentMean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length
      return {
        pop: code,
        functionName,
        time,
        value: this.#fleet.coldStartMs(popIndex, functionIndex, time),
        recentCount: samples.length,
        recentMean
      }
    }))
  }

  #dayBaselines (range: TimeRange): Baselines {
    return new Map(this.#fleet.pops.map(({ code }, popIndex) => {
      const samples = this.#fleet.functions.flatMap((_, functionIndex) =>
        this.#samples(popIndex, functionIndex, range, BASELINE_STEP_MS)
      )
      return [code, { day: medianAndLowerQuartile(samples) }]
    }))
  }

  #samples (popIndex: number, functionIndex: number, { start, stop }: TimeRange, stepMs: number): number[] {
    const first = Math.ceil(start / stepMs) * stepMs
    return Array.from({ length: Math.ceil((stop - first) / stepMs) }, (_, step) =>
      this.#fleet.coldStartMs(popIndex, functionIndex, first + step * stepMs))
  }
}
