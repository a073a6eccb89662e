import { uniform } from '../../lib/simulation/random.ts'

export interface FakeWriterOptions {
  intervalMs: number
  /** When in its interval it writes, ms. */
  phaseMs?: number
  /** Sample times are off by up to this much either way, and landing is later by up to this much, ms. */
  jitterMs?: number
  /** From the sample being taken to its being readable, ms. */
  delayMs?: number
  /** How far its clock is ahead of ours (behind where negative), ms. */
  aheadMs?: number
  /** Share of the samples that never land. */
  loss?: number
  /** When it writes, ms since the epoch. */
  from?: number
  until?: number
  seed?: number
}

/** Writes to a database that nobody sees, by the clock; the same options give the same samples. */
export class FakeWriter {
  readonly #options: Required<FakeWriterOptions>

  constructor (options: FakeWriterOptions) {
    this.#options = {
      phaseMs: 0,
      jitterMs: 0,
      delayMs: 0,
      aheadMs: 0,
      loss: 0,
      from: -Infinity,
      until: Infinity,
      seed: 1,
      ...options
    }
  }

  /** Time of the newest sample that a query at `now` finds; null when there is none in the last 100 intervals. */
  newestAt (now: number): number | null {
    const { intervalMs, phaseMs, jitterMs, delayMs, aheadMs, loss, from, until, seed } = this.#options
    const last = Math.ceil((now - phaseMs + jitterMs) / intervalMs)
    for (let count = last; count > last - 100; count--) {
      const taken = count * intervalMs + phaseMs + (2 * uniform(seed, count, 0) - 1) * jitterMs
      const landed = taken + delayMs + uniform(seed, count, 1) * jitterMs
      if (landed <= now && taken >= from && taken < until && uniform(seed, count, 2) >= loss) return Math.round(taken + aheadMs)
    }
    return null
  }
}
