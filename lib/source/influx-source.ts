import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { InfluxConnection } from './influx-connection.ts'
import type { InfluxQueries } from './influx-queries.ts'
import {
  SLOW_REFRESH_MS,
  timeRanges,
  type Baselines,
  type FunctionReading,
  type Measurements,
  type MetricsSource,
  type Place,
  type PopBaselines,
  type TimeRange,
  type WindowStatistics
} from './source.ts'
import { MIN_SAMPLES } from './source.ts'

/** After a failed query for baselines or places. Not the next tick: the query that failed may be what overloads the database. */
const SLOW_RETRY_MS = 60_000
/** An update waits this long for new baselines and places; after that it is told with the old ones. */
const PATIENCE_MS = 1_000

type Statistics = ReadonlyMap<string, WindowStatistics>
type Ranges = ReturnType<typeof timeRanges>

export interface InfluxSourceOptions {
  connection: InfluxConnection
  queries: InfluxQueries
  overviewWindowMs: number
  clock: Clock
  log: Log
}

/**
 * Measurements from InfluxDB: one query per collect, and now and then one for the
 * baselines (where PoPs are new, two) and one for the places.
 */
export class InfluxSource implements MetricsSource {
  readonly kind = 'influxdb'
  readonly #options: InfluxSourceOptions
  #days: Statistics = new Map()
  #hours: Statistics = new Map()
  #places: ReadonlyMap<string, Place> = new Map()
  #nextBaselinesAt = -Infinity
  #nextPlacesAt = -Infinity
  /** A PoP whose place is not known brings the next query for places forward, but not before this. */
  #noPlacesBefore = -Infinity

  constructor (options: InfluxSourceOptions) {
    this.#options = options
  }

  async collect (): Promise<Measurements> {
    const { clock, queries, connection, overviewWindowMs } = this.#options
    const ranges = timeRanges(clock.now(), overviewWindowMs)
    const readings = await queries.readings(ranges.overview, ranges.recent).catch((error) => { throw connection.classify(error) })
    // Only now: a database that just failed the small question is not asked the large ones.
    await this.#refreshDue(readings, ranges)
    return { readings, baselines: this.#baselines, places: this.#places }
  }

  ping (): Promise<void> {
    return this.#options.connection.ping()
  }

  close (): Promise<void> {
    return this.#options.connection.close()
  }

  get #baselines (): Baselines {
    const baselines = new Map<string, PopBaselines>()
    for (const [pop, day] of this.#days) baselines.set(pop, { day })
    for (const [pop, hour] of this.#hours) baselines.set(pop, { ...baselines.get(pop), hour })
    return baselines
  }

  /** Resolves when what was due has come, or when it has taken so long that the readings should not wait any more. */
  async #refreshDue (readings: readonly FunctionReading[], ranges: Ranges): Promise<void> {
    const { clock } = this.#options
    const now = clock.monotonic()
    const due: Array<Promise<void>> = []
    if (now >= this.#nextBaselinesAt) due.push(this.#refreshBaselines(readings, ranges))
    if (
      now >= this.#nextPlacesAt ||
      (now >= this.#noPlacesBefore && readings.some(({ pop }) => pop !== '' && !this.#places.has(pop)))
    ) {
      due.push(this.#refreshPlaces(ranges.overview))
    }
    if (due.length === 0) return
    let cancel = () => {}
    const patience = new Promise<void>((resolve) => { cancel = clock.schedule(resolve, PATIENCE_MS) })
    await Promise.race([Promise.all(due), patience])
    cancel()
  }

  /** Never rejects: without new baselines the old ones serve on, and the readings are as good as before. */
  async #refreshBaselines (readings: readonly FunctionReading[], { day, hour }: Ranges): Promise<void> {
    const { clock, queries, log } = this.#options
    this.#nextBaselinesAt = clock.monotonic() + SLOW_REFRESH_MS
    try {
      const days = this.#days = await queries.baseline(day)
      // The hour has four times the samples: it is asked for only by PoPs that have no day-old baseline.
      const lacking = readings.some(({ pop }) => pop !== '' && (days.get(pop)?.count ?? 0) < MIN_SAMPLES)
      this.#hours = lacking ? await queries.baseline(hour) : new Map()
      log.debug({ event: 'baselines_refreshed', days: this.#days.size, hours: this.#hours.size }, 'baselines refreshed')
    } catch (error) {
      this.#nextBaselinesAt = clock.monotonic() + SLOW_RETRY_MS
      this.#warn('baselines_failed', error, 'baseline query failed')
    }
  }

  /** Never rejects: a PoP whose place is not known yet is told without. */
  async #refreshPlaces (range: TimeRange): Promise<void> {
    const { clock, queries } = this.#options
    this.#nextPlacesAt = clock.monotonic() + SLOW_REFRESH_MS
    this.#noPlacesBefore = clock.monotonic() + SLOW_RETRY_MS
    try {
      this.#places = await queries.places(range)
    } catch (error) {
      this.#nextPlacesAt = this.#noPlacesBefore
      this.#warn('places_failed', error, 'query for places failed')
    }
  }

  #warn (event: string, error: unknown, message: string): void {
    const { reason, message: detail } = this.#options.connection.classify(error)
    this.#options.log.warn({ event, reason, detail, retryInMs: SLOW_RETRY_MS }, message)
  }
}
