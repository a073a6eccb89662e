/** What one function of one PoP reported: its newest sample in the overview window and its mean over the recent window. */
export interface FunctionReading {
  pop: string
  functionName: string
  /** Value of the newest sample, ms; finite. */
  value: number
  /** Time of the newest sample, ms since the epoch. */
  time: number
  /** Samples in the recent window, and their mean in ms (NaN when there are none, or it is not finite). */
  recentCount: number
  recentMean: number
}

/** What is usual of one PoP: statistics of all its samples in a baseline window. */
export interface WindowStatistics {
  count: number
  /** Their median, ms. */
  center: number
  /** How far they usually are from it, on the scale of a standard deviation, ms. See `medianAndLowerQuartile`. */
  deviation: number
}

/** `day`: 15 min around the same time 24 h earlier. `hour`: the last hour before the recent window. */
export type BaselineKind = 'day' | 'hour'

/** Both baselines of one PoP, as far as the database has them. */
export type PopBaselines = Partial<Record<BaselineKind, WindowStatistics>>
/** Those of each PoP. */
export type Baselines = ReadonlyMap<string, PopBaselines>

/** Where a PoP stands, as far as its samples say. */
export interface Place {
  city: string | null
  country: string | null
  tier: string | null
  latitude: number | null
  longitude: number | null
}

export interface Measurements {
  readings: FunctionReading[]
  baselines: Baselines
  places: ReadonlyMap<string, Place>
}

/** Where the measurements come from. */
export interface MetricsSource {
  readonly kind: 'influxdb' | 'demo'
  /**
   * What is known now: one query of the database (and, every `SLOW_REFRESH_MS`,
   * those for baselines and places). @throws {SourceError}
   */
  collect (): Promise<Measurements>
  /** Whether the source answers at all, without a query. @throws {SourceError} */
  ping (): Promise<void>
  /** Ends what is under way and frees the connections. */
  close (): Promise<void>
}

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const DAY_MS = 24 * 60 * MINUTE_MS

/** Fewer samples than this, recent or of a baseline, say nothing about a PoP. */
export const MIN_SAMPLES = 10
/** The recent mean is over this window. */
export const RECENT_WINDOW_MS = 2 * MINUTE_MS
/** Baselines and places move slowly: they are fetched this often, not every tick. */
export const SLOW_REFRESH_MS = 5 * MINUTE_MS
/** Writers whose clocks are ahead of ours by up to this much are still read. */
export const CLOCK_SKEW_MS = MINUTE_MS

/** A time range, ms since the epoch, `start` inclusive, `stop` exclusive. */
export interface TimeRange {
  start: number
  stop: number
}

/** The time ranges that one collect reads, seen from `now`. */
export function timeRanges (now: number, overviewWindowMs: number): Record<'overview' | 'recent' | BaselineKind, TimeRange> {
  const recentStart = now - RECENT_WINDOW_MS
  return {
    overview: { start: now - overviewWindowMs, stop: now + CLOCK_SKEW_MS },
    recent: { start: recentStart, stop: now + CLOCK_SKEW_MS },
    day: { start: now - DAY_MS - 7.5 * MINUTE_MS, stop: now - DAY_MS + 7.5 * MINUTE_MS },
    hour: { start: recentStart - 60 * MINUTE_MS, stop: recentStart }
  }
}
