import type { Clock } from '../clock.ts'
import { Fleet, type FleetReport } from '../fleet/fleet.ts'
import { PopsSnapshot } from '../fleet/pop-state.ts'
import type { RegressionDetector } from '../fleet/regression-detector.ts'
import type { Log } from '../log.ts'
import { timestamp } from '../protocol/timestamp.ts'
import { SourceError } from '../source/source-error.ts'
import { SourceHealth } from '../source/source-health.ts'
import type { Measurements, MetricsSource } from '../source/source.ts'
import { alertData } from './alert.ts'
import type { Schedule } from './schedule.ts'
import { ageOf, type Findings } from './tick.ts'
import type { Failure, UpdateLog } from './update-log.ts'

/** Data is stale, and a PoP silent, when the newest sample has not advanced for this many intervals ... */
const STALE_AFTER_INTERVALS = 2
/** ... less this share of one, since ticks come a little early or late. */
const SCHEDULING_SLACK = 0.1

export interface TickMakerOptions {
  source: MetricsSource
  detector: RegressionDetector
  /** Says when the next tick is due, and learns from this one. */
  schedule: Schedule
  /** As far as it is known, ms. */
  writerIntervalMs: () => number | null
  updates: UpdateLog
  clock: Clock
  log: Log
  intervalMs: number
  healthyBelowMs: number
}

/** The trip of one tick: collect, sum up, detect, append to the log. Only who leads has one. */
export class TickMaker {
  readonly health: SourceHealth
  readonly #options: TickMakerOptions
  readonly #fleet: Fleet
  #last: { findings: Findings, at: number } | null = null
  #stopped = false
  #defects = 0

  constructor (options: TickMakerOptions) {
    this.#options = options
    this.health = new SourceHealth(options)
    // A poll interval far below the writer's must not make everything old between two samples.
    const intervalMs = () => Math.max(options.intervalMs, options.writerIntervalMs() ?? 0)
    this.#fleet = new Fleet({ ...options, oldAfterMs: () => (STALE_AFTER_INTERVALS - SCHEDULING_SLACK) * intervalMs() })
  }

  /** Ticks in a row that ended by a defect of ours, neither with an answer nor with a failure of the source. */
  get defects (): number {
    return this.#defects
  }

  /** One tick. Never rejects because of the source: a failure is an entry of the log as well. */
  async tick (): Promise<void> {
    try {
      await this.#tick()
      this.#defects = 0
    } catch (error) {
      this.#defects++
      throw error
    }
  }

  /** While nobody is connected: keeps `health` true with a ping now and then. Never throws. */
  async probe (): Promise<void> {
    if ((await this.health.probe()) && !this.#stopped) {
      await this.#options.updates.append({ findings: null, failure: this.#failure, isTick: false })
    }
  }

  /** Results that come in after this are dropped. */
  stop (): void {
    this.#stopped = true
  }

  async #tick (): Promise<void> {
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
    if (!this.#stopped) await this.#succeed(measurements, clock.monotonic() - startedAt)
  }

  async #succeed (measurements: Measurements, queryMs: number): Promise<void> {
    const { clock, schedule, updates } = this.#options
    this.health.succeeded()
    const report = this.#fleet.update(measurements)
    const polledAt = clock.now()
    schedule.observe(polledAt - queryMs, report.dataTime)
    const findings = { ...report, queryMs, header: this.#headerOf(report, polledAt) }
    this.#tell(findings)
    await updates.append({ findings, failure: null, isTick: true })
  }

  async #fail (error: SourceError): Promise<void> {
    this.health.failed(error)
    const findings = this.#turnStale()
    if (findings !== null) this.#tell(findings)
    await this.#options.updates.append({ findings, failure: this.#failure, isTick: true })
  }

  get #failure (): Failure | null {
    const { failure } = this.health
    return failure === null ? null : { code: failure.code }
  }

  /** Only the transition is an update of its own: after it nothing changes until the source answers. */
  #turnStale (): Findings | null {
    if (this.#last === null || this.#last.findings.header.status === 'stale') return null
    const { clock, schedule } = this.#options
    const { findings, at } = this.#last
    const { header, dataTime, pops, oldInMs } = findings
    return {
      ...findings,
      pops: new PopsSnapshot(pops.states, pops),
      oldInMs: oldInMs - (clock.monotonic() - at),
      events: [],
      header: {
        ...header,
        ageMs: ageOf(dataTime, clock.now()),
        status: 'stale',
        nextPollAt: timestamp(Math.max(schedule.nextPollAt, clock.now()))
      }
    }
  }

  #headerOf ({ dataTime, oldInMs }: FleetReport, polledAt: number): Findings['header'] {
    return {
      dataTime: dataTime === null ? null : timestamp(dataTime),
      polledAt: timestamp(polledAt),
      ageMs: ageOf(dataTime, polledAt),
      status: oldInMs <= 0 ? 'stale' : 'fresh',
      nextPollAt: timestamp(Math.max(this.#options.schedule.nextPollAt, polledAt))
    }
  }

  #tell (findings: Findings): void {
    const { log, updates, clock } = this.#options
    const { status, dataTime } = findings.header
    for (const { state, regression } of findings.events) {
      log.info({ event: `regression_${state}`, ...alertData(regression) }, 'regression')
    }
    if (this.#last?.findings.header.status !== status) {
      log.info({ event: `data_${status}`, seq: updates.seq + 1, dataTime }, 'freshness of the data')
    }
    this.#last = { findings, at: clock.monotonic() }
  }
}
