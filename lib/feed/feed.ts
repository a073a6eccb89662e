import { type Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { Fleet, type FleetReport } from '../fleet/fleet.ts'
import { PopsSnapshot } from '../fleet/pop-state.ts'
import type { RegressionDetector, RegressionEvent } from '../fleet/regression-detector.ts'
import type { Measurements, MetricsSource } from '../source/source.ts'
import { SourceHealth } from '../source/source-health.ts'
import { alertMessage } from './alert.ts'
import { errorMessage, type AlertMessage, type ErrorMessage } from '../protocol/server-messages.ts'
import { SharedMessage } from './shared-message.ts'
import { Tick, type TickHeader } from './tick.ts'
import type { UpdateLog } from './update-log.ts'
import type { WriterPhase } from './writer-phase.ts'
import { timestamp } from '../protocol/timestamp.ts'
import { SourceError } from '../source/source-error.ts'

/** Data is stale, and a PoP silent, when the newest sample has not advanced for this many intervals ... */
const STALE_AFTER_INTERVALS = 2
/** ... less this share of one, since ticks come a little early or late. */
const SCHEDULING_SLACK = 0.1
/** Who asks for the newest within this time is told the same bytes: thousands may ask at once. */
const SAME_MOMENT_MS = 20

export interface FeedOptions {
  source: MetricsSource
  detector: RegressionDetector
  phase: WriterPhase
  /** Every tick goes there, and from there to the clients. */
  updates: UpdateLog
  /** Tells every client that the source failed. */
  announce: (error: ErrorMessage) => Promise<unknown>
  /** A tick had no answer. */
  onFailedTick: () => void
  clock: Clock
  log: Log
  /** Random per process start: tells a client that `seq` began anew. */
  epoch: string
  intervalMs: number
  healthyBelowMs: number
  /** A message of fewer bytes is not worth deflating. */
  deflateFrom: number
}

/** What is open: each alert again, and all of them as a set. */
export interface OpenAlertMessages {
  each: ReadonlyArray<{ id: string, message: SharedMessage }>
  set: SharedMessage
}

/** The last good answer, and when the next one is planned. */
interface Result extends Omit<FleetReport, 'events'> {
  queryMs: number
  polledAt: number
  nextPollAt: number
}

/**
 * The trip of one tick: collect, sum up, detect, tell. It keeps the last good result for those who come between two
 * ticks, and says of it how old it is whenever it is asked.
 */
export class Feed {
  readonly epoch: string
  readonly health: SourceHealth
  readonly #options: FeedOptions
  readonly #fleet: Fleet
  /** The tick in which each open regression was told last. */
  readonly #toldIn = new Map<string, number>()
  #seq = 0
  #result: Result | null = null
  #toldStatus: TickHeader['status'] | null = null
  #latest: { tick: Tick, madeAt: number } | null = null
  #head: Tick | null = null
  #openMessages = new Map<number, OpenAlertMessages>()
  #stopped = false
  #defects = 0

  constructor (options: FeedOptions) {
    this.#options = options
    this.epoch = options.epoch
    this.health = new SourceHealth(options)
    // A poll interval far below the writer's must not make everything old between two samples.
    const intervalMs = () => Math.max(options.intervalMs, options.phase.writerIntervalMs ?? 0)
    this.#fleet = new Fleet({ ...options, oldAfterMs: () => (STALE_AFTER_INTERVALS - SCHEDULING_SLACK) * intervalMs() })
  }

  /** Counts the updates that were published. */
  get seq (): number {
    return this.#seq
  }

  /** The newest tick as it was published, with its alerts; null before the first. */
  get head (): Tick | null {
    return this.#head
  }

  /** What is open, oldest first, as it is told to those who stand at this position; the same messages for all of them. */
  openAlerts (position: number): OpenAlertMessages {
    const known = this.#openMessages.get(position)
    if (known !== undefined) return known
    const { deflateFrom } = this.#options
    const alerts = this.#options.detector.open.map((regression) =>
      alertMessage(regression, this.epoch, this.#toldIn.get(regression.id) ?? position))
    const at = { epoch: this.epoch, seq: position }
    const messages: OpenAlertMessages = {
      each: alerts.map((alert) => ({ id: alert.data.id, message: new SharedMessage({ ...alert, ...at, replay: true }, deflateFrom) })),
      set: new SharedMessage({ type: 'open_alerts', data: { alerts: alerts.map(({ data }) => data) }, ...at }, deflateFrom)
    }
    this.#openMessages.set(position, messages)
    return messages
  }

  /**
   * One tick. Never rejects because of the source: a failure is told to the clients and the last good result stays.
   * @param nextPollAt when the following one is planned, ms since the epoch; the answer itself may change the plan
   */
  async tick (nextPollAt: () => number): Promise<void> {
    try {
      await this.#tick(nextPollAt)
      this.#defects = 0
    } catch (error) {
      this.#defects++
      throw error
    }
  }

  /** Ticks in a row that ended by a defect of ours, neither with an answer nor with a failure of the source. */
  get defects (): number {
    return this.#defects
  }

  async #tick (nextPollAt: () => number): Promise<void> {
    const { source, clock } = this.#options
    const startedAt = clock.monotonic()
    let measurements: Measurements
    try {
      measurements = await source.collect()
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      if (!this.#stopped) await this.#fail(error, nextPollAt)
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

  /** The last good result as it is to be told now, without the alerts, which were told; null before there was one. */
  latest (): Tick | null {
    if (this.#result === null) return null
    const now = this.#options.clock.monotonic()
    if (this.#latest === null || now - this.#latest.madeAt >= SAME_MOMENT_MS) {
      this.#latest = { tick: this.#makeTick(this.#result, []), madeAt: now }
    }
    return this.#latest.tick
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

  async #succeed (measurements: Measurements, nextPollAt: () => number, queryMs: number): Promise<void> {
    const { clock, phase } = this.#options
    this.health.succeeded()
    const { events, ...report } = this.#fleet.update(measurements)
    const polledAt = clock.now()
    phase.observe(polledAt - queryMs, report.dataTime)
    await this.#publish({ ...report, queryMs, polledAt, nextPollAt: nextPollAt() }, events)
  }

  async #fail (error: SourceError, nextPollAt: () => number): Promise<void> {
    const { announce, onFailedTick } = this.#options
    this.health.failed(error)
    onFailedTick()
    // Only the transition is an update of its own: after it nothing changes until the source answers.
    if (this.#result !== null && this.#toldStatus === 'fresh') {
      const { pops } = this.#result
      await this.#publish({ ...this.#result, pops: new PopsSnapshot(pops.states, pops), nextPollAt: nextPollAt() }, [])
    }
    await announce(this.currentError() as ErrorMessage)
  }

  async #publish (result: Result, events: readonly RegressionEvent[]): Promise<void> {
    const { log, updates } = this.#options
    this.#result = result
    this.#seq++
    this.#latest = null
    this.#openMessages.clear()
    const tick = this.#makeTick(result, this.#alerts(events))
    const { status, seq, dataTime } = tick.content.header
    if (this.#toldStatus !== status) log.info({ event: `data_${status}`, seq, dataTime }, 'freshness of the data')
    this.#toldStatus = status
    this.#head = tick
    await updates.append(tick)
  }

  #alerts (events: readonly RegressionEvent[]): AlertMessage[] {
    return events.map(({ state, regression }) => {
      const message = alertMessage(regression, this.epoch, this.#seq)
      if (state === 'resolved') this.#toldIn.delete(regression.id)
      else this.#toldIn.set(regression.id, this.#seq)
      this.#options.log.info({ event: `regression_${state}`, ...message.data }, 'regression')
      return message
    })
  }

  #makeTick ({ overview, silentPops, pops, queryMs, dataTime, polledAt, nextPollAt }: Result, alerts: readonly AlertMessage[]): Tick {
    const now = this.#options.clock.now()
    const header: TickHeader = {
      epoch: this.epoch,
      seq: this.#seq,
      dataTime: dataTime === null ? null : timestamp(dataTime),
      polledAt: timestamp(polledAt),
      ageMs: this.#ageMs,
      status: this.health.failure !== null || this.#fleet.isOld ? 'stale' : 'fresh',
      nextPollAt: timestamp(Math.max(nextPollAt, now))
    }
    return new Tick({ header, overview, silentPops, pops, alerts, queryMs }, this.#options.deflateFrom)
  }

  get #ageMs (): number | null {
    const dataTime = this.#result?.dataTime ?? null
    return dataTime === null ? null : Math.max(0, this.#options.clock.now() - dataTime)
  }
}
