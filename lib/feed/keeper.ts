import type { Clock } from '../clock.ts'
import type { SharedLog } from '../cluster/shared-log.ts'
import { SLOTS, type SlotSnapshot, type SummaryStore } from '../fleet/summary-store.ts'
import type { Log } from '../log.ts'
import type { Intake, IntakeSnapshot } from './intake.ts'

/** Samples are read again from here on: it need not be newer. Of 2,000 PoPs x 5 functions they have some 4 MB. */
const WINDOW_EVERY_MS = 60_000
const WINDOW = 'window'
const SLOT = 'slot-'

interface Kept {
  /** ms since the epoch. */
  at: number
  snapshot: IntakeSnapshot
}

export interface KeeperOptions {
  stream: Pick<SharedLog<unknown, unknown>, 'keep'>
  store: SummaryStore
  clock: Clock
  log: Log
}

/** Keeps for who leads next what is too large to be appended with each tick: the newest samples, and what was usual. */
export class Keeper {
  readonly #options: KeeperOptions
  readonly #slots = new Set<number>()
  #windowAt = -Infinity

  constructor (options: KeeperOptions) {
    this.#options = options
  }

  /** After a tick: what is due. */
  async keep (intake: Intake): Promise<void> {
    const { store, clock } = this.#options
    if (clock.monotonic() - this.#windowAt >= WINDOW_EVERY_MS) await this.keepWindow(intake)
    const news = store.takeNews()
    for (const slot of news) await this.#keepSlot(slot)
    const oldest = Math.max(...this.#slots) - SLOTS
    for (const slot of this.#slots) {
      if (slot > oldest) continue
      this.#slots.delete(slot)
      await this.#options.stream.keep(SLOT + slot, null)
    }
  }

  /** The samples, at once: this process ends. */
  async keepWindow (intake: Intake): Promise<void> {
    const { stream, clock } = this.#options
    const snapshot = intake.snapshot()
    if (snapshot === null) return
    this.#windowAt = clock.monotonic()
    const kept: Kept = { at: clock.now(), snapshot }
    await stream.keep(WINDOW, () => JSON.stringify(kept))
  }

  /** Takes what was kept. What cannot be read is as if it had not been: all of it can be had from the source. */
  restore (kept: ReadonlyMap<string, string>, intake: Intake): void {
    const { store, clock } = this.#options
    for (const [name, text] of kept) {
      if (!name.startsWith(SLOT)) continue
      const slot = Number(name.slice(SLOT.length))
      this.#slots.add(slot)
      this.#attempt(name, () => store.restoreSlot(slot, JSON.parse(text) as SlotSnapshot))
    }
    const window = kept.get(WINDOW)
    if (window === undefined) return
    this.#attempt(WINDOW, () => {
      const { at, snapshot } = JSON.parse(window) as Kept
      intake.restore(snapshot, Math.max(0, clock.now() - at))
    })
  }

  #attempt (name: string, restore: () => void): void {
    try {
      restore()
    } catch (err) {
      this.#options.log.warn({ event: 'memory_unreadable', name, err }, 'what was kept cannot be read')
    }
  }

  async #keepSlot (slot: number): Promise<void> {
    const { stream, store } = this.#options
    await stream.keep(SLOT + slot, () => JSON.stringify(store.snapshotOf(slot)))
    this.#slots.add(slot)
  }
}
