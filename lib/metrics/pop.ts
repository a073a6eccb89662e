import type { FunctionReading } from './source.ts'

/** One PoP, put together from the readings of its functions. */
export interface Pop {
  code: string
  /** Mean over its functions of each one's newest sample, ms. */
  coldStartMs: number
  /** Time of its newest sample, ms since the epoch. */
  sampleTime: number
  /** Samples of all its functions in the recent window, and their mean in ms (NaN when there are none). */
  recentCount: number
  recentMean: number
}

interface Sums {
  functions: number
  valueSum: number
  sampleTime: number
  recentCount: number
  recentSum: number
}

/** Groups readings by PoP. Readings without a PoP code belong to no PoP and are left out. */
export function groupByPop (readings: readonly FunctionReading[]): Pop[] {
  const sums = new Map<string, Sums>()
  for (const reading of readings) {
    if (reading.pop === '') continue
    const pop = sums.get(reading.pop)
    if (pop === undefined) sums.set(reading.pop, add({ functions: 0, valueSum: 0, sampleTime: 0, recentCount: 0, recentSum: 0 }, reading))
    else add(pop, reading)
  }
  return Array.from(sums, ([code, { functions, valueSum, sampleTime, recentCount, recentSum }]) =>
    ({ code, coldStartMs: valueSum / functions, sampleTime, recentCount, recentMean: recentSum / recentCount }))
}

function add (pop: Sums, { value, time, recentCount, recentMean }: FunctionReading): Sums {
  pop.functions++
  pop.valueSum += value
  pop.sampleTime = Math.max(pop.sampleTime, time)
  if (recentCount > 0) {
    pop.recentCount += recentCount
    pop.recentSum += recentCount * recentMean
  }
  return pop
}
