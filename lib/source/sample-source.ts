import type { TimeRange } from './time-range.ts'

/** What a sample's tags say of where its PoP stands; null where they do not. */
export interface Place {
  city: string | null
  country: string | null
  tier: string | null
  latitude: number | null
  longitude: number | null
}

/** Of samples that do not say where. */
export const NOWHERE: Place = { city: null, country: null, tier: null, latitude: null, longitude: null }

/** One writer's series: all of its tags but those of its place. The same object for every sample of it, in every read. */
export interface SeriesKey {
  /** Distinct from that of every other series. */
  readonly id: string
  /** Never empty: samples without a PoP are left out. */
  readonly pop: string
  /** '' where the samples have no function. */
  readonly functionName: string
}

/**
 * Takes one sample.
 * @param place what its tags say; the same object as long as they say the same
 * @param time ms since the epoch
 * @param value ms, finite
 */
export type TakeSample = (series: SeriesKey, place: Place, time: number, value: number) => void

export interface ReadResult {
  rows: number
  /** Of the answer's body. */
  bytes: number
  /** Samples that are no finite number and were left out. */
  ignored: number
}

/** What became of PoPs beside the tick. */
export interface PopPlace extends Partial<Place> {
  /** Of its newest sample in the range, ms since the epoch. */
  sampleTime: number
}

/** Where the measurements come from: raw samples. */
export interface SampleSource {
  readonly kind: 'influxdb' | 'demo'
  /**
   * One query: every sample of the range, in any order, handed over as the answer streams in, some at a time, so that the
   * loop is never blocked for long. What was taken before a failure may be kept. @throws {SourceError}
   */
  read (range: TimeRange, take: TakeSample): Promise<ReadResult>
  /**
   * One query beside the ticks: of each PoP its newest sample's time, and its coordinates where those are fields
   * (tags come with `read`). @throws {SourceError}
   */
  places (range: TimeRange): Promise<ReadonlyMap<string, PopPlace>>
  /**
   * One look, when there are no samples: what was looked for and what there is instead, for the operator; null when
   * everything looked for is there and only no sample is new. @throws {SourceError}
   */
  explain (): Promise<string | null>
  /** Whether the source answers at all, without a query. @throws {SourceError} */
  ping (): Promise<void>
  /** Ends what is under way and frees the connections. */
  close (): Promise<void>
}
