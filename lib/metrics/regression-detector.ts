import type { Pop } from './pop.ts'
import type { BaselineKind, Baselines, WindowStatistics } from './source.ts'

/** Fewer samples than this on either side say nothing about a PoP. */
export const MIN_SAMPLES = 10
/** A regression opens above this score ... */
export const OPEN_ABOVE_Z = 2.5
/** ... is critical above this one ... */
export const CRITICAL_ABOVE_Z = 3.5
/** ... and resolves only below both of these, so that it does not flap around one threshold. */
export const RESOLVE_BELOW_Z = 1.5
export const RESOLVE_BELOW_INCREASE = 0.1
/** A constant series has no deviation; this share of its mean counts as noise all the same. */
export const MIN_RELATIVE_DEVIATION = 0.05

/** How far the recent mean is from the baseline. */
export interface Comparison {
  recentMs: number
  baselineMs: number
  baselineKind: BaselineKind
  /** (recent - baseline) / baseline, as a share: 0.5 is +50 %. */
  increase: number
  zScore: number
}

export type Assessment =
  | { pop: string, state: 'not_enough_data' }
  | { pop: string, state: 'normal', comparison: Comparison }
  | { pop: string, state: 'regressed', severity: 'warning' | 'critical', comparison: Comparison }

/**
 * Tells which PoPs are regressed. It remembers which ones were, and nothing else: what opens a regression
 * and what resolves it are different thresholds (hysteresis).
 *
 * Score: z = (recent mean - baseline mean) / max(baseline standard deviation, 5 % of the baseline mean), the
 * standard score (https://en.wikipedia.org/wiki/Standard_score) with a floor under the deviation.
 */
export class RegressionDetector {
  #regressed = new Set<string>()

  /** PoPs regressed after the last update. */
  get regressions (): number {
    return this.#regressed.size
  }

  /** Assesses every PoP that is there now; one that is not there any more is forgotten. */
  update (pops: readonly Pop[], baselines: Baselines): Assessment[] {
    const assessments = pops.map((pop) => this.#assess(pop, baselines))
    this.#regressed = new Set(assessments.filter(({ state }) => state === 'regressed').map(({ pop }) => pop))
    return assessments
  }

  #assess (pop: Pop, baselines: Baselines): Assessment {
    const comparison = compare(pop, baselines)
    if (comparison === null) return { pop: pop.code, state: 'not_enough_data' }
    if (!this.#isRegressed(pop.code, comparison)) return { pop: pop.code, state: 'normal', comparison }
    return { pop: pop.code, state: 'regressed', severity: comparison.zScore > CRITICAL_ABOVE_Z ? 'critical' : 'warning', comparison }
  }

  #isRegressed (code: string, { zScore, increase }: Comparison): boolean {
    if (zScore > OPEN_ABOVE_Z) return true
    const resolved = zScore < RESOLVE_BELOW_Z && increase < RESOLVE_BELOW_INCREASE
    return this.#regressed.has(code) && !resolved
  }
}

/** @returns null when either side has fewer than `MIN_SAMPLES` samples */
function compare (pop: Pop, baselines: Baselines): Comparison | null {
  if (pop.recentCount < MIN_SAMPLES) return null
  const { day, hour } = baselines.get(pop.code) ?? {}
  if (isEnough(day)) return score(pop.recentMean, day, 'day')
  if (isEnough(hour)) return score(pop.recentMean, hour, 'hour')
  return null
}

function isEnough (baseline: WindowStatistics | undefined): baseline is WindowStatistics {
  return baseline !== undefined && baseline.count >= MIN_SAMPLES
}

function score (recentMs: number, baseline: WindowStatistics, baselineKind: BaselineKind): Comparison {
  const difference = recentMs - baseline.mean
  const deviation = Math.max(baseline.standardDeviation, MIN_RELATIVE_DEVIATION * Math.abs(baseline.mean))
  return {
    recentMs,
    baselineMs: baseline.mean,
    baselineKind,
    increase: ratio(difference, Math.abs(baseline.mean)),
    zScore: ratio(difference, deviation)
  }
}

// A baseline of exactly 0 has no deviation either: no difference is no change, any increase is an infinite one.
function ratio (difference: number, unit: number): number {
  return difference === 0 ? 0 : difference / unit
}
