import { uniform, normal } from './random.ts'
import { simulatedPops, type SimulatedPop } from './pops.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

export const SIMULATED_FUNCTIONS = ['auth', 'images', 'rewrite', 'search', 'render'] as const

/** A stretch of time in which one PoP is slower by `factor`. Times are ms since the epoch. */
export interface Incident {
  pop: string
  factor: number
  start: number
  stop: number
}

export interface FleetOptions {
  pops: number
  seed: number
  /** Whether PoPs regress by themselves now and then. */
  randomIncidents: boolean
  /** Further incidents, on top of the random ones. */
  incidents?: readonly Incident[]
}

// Random incidents: each PoP draws once per slot whether it has one, when in the slot it begins, how long and how bad it is.
const SLOT_MS = 10 * MINUTE_MS
const INCIDENT_CHANCE = 0.08
const BASE_MS_BY_TIER = { 1: 4.5, 2: 6.5, 3: 9.5 } as const
const NOISE = 0.12
const DAILY_SWING = 0.08

// What a draw is for, so that draws for the same PoP and time are independent of each other.
const draw = { base: 1, noise: 2, incident: 3, start: 4, length: 5, factor: 6 } as const

/**
 * A fleet of PoPs whose cold-start times are a pure function of seed, PoP, function and time: a base by tier, a
 * daily swing, log-normal noise and incidents. What is backfilled and what is live therefore fit together, and
 * the same seed gives the same numbers.
 */
export class SimulatedFleet {
  readonly pops: readonly SimulatedPop[]
  readonly functions: readonly string[] = SIMULATED_FUNCTIONS
  readonly #options: FleetOptions

  constructor (options: FleetOptions) {
    this.#options = options
    this.pops = simulatedPops(options.pops)
  }

  /** Cold-start time in ms, 3 decimals, of the function at `functionIndex` of the PoP at `popIndex`. */
  coldStartMs (popIndex: number, functionIndex: number, time: number): number {
    const { seed } = this.#options
    const pop = this.pops[popIndex] as SimulatedPop
    const base = BASE_MS_BY_TIER[pop.tier] * (0.85 + 0.3 * uniform(seed, draw.base, popIndex)) * (0.8 + 0.1 * functionIndex)
    const daily = 1 + DAILY_SWING * Math.sin((2 * Math.PI * time) / DAY_MS + pop.longitude / 57.3)
    const noise = Math.exp(
      NOISE * normal(seed, draw.noise, popIndex * this.functions.length + functionIndex, Math.floor(time / 1_000))
    )
    return Math.round(base * daily * noise * this.#slowdown(popIndex, pop.code, time) * 1_000) / 1_000
  }

  #slowdown (popIndex: number, code: string, time: number): number {
    let factor = this.#options.randomIncidents ? this.#randomSlowdown(popIndex, time) : 1
    for (const incident of this.#options.incidents ?? []) {
      if (incident.pop === code && time >= incident.start && time < incident.stop) factor *= incident.factor
    }
    return factor
  }

  #randomSlowdown (popIndex: number, time: number): number {
    const { seed } = this.#options
    const slot = Math.floor(time / SLOT_MS)
    if (uniform(seed, draw.incident, popIndex, slot) >= INCIDENT_CHANCE) return 1
    const start = slot * SLOT_MS + uniform(seed, draw.start, popIndex, slot) * SLOT_MS / 2
    const stop = start + (0.2 + 0.3 * uniform(seed, draw.length, popIndex, slot)) * SLOT_MS
    return time >= start && time < stop ? 1.6 + 1.4 * uniform(seed, draw.factor, popIndex, slot) : 1
  }
}
