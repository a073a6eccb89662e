import type { Clock } from './clock.ts'
import { SourceError } from './errors.ts'
import type { Log } from './log.ts'
import { buildOverview, type Overview } from './metrics/overview.ts'
import { groupByPop } from './metrics/pop.ts'
import type { RegressionDetector } from './metrics/regression-detector.ts'
import type { Measurements, MetricsSource } from './metrics/source.ts'
import { SourceHealth } from './metrics/source-health.ts'
import type { Broadcaster } from './stream/broadcaster.ts'
import { errorMessage, timestamp, type ErrorMessage, type MetricsUpdateMessage } from './stream/protocol.ts'
import type { TickStatistics } from './stream/tick-statistics.ts'

/** Data is stale when the newest sample has not advanced for this many intervals ... */
const STALE_AFTER_INTERVALS = 2
/** ... less this share of one, since ticks come a little early or late. */
const SCHEDULING_SLACK = 0.1

export interface FeedOptions {
  source: MetricsSource
  detector: RegressionDetector
  broadcaster: Broadcaster
  statistics: TickStatistics
  clock: Clock
  log: Log
  /** Random per process start: tells a client that `seq` began anew. */
  epoch: string
  intervalMs: number
  healthyBelowMs: number
}

/** The last good result. */
interface Result {
  overview: Overview
  /** ms since the epoch; null when no PoP reported within the overview window. */
  dataTime: number | null
  nextPollAt: number
  /** The same as on the wire: in a storm of connects they are told thousands of times. */
  wire: Pick<MetricsUpdateMessage, 'dataTime' | 'polledAt' | 'nextPollAt'>
}

/**
 * What is known, and the trip of one tick: collect, sum up, detect, tell. It keeps the last good result for those
 * who come between two ticks, and says of it how old it is whenever it is asked.
 */
export class Feed {
  readonly epoch: string
  readonly health: SourceHealth
  readonly #options: FeedOptions
  #seq = 0
  #result: Result | null = null
  /** When the newest sample last advanced, on the monotonic clock. */
  #advancedAt = -Infinity
  #stopped = false

  constructor (options: FeedOptions) {
    this.#options = options
    this.epoch = options.epoch
    this.health = new SourceHealth(options)
  }

  /** Counts the updates that were published. */
  get seq (): number {
    return this.#seq
  }

  /** One tick. Never rejects because of the source: a failure is told to the clients and the last good result stays. */
  async tick (nextPollAt: number): Promise<void> {
    const { source, clock } = this.#options
    const startedAt = clock.monotonic()
    let measurements: Measurements
    try {
      measurements = await source.collect()
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      if (!this.#stopped) await this.#fail(error)
      return
    }
    if (!this.#stopped) await this.#succeed(measurements, nextPollAt, clock.monotonic() - startedAt)
  }

  /** While nobody is connected: keeps `health` true with a ping now and then. */
  probe (): void {
    this.health.probe()
  }

  /** Results that come in after this are dropped. */
  stop (): void {
    this.#stopped = true
  }

  /** The last good update as it is to be told now; null before there was one. */
  latest (): MetricsUpdateMessage | null {
    if (this.#result === null) return null
    const { overview, nextPollAt, wire } = this.#result
    const now = this.#options.clock.now()
    return {
      type: 'metrics_update',
      data: overview,
      epoch: this.epoch,
      seq: this.#seq,
      dataTime: wire.dataTime,
      polledAt: wire.polledAt,
      ageMs: this.#ageMs,
      status: this.#isStale ? 'stale' : 'fresh',
      nextPollAt: nextPollAt >= now ? wire.nextPollAt : timestamp(now)
    }
  }

  /** The `error` that tells a client why there is nothing newer; null while the source answers. */
  currentError (): ErrorMessage | null {
    const { failure } = this.health
    if (failure === null) return null
    const { clock, intervalMs } = this.#options
    const dataTime = this.#result?.dataTime ?? null
    const text = failure.code === 'SOURCE_TIMEOUT' ? 'the metrics source did not answer in time' : 'the metrics source is unavailable'
    return errorMessage(failure.code, text, clock.now(), {
      retryAfterMs: intervalMs,
      ...(dataTime !== null && { dataTime: timestamp(dataTime), ageMs: this.#ageMs as number })
    })
  }

  async #succeed ({ readings, baselines }: Measurements, nextPollAt: number, queryMs: number): Promise<void> {
    const { clock, detector, broadcaster, statistics, healthyBelowMs, log } = this.#options
    this.health.succeeded()
    const pops = groupByPop(readings)
    detector.update(pops, baselines)
    const dataTime = pops.reduce<number | null>((newest, { sampleTime }) => Math.max(newest ?? sampleTime, sampleTime), null)
    this.#keep({
      overview: buildOverview(pops, detector.regressions, healthyBelowMs),
      dataTime,
      nextPollAt,
      wire: {
        dataTime: dataTime === null ? null : timestamp(dataTime),
        polledAt: timestamp(clock.now()),
        nextPollAt: timestamp(nextPollAt)
      }
    })
    const fanOut = await broadcaster.publish('metrics', this.latest() as MetricsUpdateMessage)
    statistics.recordTick(fanOut, queryMs)
    const { durationMs, ...counts } = fanOut
    log.debug({ event: 'broadcast', seq: this.#seq, ...counts, queryMs, fanOutMs: durationMs }, 'update broadcast')
  }

  async #fail (error: SourceError): Promise<void> {
    const { broadcaster, statistics } = this.#options
    this.health.failed(error)
    statistics.recordFailedTick()
    await broadcaster.announce(this.currentError() as ErrorMessage)
  }

  #keep (result: Result): void {
    const previous = this.#result?.dataTime ?? null
    if (result.dataTime !== null && (previous === null || result.dataTime > previous)) {
      // The first sample ever seen may be old already: it did not advance just because we looked.
      const age = previous === null ? Math.max(0, this.#options.clock.now() - result.dataTime) : 0
      this.#advancedAt = this.#options.clock.monotonic() - age
    }
    this.#result = result
    this.#seq++
  }

  get #ageMs (): number | null {
    const dataTime = this.#result?.dataTime ?? null
    return dataTime === null ? null : Math.max(0, this.#options.clock.now() - dataTime)
  }

  get #isStale (): boolean {
    const { clock, intervalMs } = this.#options
    const limitMs = (STALE_AFTER_INTERVALS - SCHEDULING_SLACK) * intervalMs
    return this.health.failure !== null || clock.monotonic() - this.#advancedAt >= limitMs
  }
}
