import { isHealthy, type HealthRule, type Pop } from './pop.ts'

/** `data` of a `metrics_update`. */
export interface Overview {
  totalPops: number
  healthyPops: number
  /** Mean over PoPs, ms, 2 decimals; 0 when there are none. */
  averageColdStart: number
  /** PoPs that are regressed now. */
  regressions: number
}

/** Sums up the PoPs that reported within the overview window. */
export function buildOverview (pops: readonly Pop[], regressions: number, rule: HealthRule): Overview {
  let healthyPops = 0
  let sum = 0
  for (const pop of pops) {
    sum += pop.coldStartMs
    if (isHealthy(pop, rule)) healthyPops++
  }
  const mean = pops.length === 0 ? 0 : sum / pops.length
  return { totalPops: pops.length, healthyPops, averageColdStart: Math.round(mean * 100) / 100, regressions }
}
