import type { Clock } from '../clock.ts'
import { popPoints } from '../fleet/points.ts'
import { SampleWindow } from '../fleet/sample-window.ts'
import { SLOT_MS, type SummaryStore } from '../fleet/summary-store.ts'
import type { SampleSource } from '../source/sample-source.ts'
import type { TimeRange } from '../source/time-range.ts'
import { messageOf } from './beside-tasks.ts'
import type { BesideTask } from './beside.ts'
import { MOST_OVERLAP_MS, type ReadingPlan } from './reading-plan.ts'
import type { Troubles } from './troubles.ts'

/** After a failure. Not at the next tick: the query that failed may be what overloads the database. */
const RETRY_MS = 60_000
/** PoPs that are summed up in one turn of the loop. */
const POPS_PER_TURN = 50

export interface PastOptions {
  source: SampleSource
  store: SummaryStore
  /** Of the samples that the ticks read. */
  window: SampleWindow
  plan: ReadingPlan
  clock: Clock
  troubles: Troubles
  /** Bounds of what is read of the past at once. */
  limits: { maxRows: number, maxBytes: number }
}

/**
 * Fills the store of what is usual: with what has passed through the window, which costs no query, and with slices of days
 * that popcast has not seen itself, each read once and ahead of its time.
 */
export class Past implements BesideTask {
  readonly name = 'baselines'
  readonly #options: PastOptions
  #nextAt = -Infinity
  /** Slots that are read at once: fewer after what could not be answered in time, until it can. */
  #most = Infinity
  #keptUntil: number | null = null

  constructor (options: PastOptions) {
    this.#options = options
    options.store.waitForHour()
  }

  /** Before the hour is known no PoP can be judged by it: visits that are short each would never see it. */
  get isUrgent (): boolean {
    const { store, window, clock } = this.#options
    return window.rows > 0 && !store.isHourKnown(clock.now())
  }

  async run (): Promise<boolean> {
    const { clock, troubles, window } = this.#options
    // Without PoPs nothing is compared.
    if (window.rows === 0 || clock.monotonic() < this.#nextAt) return false
    const slots = this.#nextSlots()
    if (slots.length === 0) return false
    try {
      await this.#read(slots)
      this.#most *= 2
      troubles.set('baselines_failed', null)
    } catch (error) {
      this.#most = Math.max(1, Math.floor(slots.length / 2))
      this.#nextAt = clock.monotonic() + RETRY_MS
      troubles.set('baselines_failed', messageOf(error))
    }
    return true
  }

  /** Sums up the slots of the window that are over, and that nothing will be added to any more; lets go of PoPs that are gone. */
  async keepPast (): Promise<void> {
    const { clock, plan, window, store } = this.#options
    const until = Math.floor((clock.now() - MOST_OVERLAP_MS) / SLOT_MS) * SLOT_MS
    const oldest = Math.ceil((window.oldestTime ?? until) / SLOT_MS) * SLOT_MS
    for (let start = Math.max(this.#keptUntil ?? oldest, oldest); start < until; start += SLOT_MS) {
      const slot = { start, stop: start + SLOT_MS }
      if (!plan.covers(slot)) continue
      await this.#keep(window, slot)
      store.markKnown(start)
    }
    this.#keptUntil = until
    store.prune()
  }

  /** As many of those that are wanted first as one query may have, so long as each follows the one before. */
  #nextSlots (): TimeRange[] {
    const { store, clock, plan } = this.#options
    const most = Math.min(this.#most, Math.max(1, Math.floor(plan.rowsPerSlice / plan.rowsOf(SLOT_MS))))
    const slots: TimeRange[] = []
    for (const slot of store.wanted(clock.now())) {
      if (slots.length === most || (slots.length > 0 && slots.at(-1)?.stop !== slot.start)) break
      slots.push(slot)
    }
    return slots
  }

  /** One query: of a slot that has too many rows only its begin. */
  async #read (slots: readonly TimeRange[]): Promise<void> {
    const { source, store, plan, limits } = this.#options
    const [first, last] = [slots[0], slots.at(-1)]
    if (first === undefined || last === undefined) return
    const rows = plan.rowsOf(SLOT_MS)
    const stop = slots.length > 1 ? last.stop : first.start + SLOT_MS * Math.min(1, plan.rowsPerSlice / rows)
    const past = new SampleWindow({ ...limits, spanMs: Infinity })
    await source.read({ start: first.start, stop }, (series, place, time, value) => past.add(series, place, time, value))
    for (const slot of slots) {
      await this.#keep(past, slot)
      store.markKnown(slot.start)
    }
  }

  async #keep (window: SampleWindow, { start, stop }: TimeRange): Promise<void> {
    const { clock, store } = this.#options
    let pops = 0
    for (const pop of Array.from(window.codes)) {
      if (++pops % POPS_PER_TURN === 0) await clock.turn()
      store.take(pop, start, popPoints(window, pop, start, stop))
    }
  }
}
