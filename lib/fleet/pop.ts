import type { FunctionReading } from '../source/source.ts'

/** One PoP, put together from the readings of its functions. */
export interface Pop {
  code: string
  /** Mean over its functions of each one's newest sample, ms. */
  coldStartMs: number
  /** Time of its newest sample, ms since the epoch. */
  sampleTime: number
  functions: number
  /** The least new of what its functions reported last, as far as they did in the recent window, ms since the epoch; infinite when none did. */
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
  valueSum: number
  sampleTime: number
  oldestSampleTime: number
  recentCount: number
  earlierCount: number
  earlierSum: number
}

/** Groups readings by PoP. Readings without a PoP code belong to no PoP and are left out. */
export function groupByPop (readings: readonly FunctionReading[]): Pop[] {
  const sums = new Map<string, Sums>()
  for (const reading of readings) {
    if (reading.pop === '') continue
    const pop = sums.get(reading.pop)
    if (pop === undefined) sums.set(reading.pop, add({ functions: 0, valueSum: 0, sampleTime: 0, oldestSampleTime: Infinity, recentCount: 0, earlierCount: 0, earlierSum: 0 }, reading))
    else add(pop, reading)
  }
  return Array.from(sums, ([code, { functions, valueSum, sampleTime, oldestSampleTime, recentCount, earlierCount, earlierSum }]) =>
    ({ code, coldStartMs: valueSum / functions, sampleTime, functions, oldestSampleTime, recentCount, earlierMean: earlierSum / earlierCount }))
}

function add (pop: Sums, { value, time, recentCount, recentMean }: FunctionReading): Sums {
  pop.functions++
  pop.valueSum += value
  pop.sampleTime = Math.max(pop.sampleTime, time)
  pop.recentCount += recentCount
  if (recentCount > 0) pop.oldestSampleTime = Math.min(pop.oldestSampleTime, time)
  if (recentCount > 1) {
    pop.earlierCount += recentCount - 1
    pop.earlierSum += recentCount * recentMean - value
  }
  return pop
}
