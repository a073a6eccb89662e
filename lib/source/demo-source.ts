import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { SimulatedFleet } from '../simulation/fleet.ts'
import type { Place, PopPlace, ReadResult, SampleSource, SeriesKey, TakeSample } from './sample-source.ts'
import type { TimeRange } from './time-range.ts'

/** Every function of every PoP has a sample so often, at the same moments whoever asks. */
export const SAMPLE_INTERVAL_MS = 10_000
/** After so many samples other work has its turn: they take some milliseconds to make. */
const TURN_SAMPLES = 2_000

export interface DemoSourceOptions {
  pops: number
  seed: number
  clock: Pick<Clock, 'now'>
}

interface SimulatedSeries {
  series: SeriesKey
  place: Place
  popIndex: number
  functionIndex: number
}

/** Simulated PoPs, some of which regress now and then, for a first look without a database. Nothing is known of the future. */
export class DemoSource implements SampleSource {
  readonly kind = 'demo'
  readonly #fleet: SimulatedFleet
  readonly #clock: Pick<Clock, 'now'>
  readonly #series: readonly SimulatedSeries[]

  constructor ({ pops, seed, clock }: DemoSourceOptions) {
    this.#clock = clock
    this.#fleet = new SimulatedFleet({ pops, seed, randomIncidents: true })
    this.#series = this.#fleet.pops.flatMap(({ code: pop, tier, city, country, latitude, longitude }, popIndex) => {
      const place = { city, country, tier: String(tier), latitude, longitude }
      return this.#fleet.functions.map((functionName, functionIndex) => {
        return { series: { id: `${pop}\n${functionName}`, pop, functionName }, place, popIndex, functionIndex }
      })
    })
  }

  async read (range: TimeRange, take: TakeSample): Promise<ReadResult> {
    const { first, last } = this.#times(range)
    let rows = 0
    for (let time = first; time <= last; time += SAMPLE_INTERVAL_MS) {
      for (const { series, place, popIndex, functionIndex } of this.#series) {
        take(series, place, time, this.#fleet.coldStartMs(popIndex, functionIndex, time))
        if (++rows % TURN_SAMPLES === 0) await setImmediate()
      }
    }
    return { rows, bytes: 0, ignored: 0 }
  }

  async places (range: TimeRange): Promise<ReadonlyMap<string, PopPlace>> {
    const { first, last: sampleTime } = this.#times(range)
    if (sampleTime < first) return new Map()
    return new Map(this.#fleet.pops.map(({ code, latitude, longitude }) => [code, { sampleTime, latitude, longitude }]))
  }

  async explain (): Promise<null> {
    return null
  }

  async ping (): Promise<void> {}
  async close (): Promise<void> {}

  /** Of the first and the last sample in the range; the last one is before the first where there is none. */
  #times ({ start, stop }: TimeRange): { first: number, last: number } {
    const end = Math.min(stop - 1, this.#clock.now())
    return {
      first: Math.ceil(start / SAMPLE_INTERVAL_MS) * SAMPLE_INTERVAL_MS,
      last: Math.floor(end / SAMPLE_INTERVAL_MS) * SAMPLE_INTERVAL_MS
    }
  }
}
