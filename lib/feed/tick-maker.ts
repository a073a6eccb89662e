import type { Clock } from '../clock.ts'
import { PopsSnapshot } from '../fleet/pop-state.ts'
import type { FleetReport } from '../fleet/sample-fleet.ts'
import type { Log } from '../log.ts'
import { timestamp } from '../protocol/timestamp.ts'
import { SourceError } from '../source/source-error.ts'
import type { SharedLog } from '../cluster/shared-log.ts'
import { noTracer, type Tracer } from '../tracer.ts'
import { SourceHealth, type Pingable } from '../source/source-health.ts'
import { alertData } from './alert.ts'
import type { Schedule } from './schedule.ts'
import { ageOf, findingsOf, type Findings, type Tick } from './tick.ts'
import type { Trouble } from './troubles.ts'
import type { Failure, Note } from './update-log.ts'

export interface TickMakerOptions {
  source: Pingable
  /** Asks the source for what is new, and sums up what is known. @throws {SourceError} */
  collect: () => Promise<FleetReport>
  /** Says when the next tick is due, and learns from this one. */
  schedule: Schedule
  /** What is made is appended to it. */
  stream: SharedLog<Findings, Note>
  /** What who leads next has to know, as text. */
  memory?: () => string
  /** What those are told beside it who do not ask the source themselves. */
  troubles?: () => readonly Trouble[]
  clock: Clock
  log: Log
  tracer?: Tracer
}

/** The trip of one tick: collect, sum up, detect, append to the log. Only who leads makes any. */
export class TickMaker {
  readonly health: SourceHealth
  readonly #options: TickMakerOptions
  #last: { findings: Findings, at: number } | null = null
  /** The epoch in which that was told; null: it was not. */
  #toldIn: string | null = null
  /** Of what could not be told: they are told with the next update. */
  #untold: Findings['events'] = []
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
    if ((probed || isNew) && !this.#stopped) await this.#append(null, false)
  }

  /** Goes on after this tick, which another process may have made. @param at when, on the monotonic clock */
  resume (tick: Tick, at: number): void {
    this.#last = { findings: findingsOf(tick), at }
    this.#toldIn = tick.content.header.epoch
    this.#untold = []
  }

  /** Results that come in after this are dropped. */
  stop (): void {
    this.#stopped = true
  }

  async #tick (): Promise<void> {
    const { collect, clock, stream } = this.#options
    // What cannot be told is not asked for.
    if (!await stream.begin()) return
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
    const { clock, schedule } = this.#options
    this.health.succeeded()
    const polledAt = clock.now()
    schedule.observe(polledAt - queryMs, report.dataTime)
    const events = [...this.#untold, ...report.events]
    const findings = { ...report, events, queryMs, header: this.#headerOf(report, polledAt) }
    const before = this.#last
    this.#last = { findings, at: clock.monotonic() }
    if (await this.#append(findings, true)) this.#log(findings, before?.findings ?? null)
  }

  async #fail (error: SourceError, afterIdle: boolean): Promise<void> {
    this.health.failed(error)
    const findings = this.#turnStale(afterIdle)
    const before = this.#last
    if (findings !== null) this.#last = { findings, at: this.#options.clock.monotonic() }
    if (await this.#append(findings, true) && findings !== null) this.#log(findings, before?.findings ?? null)
  }

  /** @returns whether it was told: else another one leads, and has not heard of it */
  async #append (update: Findings | null, isTick: boolean): Promise<boolean> {
    const { stream, tracer = noTracer, memory = () => '', troubles = () => [] } = this.#options
    const failure = this.#failure
    let isTold = false
    await tracer.span('append', async (span) => {
      const note = { failure, isTick, knows: { source: this.health.report, troubles: troubles() } }
      isTold = await stream.append({ update, note, memory })
      span.set({ seq: stream.position.seq, isUpdate: update !== null, ...(failure !== null && { failure: failure.code }) })
    })
    if (update !== null) {
      this.#toldIn = isTold ? stream.position.epoch : null
      this.#untold = isTold ? [] : update.events
    }
    return isTold
  }

  get #failure (): Failure | null {
    const { failure, report: { failingSince } } = this.health
    return failure === null ? null : { code: failure.code, ...(typeof failingSince === 'number' && { since: failingSince }) }
  }

  /**
   * Only the transition is an update of its own: after it nothing changes until the source answers.
   * Who came while nobody had asked was not told yet what was known then, nor who comes to a stream that begins anew.
   */
  #turnStale (afterIdle: boolean): Findings | null {
    const { clock, schedule, stream } = this.#options
    const isTold = !afterIdle && this.#toldIn === stream.position.epoch
    if (this.#last === null || (this.#last.findings.header.status === 'stale' && isTold)) return null
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

  /** What is new since the one before. */
  #log (findings: Findings, before: Findings | null): void {
    const { log, stream } = this.#options
    const { status, dataTime } = findings.header
    for (const { state, regression } of findings.events) {
      log.info({ event: `regression_${state}`, ...alertData(regression) }, 'regression')
    }
    if (before?.header.status !== status) {
      log.info({ event: `data_${status}`, seq: stream.position.seq, dataTime }, 'freshness of the data')
    }
  }
}
