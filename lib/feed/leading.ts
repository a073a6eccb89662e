import type { Leader, Memory } from '../cluster/shared-log.ts'
import type { FleetReport, FleetSnapshot } from '../fleet/sample-fleet.ts'
import type { Log } from '../log.ts'
import type { Intake } from './intake.ts'
import type { Keeper } from './keeper.ts'
import type { Poller } from './poller.ts'
import { sealed, unsealed } from './seal.ts'
import type { TickMaker } from './tick-maker.ts'
import type { View } from './view.ts'
import type { PhaseSnapshot, WriterPhase } from './writer-phase.ts'

export interface LeadingOptions {
  /** Nothing of one that led before is used again: it may be in the midst of a query. */
  newIntake: () => Intake
  phase: WriterPhase
  keeper: Keeper
  view: View
  log: Log
}

/** What is remembered beside the PoPs, which are told, and the samples, which are kept less often. Plain data. */
interface Remembered {
  fleet: Omit<FleetSnapshot, 'pops'>
  phase: PhaseSnapshot
}

/** Makes ticks as long as this process leads: it takes over what the one before knew, and leaves it to the next. */
export class Leading implements Leader {
  readonly #options: LeadingOptions
  #intake: Intake
  #ticks: { tickMaker: TickMaker, poller: Poller } | null = null

  constructor (options: LeadingOptions) {
    this.#options = options
    this.#intake = options.newIntake()
  }

  /** Who makes the ticks, and when. */
  use (tickMaker: TickMaker, poller: Poller): void {
    this.#ticks = { tickMaker, poller }
  }

  /** One query. @throws {SourceError} */
  readonly collect = (): Promise<FleetReport> => this.#intake.collect()

  /** As text. */
  readonly memory = (): string => {
    const { pops, ...fleet } = this.#intake.fleet
    const remembered: Remembered = { fleet, phase: this.#options.phase.snapshot() }
    return sealed(JSON.stringify(remembered))
  }

  begin (memory: Memory): void {
    const { newIntake, view } = this.#options
    this.#intake.stop()
    this.#intake = newIntake()
    this.#restore(memory)
    if (view.lastKnown !== null) this.#ticks?.tickMaker.resume(view.lastKnown, view.headAt)
    this.#ticks?.poller.start()
  }

  end (): void {
    this.#ticks?.poller.stop()
    this.#intake.stop()
  }

  /** After a tick. */
  keep (): Promise<void> {
    return this.#options.keeper.keep(this.#intake)
  }

  /** Nothing is asked any more; what is known is kept. */
  async stop (): Promise<void> {
    this.end()
    await this.#options.keeper.keepWindow(this.#intake)
  }

  #restore ({ text, kept }: Memory): void {
    const { keeper, log, view: { lastKnown: head } } = this.#options
    keeper.restore(kept, this.#intake)
    const pops = head?.content.pops.states ?? null
    if (text !== null) {
      try {
        return this.#remember(text, pops)
      } catch (err) {
        log.warn({ event: 'memory_unreadable', err }, 'what was remembered cannot be read')
      }
    }
    // What is open goes on with the same id, whatever else was lost.
    if (head === null) return
    const { regressions } = head.content
    this.#intake.restoreFleet({ pops, detector: { memories: [], regressions }, lateness: { readAt: null, seen: [], due: 0 } })
  }

  /** @throws when it is not what was written */
  #remember (text: string, pops: FleetSnapshot['pops']): void {
    // One that sealed nothing was older; JSON has no line feeds of its own.
    const { fleet, phase } = JSON.parse(text.includes('\n') ? unsealed(text) : text) as Remembered
    this.#intake.restoreFleet({ pops, ...fleet })
    this.#options.phase.restore(phase)
  }
}
