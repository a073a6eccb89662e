import type { Log } from '../log.ts'

/** Samples of the future are read up to this: clocks are never quite right. */
export const CLOCK_TOLERANCE_MS = 60_000
/** A log line and a message name so many PoPs; they count them all. */
const POPS_NAMED = 20

export interface ClockFault {
  pop: string
  /** ms; negative: behind. */
  aheadMs: number
}

/** Whose clocks are so wrong that their samples cannot be used. Each PoP is named in the log once for as long as it lasts. */
export class ClockFaults {
  readonly #log: Log
  readonly #ahead = new Map<string, number>()
  readonly #behind = new Map<string, number>()
  readonly #newest = new Map<string, number>()
  readonly #named = { ahead: new Set<string>(), behind: new Set<string>() }

  constructor (log: Log) {
    this.#log = log
  }

  /**
   * A look beside the ticks found this as a PoP's newest sample. What lies in the future is not taken; one that goes on writing
   * what is never read is behind.
   * @param missing nothing as new was read
   */
  newest (pop: string, sampleTime: number, now: number, missing: boolean): void {
    const before = this.#newest.get(pop)
    this.#newest.set(pop, sampleTime)
    this.#ahead.delete(pop)
    if (!missing) this.#behind.delete(pop)
    else if (sampleTime - now > CLOCK_TOLERANCE_MS) this.#ahead.set(pop, sampleTime - now)
    else if (before !== undefined && sampleTime > before) this.#behind.set(pop, now - sampleTime)
    this.#name('ahead', this.#ahead)
    this.#name('behind', this.#behind)
  }

  get current (): ClockFault[] {
    return [
      ...Array.from(this.#ahead, ([pop, aheadMs]) => ({ pop, aheadMs })),
      ...Array.from(this.#behind, ([pop, behindMs]) => ({ pop, aheadMs: -behindMs }))
    ]
  }

  #name (kind: 'ahead' | 'behind', faults: ReadonlyMap<string, number>): void {
    const named = this.#named[kind]
    const told = Array.from(faults).filter(([pop]) => !named.has(pop))
    for (const pop of named) if (!faults.has(pop)) named.delete(pop)
    for (const [pop] of told) named.add(pop)
    if (told.length === 0) return
    const pops = told.slice(0, POPS_NAMED).map(([pop, byMs]) => ({ pop, byMs }))
    this.#log.warn({ event: `clock_${kind}`, count: told.length, pops }, 'samples of wrong clocks cannot be used')
  }
}
