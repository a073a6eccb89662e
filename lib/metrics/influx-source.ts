import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { InfluxConnection } from './influx-connection.ts'
import type { InfluxQueries } from './influx-queries.ts'
import { MIN_SAMPLES } from './regression-detector.ts'
import { BASELINE_REFRESH_MS, timeRanges, type Baselines, type BaselineKind, type FunctionReading, type Measurements, type MetricsSource, type TimeRange, type WindowStatistics } from './source.ts'

/** After a failed baseline query. Not the next tick: the query that failed may be what overloads the database. */
const BASELINE_RETRY_MS = 60_000
/** An update waits this long for new baselines; after that it is told with the old ones. */
const BASELINE_PATIENCE_MS = 1_000

type Statistics = ReadonlyMap<string, WindowStatistics>
type Ranges = Record<'day' | 'hour', TimeRange>

export interface InfluxSourceOptions {
  connection: InfluxConnection
  queries: InfluxQueries
  overviewWindowMs: number
  clock: Clock
  log: Log
}

/** Measurements from InfluxDB: one query per collect, and one (where PoPs are new, two) for the baselines now and then. */
export class InfluxSource implements MetricsSource {
  readonly kind = 'influxdb'
  readonly #options: InfluxSourceOptions
  #days: Statistics = new Map()
  #hours: Statistics = new Map()
  #nextBaselinesAt = -Infinity

  constructor (options: InfluxSourceOptions) {
    this.#options = options
  }

  async collect (): Promise<Measurements> {
    const { clock, queries, connection, overviewWindowMs } = this.#options
    const ranges = timeRanges(clock.now(), overviewWindowMs)
    const readings = await queries.readings(ranges.overview, ranges.recent).catch((error) => { throw connection.classify(error) })
    // Only now: a database that just failed the small question is not asked the large one.
    if (clock.monotonic() >= this.#nextBaselinesAt) await this.#beginRefresh(readings, ranges)
    return { readings, baselines: this.#baselines }
  }

  ping (): Promise<void> {
    return this.#options.connection.ping()
  }

  close (): Promise<void> {
    return this.#options.connection.close()
  }

  get #baselines (): Baselines {
    const baselines = new Map<string, Partial<Record<BaselineKind, WindowStatistics>>>()
    for (const [pop, day] of this.#days) baselines.set(pop, { day })
    for (const [pop, hour] of this.#hours) baselines.set(pop, { ...baselines.get(pop), hour })
    return baselines
  }

  /** Resolves when there are new baselines, or when they have taken so long that the readings should not wait any more. */
  async #beginRefresh (readings: readonly FunctionReading[], ranges: Ranges): Promise<void> {
    const { clock } = this.#options
    this.#nextBaselinesAt = clock.monotonic() + BASELINE_REFRESH_MS
    let cancel = () => {}
    const patience = new Promise<void>((resolve) => { cancel = clock.schedule(resolve, BASELINE_PATIENCE_MS) })
    await Promise.race([this.#refresh(readings, ranges), patience])
    cancel()
  }

  /** Never rejects: without new baselines the old ones serve on, and the readings are as good as before. */
  async #refresh (readings: readonly FunctionReading[], { day, hour }: Ranges): Promise<void> {
    const { clock, queries, connection, log } = this.#options
    try {
      const days = this.#days = await queries.baseline(day)
      // The hour has four times the samples: it is asked for only by PoPs that have no day-old baseline.
      const lacking = readings.some(({ pop }) => pop !== '' && (days.get(pop)?.count ?? 0) < MIN_SAMPLES)
      this.#hours = lacking ? await queries.baseline(hour) : new Map()
      log.debug({ event: 'baselines_refreshed', days: this.#days.size, hours: this.#hours.size }, 'baselines refreshed')
    } catch (error) {
      const { reason, message } = connection.classify(error)
      this.#nextBaselinesAt = clock.monotonic() + BASELINE_RETRY_MS
      log.warn({ event: 'baselines_failed', reason, detail: message, retryInMs: BASELINE_RETRY_MS }, 'baseline query failed')
    }
  }
}
