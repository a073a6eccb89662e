import type { Pop } from './pop.ts'

/** `data` of a `metrics_update`. */
export interface Overview {
  totalPops: number
  healthyPops: number
  /** Mean over PoPs, ms, 2 decimals; 0 when there are none. */
  averageColdStart: number
  /** PoPs that are regressed now. */
  regressions: number
}

/** Sums up the PoPs that reported within the overview window. A PoP is healthy when it still reports and its value is below `healthyBelowMs`. */
export function buildOverview (pops: readonly Pop[], regressions: number, healthyBelowMs: number, isSilent: (code: string) => boolean): Overview {
  let healthyPops = 0
  let sum = 0
  for (const { code, coldStartMs } of pops) {
    sum += coldStartMs
    if (coldStartMs < healthyBelowMs && !isSilent(code)) healthyPops++
  }
  const mean = pops.length === 0 ? 0 : sum / pops.length
  return { totalPops: pops.length, healthyPops, averageColdStart: Math.round(mean * 100) / 100, regressions }
}
