import { Mean } from './mean.ts'
import type { FunctionReading } from '../source/source.ts'

/** One PoP, put together from the readings of its functions. */
export interface Pop {
  code: string
  /** Mean over its functions of each one's newest sample, ms. */
  coldStartMs: number
  /** Time of its newest sample, ms since the epoch. */
  sampleTime: number
  functions: number
  /**
   * The least new of what its functions reported last, as far as they did in the
   * recent window, ms since the epoch; infinite when none did.
   */
  oldestSampleTime: number
  /** Samples of all its functions in the recent window. */
  recentCount: number
  /** Mean of those that are not the newest of their function, ms; NaN when there are none. */
  earlierMean: number
}

/** How it is told whether a PoP is healthy. */
export interface HealthRule {
  healthyBelowMs: number
  /** Does not report any more. */
  isSilent: (code: string) => boolean
}

/** It reports, and is below the limit. */
export function isHealthy ({ code, coldStartMs }: Pop, { healthyBelowMs, isSilent }: HealthRule): boolean {
  return coldStartMs < healthyBelowMs && !isSilent(code)
}

interface Sums {
  functions: number
  coldStart: Mean
  sampleTime: number
  oldestSampleTime: number
  recentCount: number
  earlier: Mean
}

/** Groups readings by PoP. Readings without a PoP code belong to no PoP and are left out. */
export function groupByPop (readings: readonly FunctionReading[]): Pop[] {
  const pops = new Map<string, Sums>()
  for (const reading of readings) {
    if (reading.pop === '') continue
    const sums = pops.get(reading.pop) ?? noSums()
    add(sums, reading)
    pops.set(reading.pop, sums)
  }
  return Array.from(pops, ([code, { functions, coldStart, sampleTime, oldestSampleTime, recentCount, earlier }]) =>
    ({ code, coldStartMs: coldStart.value, sampleTime, functions, oldestSampleTime, recentCount, earlierMean: earlier.value }))
}

function noSums (): Sums {
  return { functions: 0, coldStart: new Mean(), sampleTime: 0, oldestSampleTime: Infinity, recentCount: 0, earlier: new Mean() }
}

function add (sums: Sums, { value, time, recentCount, recentMean }: FunctionReading): void {
  sums.functions++
  sums.coldStart.add(value)
  sums.sampleTime = Math.max(sums.sampleTime, time)
  sums.recentCount += recentCount
  if (recentCount > 0) sums.oldestSampleTime = Math.min(sums.oldestSampleTime, time)
  // A function whose mean has overflowed must not spoil that of the others.
  if (recentCount > 1 && Number.isFinite(recentMean)) {
    sums.earlier.add(recentMean, recentCount)
    sums.earlier.add(value, -1)
  }
}
