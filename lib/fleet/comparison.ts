import type { Pop } from './point.ts'
import type { Baseline, References } from './references.ts'
import type { Comparison } from './regressions.ts'
import { clamp } from './rounding.ts'
import { quantile, sorted } from './statistics.ts'

/** However steady a PoP is, this share of its baseline counts as noise: less than a third more is no regression. */
export const MIN_RELATIVE_DEVIATION = 0.15
/**
 * The median of so many values is not moved by a single one; of a PoP with few
 * functions it takes more, until so many samples are in them.
 */
const MIN_RECENT_VALUES = 3
const MIN_SAMPLES = 10
/** Values that are older than so many times what is compared are of before a silence. */
const RECENT_TIMES = 2
/** The standard error of a deviation that is told from the quartile of n values is this share of it, over the root of n. */
const DEVIATION_ERROR = 1.79
/** What wanders is now so much off, and was so much off then; that it has been slow for long is no wandering. */
const WANDERS = 2.5
const MOST_WANDER = 0.3
/** Against a baseline of 0 every increase is infinite, which JSON cannot say: 1 000 000 % as a share, and a score. */
export const MOST_INCREASE = 10_000
export const MOST_Z = 1_000
/** What has crept up since the first hour is told before it has doubled; less may be the time of the day. */
export const CREPT_UP = 0.6

export interface Recent {
  /** Median of the last values, ms. */
  value: number
  /** In them. */
  samples: number
}

/** The median of a PoP's last values; null when there are too few. */
export function recentOf ({ points, functions, intervalMs }: Pop): Recent | null {
  const compared = valuesCompared(functions)
  const newest = points.at(-1)?.time ?? 0
  const recent = points.slice(-compared).filter(({ time }) => newest - time < RECENT_TIMES * compared * intervalMs)
  if (recent.length < compared) return null
  const value = quantile(sorted(recent.map((point) => point.value)), 0.5)
  return Number.isFinite(value) ? { value, samples: recent.reduce((sum, { samples }) => sum + samples, 0) } : null
}

/** An odd number, so that the median is one of them. */
export function valuesCompared (functions: number): number {
  const enough = Math.ceil(MIN_SAMPLES / functions)
  return Math.max(MIN_RECENT_VALUES, enough + (enough % 2 === 0 ? 1 : 0))
}

const withError = (deviation: number, count: number) => deviation * (1 + DEVIATION_ERROR / Math.sqrt(count))

/** What was compared with, as far as the comparison says it. */
export function baselineOf (comparison: Comparison): Baseline {
  const { baselineKind: kind, baselineMs: center, baselineDays: days, deviationMs, samples: { baseline: count } } = comparison
  return { kind, center, deviation: deviationMs / withError(1, count), noise: 0, count, days }
}

/** The unit of the score: how far values usually are from the baseline, ms. */
export function deviationOf (baseline: Baseline, { hour, wander = 0 }: References, minDeviationMs: number): number {
  const { center, deviation, count } = baseline
  const certain = withError(deviation, count)
  // As noisy as it is now: of few values the estimate may be far too low.
  const now = (hour?.noise ?? 0) * Math.abs(center)
  const share = Math.max(MIN_RELATIVE_DEVIATION, Math.min(MOST_WANDER, WANDERS * wander))
  return Math.max(certain, now, share * Math.abs(center), minDeviationMs)
}

/**
 * Compares with what fits best. Of the last days and the day a week ago it is the one that shows less: a regression is slower
 * than usual for a day and than the same weekday.
 * @param kept with what a regression opened that is open still
 */
export function compare (
  recent: Recent,
  references: References,
  kept: Baseline | null,
  minDeviationMs: number
): Comparison | null {
  const { day, week, hour, start } = references
  const against = (baseline: Baseline) => score(recent, baseline, deviationOf(baseline, references, minDeviationMs))
  if (day !== undefined) {
    const usual = against(day)
    const weekday = week === undefined || day.days === 1 ? usual : against(week)
    return weekday.zScore < usual.zScore ? weekday : usual
  }
  if (kept !== null) return against(kept)
  if (hour === undefined) return null
  const [lately, sinceStart] = [against(hour), start === undefined ? null : against(start)]
  return sinceStart !== null && sinceStart.increase >= CREPT_UP && sinceStart.zScore > lately.zScore ? sinceStart : lately
}

function score ({ value, samples }: Recent, { kind, center, count, days }: Baseline, deviation: number): Comparison {
  const difference = value - center
  return {
    recentMs: value,
    baselineMs: center,
    baselineKind: kind,
    baselineDays: days,
    deviationMs: deviation,
    increase: clamp(ratio(difference, Math.abs(center)), MOST_INCREASE),
    zScore: clamp(ratio(difference, deviation), MOST_Z),
    samples: { recent: samples, baseline: count }
  }
}

// A baseline of exactly 0: no difference is no change, any increase is an infinite one.
function ratio (difference: number, unit: number): number {
  return difference === 0 ? 0 : difference / unit
}
