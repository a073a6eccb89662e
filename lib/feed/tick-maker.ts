import type { Clock } from '../clock.ts'
import { PopsSnapshot } from '../fleet/pop-state.ts'
import type { FleetReport } from '../fleet/sample-fleet.ts'
import type { Log } from '../log.ts'
import { timestamp } from '../protocol/timestamp.ts'
import { SourceError } from '../source/source-error.ts'
import { noTracer, type Tracer } from '../tracer.ts'
import { SourceHealth, type Pingable } from '../source/source-health.ts'
import { alertData } from './alert.ts'
import type { Schedule } from './schedule.ts'
import { ageOf, type Findings } from './tick.ts'
import type { Failure, UpdateLog } from './update-log.ts'

export interface TickMakerOptions {
  source: Pingable
  /** Asks the source for what is new, and sums up what is known. @throws {SourceError} */
  collect: () => Promise<FleetReport>
  /** Says when the next tick is due, and learns from this one. */
  schedule: Schedule
  updates: UpdateLog
  clock: Clock
  log: Log
  tracer?: Tracer
}

/** The trip of one tick: collect, sum up, detect, append to the log. Only who leads has one. */
export class TickMaker {
  readonly health: SourceHealth
  readonly #options: TickMakerOptions
  #last: { findings: Findings, at: number } | null = null
  #stopped = false
  #defects = 0
  #defectsTotal = 0
  #isIdle = false

  constructor (options: TickMakerOptions) {
    this.#options = options
    this.health = new SourceHealth(options)
  }

  /** Ticks in a row that ended by a defect of ours, neither with an answer nor with a failure of the source. */
  get defects (): number {
    return this.#defects
  }

  /** Of those, how many since the process started. */
  get defectsTotal (): number {
    return this.#defectsTotal
  }

  /** One tick. Never rejects because of the source: a failure is an entry of the log as well. */
  async tick (): Promise<void> {
    try {
      await (this.#options.tracer ?? noTracer).span('tick', () => this.#tick())
      this.#defects = 0
    } catch (error) {
      this.#defects++
      this.#defectsTotal++
      throw error
    }
  }

  /** Instead of a tick while nobody wants data: says so, and keeps `health` true with a ping now and then. Never throws. */
  async probe (): Promise<void> {
    const isNew = !this.#isIdle
    this.#isIdle = true
    const probed = await this.health.probe()
    if ((probed || isNew) && !this.#stopped) {
      await this.#options.updates.append({ findings: null, failure: this.#failure, isTick: false })
    }
  }

  /** Results that come in after this are dropped. */
  stop (): void {
    this.#stopped = true
  }

  async #tick (): Promise<void> {
    const { collect, clock } = this.#options
    const startedAt = clock.monotonic()
    const afterIdle = this.#isIdle
    this.#isIdle = false
    let report: FleetReport
    try {
      report = await collect()
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      if (!this.#stopped) await this.#fail(error, afterIdle)
      return
    }
    if (!this.#stopped) await this.#succeed(report, clock.monotonic() - startedAt)
  }

  async #succeed (report: FleetReport, queryMs: number): Promise<void> {
    const { clock, schedule, updates } = this.#options
    this.health.succeeded()
    const polledAt = clock.now()
    schedule.observe(polledAt - queryMs, report.dataTime)
    const findings = { ...report, queryMs, header: this.#headerOf(report, polledAt) }
    this.#tell(findings)
    await updates.append({ findings, failure: null, isTick: true })
  }

  async #fail (error: SourceError, afterIdle: boolean): Promise<void> {
    this.health.failed(error)
    const findings = this.#turnStale(afterIdle)
    if (findings !== null) this.#tell(findings)
    await this.#options.updates.append({ findings, failure: this.#failure, isTick: true })
  }

  get #failure (): Failure | null {
    const { failure } = this.health
    return failure === null ? null : { code: failure.code }
  }

  /**
   * Only the transition is an update of its own: after it nothing changes until the source answers.
   * Who came while nobody had asked was not told yet what was known then.
   */
  #turnStale (afterIdle: boolean): Findings | null {
    if (this.#last === null || (this.#last.findings.header.status === 'stale' && !afterIdle)) return null
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
