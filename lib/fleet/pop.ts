import type { Pop } from './point.ts'

/** How it is told whether a PoP is healthy. */
export interface HealthRule {
  healthyBelowMs: number
}

/** It reports, and is below the limit. */
export function isHealthy ({ coldStartMs, isSilent }: Pop, { healthyBelowMs }: HealthRule): boolean {
  return coldStartMs < healthyBelowMs && !isSilent
}
