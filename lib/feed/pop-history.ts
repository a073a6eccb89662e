import type { Clock } from '../clock.ts'
import type { PopsForm } from '../fleet/pop-state.ts'
import { precise } from '../fleet/rounding.ts'
import { SLOT_MS, type SummaryStore } from '../fleet/summary-store.ts'
import type { Published, UpdateLog } from './update-log.ts'

export const HISTORY_MS = 60 * 60_000
/** However often the source is asked, what is kept is no finer than this. */
const FINEST_MS = 10_000

export interface PopHistoryOptions {
  updates: UpdateLog
  /** What was usual: tells of the time before popcast looked. */
  store: SummaryStore
  clock: Clock
  /** How often the source is asked, ms. */
  intervalMs: number
}

/** What a PoP was at one time. */
export interface HistoryValue {
  /** Of its newest sample then, ms since the epoch; of a median the midst. */
  time: number
  /** ms. */
  coldStartMs: number
  /** 0: the value as it was told; else it is the median of so much time, which popcast has read later. */
  spanMs: number
}

/** Whether what was told of a slot says as much of it as its median: it goes over half of it, or has half of the points. */
function isCovered ({ start, count }: { start: number, count: number }, told: readonly HistoryValue[]): boolean {
  const times = told.map(({ time }) => time).filter((time) => time >= start && time < start + SLOT_MS)
  return times.length > 0 && (times.length >= count / 2 || Math.max(...times) - Math.min(...times) >= SLOT_MS / 2)
}

/** One PoP's last values, in a ring by their time. */
class Ring {
  readonly times: Float64Array
  readonly values: Float64Array
  newest = -Infinity

  constructor (size: number) {
    this.times = new Float64Array(size).fill(-Infinity)
    this.values = new Float64Array(size)
  }
}

/**
 * What each PoP was told as within the last hour, one value per interval; and before popcast looked, or while nobody had it
 * look, the medians that baselines are made of. It follows the log, and asks nobody.
 */
export class PopHistory {
  readonly #options: PopHistoryOptions
  readonly #stepMs: number
  readonly #size: number
  readonly #rings = new Map<string, Ring>()

  constructor (options: PopHistoryOptions) {
    this.#options = options
    this.#stepMs = Math.max(FINEST_MS, options.intervalMs)
    this.#size = Math.ceil(HISTORY_MS / this.#stepMs)
    const take = ({ tick }: Published) => { if (tick !== null && !tick.content.isPast) this.#take(tick.content.pops) }
    options.updates.follow(take, take)
  }

  /** PoPs of which something is kept. */
  get size (): number {
    return this.#rings.size
  }

  /** Oldest first; where nothing is known there is nothing. @param spanMs at most `HISTORY_MS` */
  of (code: string, spanMs: number): HistoryValue[] {
    const now = this.#options.clock.now()
    const begin = now - spanMs
    const told = this.#told(code, begin)
    const before = Array.from(this.#options.store.slotsOf(code, { start: begin, stop: now }))
      .filter((slot) => !isCovered(slot, told))
      .map(({ start, median }) => ({ time: start + SLOT_MS / 2, coldStartMs: precise(median), spanMs: SLOT_MS }))
    return [...before, ...told].sort((a, b) => a.time - b.time)
  }

  #told (code: string, begin: number): HistoryValue[] {
    const ring = this.#rings.get(code)
    if (ring === undefined) return []
    const values: HistoryValue[] = []
    for (const [place, time] of ring.times.entries()) {
      if (time >= begin) values.push({ time, coldStartMs: ring.values[place] ?? NaN, spanMs: 0 })
    }
    return values
  }

  #take (pops: PopsForm): void {
    // What is silent has none: a gap is a gap.
    pops.eachReading((code, time, coldStartMs) => this.#keep(code, time, coldStartMs))
    const begin = this.#options.clock.now() - HISTORY_MS
    for (const [code, { newest }] of this.#rings) if (newest < begin) this.#rings.delete(code)
  }

  #keep (code: string, time: number, value: number): void {
    let ring = this.#rings.get(code)
    if (ring === undefined) {
      ring = new Ring(this.#size)
      this.#rings.set(code, ring)
    }
    const place = Math.floor(time / this.#stepMs) % this.#size
    ring.times[place] = time
    ring.values[place] = value
    ring.newest = Math.max(ring.newest, time)
  }
}
