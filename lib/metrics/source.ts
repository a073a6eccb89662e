/** What one function of one PoP reported: its newest sample in the overview window and its mean over the recent window. */
export interface FunctionReading {
  pop: string
  functionName: string
  /** Value of the newest sample, ms. */
  value: number
  /** Time of the newest sample, ms since the epoch. */
  time: number
  /** Samples in the recent window, and their mean in ms (meaningless when there are none). */
  recentCount: number
  recentMean: number
}

/** Statistics of all samples of one PoP in a baseline window. */
export interface WindowStatistics {
  count: number
  /** ms */
  mean: number
  /** Sample standard deviation, ms. */
  standardDeviation: number
}

/** `day`: 15 min around the same time 24 h earlier. `hour`: the last hour before the recent window. */
export type BaselineKind = 'day' | 'hour'

/** Both baselines of each PoP, as far as the database has them. */
export type Baselines = ReadonlyMap<string, Partial<Record<BaselineKind, WindowStatistics>>>

export interface Measurements {
  readings: FunctionReading[]
  baselines: Baselines
}

/** Where the measurements come from. */
export interface MetricsSource {
  readonly kind: 'influxdb' | 'demo'
  /** What is known now: one query of the database (and, every `BASELINE_REFRESH_MS`, those for the baselines). @throws {SourceError} */
  collect (): Promise<Measurements>
  /** Whether the source answers at all, without a query. @throws {SourceError} */
  ping (): Promise<void>
  /** Ends what is under way and frees the connections. */
  close (): Promise<void>
}

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const DAY_MS = 24 * 60 * MINUTE_MS

/** The recent mean is over this window. */
export const RECENT_WINDOW_MS = 2 * MINUTE_MS
/** Baselines move slowly: they are fetched this often, not every tick. */
export const BASELINE_REFRESH_MS = 5 * MINUTE_MS
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
