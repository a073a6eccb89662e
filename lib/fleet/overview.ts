import { Mean } from './mean.ts'
import { precise } from './rounding.ts'
import type { Pop } from './point.ts'
import { isHealthy, type HealthRule } from './pop.ts'

/** `data` of a `metrics_update`. */
export interface Overview {
  totalPops: number
  healthyPops: number
  /** Mean over PoPs, ms, 2 decimals or 3 digits; 0 when there are none. */
  averageColdStart: number
  /** PoPs that are regressed now. */
  regressions: number
}

/** Sums up the PoPs that reported within the overview window. */
export function buildOverview (pops: readonly Pop[], regressions: number, rule: HealthRule): Overview {
  let healthyPops = 0
  const coldStart = new Mean()
  for (const pop of pops) {
    coldStart.add(pop.coldStartMs)
    if (isHealthy(pop, rule)) healthyPops++
  }
  const averageColdStart = pops.length === 0 ? 0 : precise(coldStart.value)
  return { totalPops: pops.length, healthyPops, averageColdStart, regressions }
}
