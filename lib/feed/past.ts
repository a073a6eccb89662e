import type { Clock } from '../clock.ts'
import { popPoints } from '../fleet/points.ts'
import { SampleWindow } from '../fleet/sample-window.ts'
import { HOUR_BEFORE, SLOT_MS, type SummaryStore } from '../fleet/summary-store.ts'
import type { SampleSource } from '../source/sample-source.ts'
import type { TimeRange } from '../source/time-range.ts'
import { messageOf } from './beside-tasks.ts'
import type { BesideTask } from './beside.ts'
import { LONGEST_HOUR_RETRY_MS, PastRange, RETRY_MS } from './past-range.ts'
import { MOST_OVERLAP_MS, type ReadingPlan } from './reading-plan.ts'
import type { Troubles } from './troubles.ts'

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
  /** By how many days ago. */
  readonly #ranges = new Map<number, PastRange>()
  /** In a row. */
  #failures = 0
  #notBefore = -Infinity
  #keptUntil: number | null = null

  constructor (options: PastOptions) {
    this.#options = options
    options.store.waitForHour()
  }

  /**
   * Before the hour is known no PoP can be judged by it: visits that are short each would never see it. What fails is tried
   * so seldom that it costs little.
   */
  get isUrgent (): boolean {
    const { store, window, clock } = this.#options
    const hour = this.#rangeOf(HOUR_BEFORE)
    return window.rows > 0 && this.#isDue(hour) && !store.isHourKnown(clock.now())
  }

  async run (onlyUrgent: boolean): Promise<boolean> {
    const { clock, troubles, window } = this.#options
    // Without PoPs nothing is compared.
    if (window.rows === 0) return false
    const next = this.#next(onlyUrgent)
    // What could not be read may have been seen meanwhile; what another process could not is wanted by this one if at all.
    troubles.set('baselines_failed', this.#trouble)
    if (next === null) return false
    const { range, slots } = next
    try {
      await this.#read(slots)
      range.read(slots)
      this.#failures = 0
    } catch (error) {
      range.failed(slots, messageOf(error), clock.monotonic())
      // One that cannot be read says nothing of the others; with two it is the database.
      if (++this.#failures % 2 === 0) this.#notBefore = clock.monotonic() + RETRY_MS
    }
    troubles.set('baselines_failed', this.#trouble)
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

  /** What is wanted first of what may be asked for now. null: nothing. */
  #next (onlyUrgent: boolean): { range: PastRange, slots: TimeRange[] } | null {
    const { store, clock } = this.#options
    const wanted = store.wanted(clock.now())
    for (const [daysAgo, range] of this.#ranges) {
      range.want(wanted.filter((one) => one.daysAgo === daysAgo).flatMap(({ slots }) => slots))
    }
    for (const { daysAgo, slots } of wanted) {
      if (onlyUrgent && daysAgo !== HOUR_BEFORE) continue
      const range = this.#rangeOf(daysAgo)
      if (this.#isDue(range)) return { range, slots: this.#newestOf(slots, range.most) }
    }
    return null
  }

  #isDue (range: PastRange): boolean {
    const now = this.#options.clock.monotonic()
    return now >= this.#notBefore && range.isDue(now)
  }

  /** Why what is wanted cannot be read. null: it can. */
  get #trouble (): string | null {
    return Array.from(this.#ranges.values(), ({ trouble }) => trouble).find((trouble) => trouble !== null) ?? null
  }

  #rangeOf (daysAgo: number): PastRange {
    const range = this.#ranges.get(daysAgo) ?? new PastRange(daysAgo === HOUR_BEFORE ? LONGEST_HOUR_RETRY_MS : undefined)
    this.#ranges.set(daysAgo, range)
    return range
  }

  /** As many as one query may have, so long as each follows the one before. The newest are wanted for longest. */
  #newestOf (slots: readonly TimeRange[], most: number): TimeRange[] {
    const { plan } = this.#options
    const perQuery = Math.min(most, Math.max(1, Math.floor(plan.rowsPerSlice / plan.rowsOf(SLOT_MS))))
    const newest: TimeRange[] = []
    for (const slot of slots.toReversed()) {
      if (newest.length === perQuery || (newest.length > 0 && newest[0]?.start !== slot.stop)) break
      newest.unshift(slot)
    }
    return newest
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
