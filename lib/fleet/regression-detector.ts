import type { Pop } from './pop.ts'
import {
  Regressions, type Comparison, type Finding, type Regression, type RegressionEvent, type RegressionsSnapshot, type Severity
} from './regressions.ts'
import { clamp } from './rounding.ts'
import {
  MIN_SAMPLES,
  RECENT_WINDOW_MS,
  type BaselineKind,
  type Baselines,
  type PopBaselines,
  type WindowStatistics
} from '../source/source.ts'
import { quantile, sorted } from '../source/statistics.ts'

export type { Comparison, Regression, RegressionEvent } from './regressions.ts'

/** A regression opens above this score ... */
export const OPEN_ABOVE_Z = 2.5
/** ... is critical above this one, until it falls below the other ... */
export const CRITICAL_ABOVE_Z = 3.5
export const CRITICAL_UNTIL_Z = 3
/** ... and resolves only below both of these, so that it does not flap around one threshold. */
export const RESOLVE_BELOW_Z = 1.5
export const RESOLVE_BELOW_INCREASE = 0.1
/** A constant series has no deviation; this share of its baseline counts as noise all the same. */
export const MIN_RELATIVE_DEVIATION = 0.05
/**
 * The median of so many values is not moved by a single one; of a PoP with few
 * functions it takes more, for `MIN_SAMPLES` samples.
 */
const MIN_RECENT_VALUES = 3
/** What a regression is compared with while it is open, until there is a day-old baseline. */
const BASELINE_KEPT_MS = 24 * 60 * 60_000
/** Against a baseline of 0 every increase is infinite, which JSON cannot say: 1 000 000 % as a share, and a score. */
export const MOST_INCREASE = 10_000
export const MOST_Z = 1_000

export type Assessment =
  | { pop: string, state: 'not_enough_data' }
  | { pop: string, state: 'normal', comparison: Comparison }
  | { pop: string, state: 'regressed', severity: Severity, comparison: Comparison }

export interface DetectorUpdate {
  assessments: Assessment[]
  /** What is new, each told once. */
  events: RegressionEvent[]
}

/** What is remembered of one PoP, besides its regression. */
export interface Memory {
  sampleTime: number
  /** The last values, as many as are compared and none older than the recent window. */
  values: Array<{ time: number, value: number }>
  /** Baseline of the hour with which the regression opened: what comes after is a part of the regression. */
  kept: WindowStatistics | null
}

/** Plain data: JSON takes it there and back. */
export interface DetectorSnapshot {
  memories: ReadonlyArray<readonly [pop: string, memory: Memory]>
  regressions: RegressionsSnapshot
}

/**
 * Tells which PoPs are regressed, and when that begins and ends. It is fed with what is known at each tick, takes all
 * time from the samples, and can be run over the past as well.
 *
 * Score: z = (recent - baseline) / max(deviation of the baseline, 5 % of the baseline), the standard score
 * (https://en.wikipedia.org/wiki/Standard_score) with a floor under the deviation. `recent` is the median of the PoP's
 * last 3 values (more with fewer than 4 functions), which a single spike does not move and a step moves at its second;
 * where there are not as many (after a start or a silence), the least of them and of the mean of what the last 2 min
 * had before them, or the most while it is regressed. The baseline is the same time a day earlier, which has the season
 * of the day in it, or else the hour before.
 */
export class RegressionDetector {
  readonly #regressions = new Regressions()
  #memories = new Map<string, Memory>()

  /** PoPs regressed after the last update. */
  get regressions (): number {
    return this.open.length
  }

  /** Oldest first, as they were told last. */
  get open (): readonly Regression[] {
    return this.#regressions.open
  }

  /** The last ones, newest first. */
  get closed (): readonly Regression[] {
    return this.#regressions.closed
  }

  /** Assesses every PoP that is there now; one that is not there any more is forgotten. */
  update (pops: readonly Pop[], baselines: Baselines): DetectorUpdate {
    const previous = this.#memories
    this.#memories = new Map(pops.map((pop) => [pop.code, remember(previous.get(pop.code), pop)]))
    const told: Regression[] = []
    const assessments = pops.map((pop) => this.#assess(pop, baselines.get(pop.code) ?? {}, told))
    for (const open of this.open) {
      if (this.#memories.has(open.pop)) continue
      told.push(this.#regressions.close(open, previous.get(open.pop)?.sampleTime ?? open.openedAt, 'gone'))
    }
    return { assessments, events: told.map((regression) => ({ state: regression.state, regression })) }
  }

  snapshot (): DetectorSnapshot {
    return {
      memories: Array.from(this.#memories, ([pop, memory]) => [pop, { ...memory }] as const),
      regressions: this.#regressions.snapshot()
    }
  }

  /** Goes on from there: what is open keeps its id, and its end is told. */
  restore ({ memories, regressions }: DetectorSnapshot): void {
    this.#memories = new Map(memories.map(([pop, memory]) => [pop, { ...memory }]))
    this.#regressions.restore(regressions)
  }

  #assess (pop: Pop, baselines: PopBaselines, told: Regression[]): Assessment {
    const memory = this.#memories.get(pop.code) as Memory
    const open = this.#regressions.of(pop.code)
    const comparison = compare(pop, memory, open, baselines)
    // What is open stays open: too little data is no sign of a recovery.
    if (comparison === null) return { pop: pop.code, state: 'not_enough_data' }
    const { zScore, increase } = comparison
    const resolved = zScore < RESOLVE_BELOW_Z && increase < RESOLVE_BELOW_INCREASE
    if (open === undefined ? zScore <= OPEN_ABOVE_Z : resolved) {
      if (open !== undefined) told.push(this.#regressions.close(open, pop.sampleTime, 'recovered', comparison))
      memory.kept = null
      return { pop: pop.code, state: 'normal', comparison }
    }
    const severity = zScore > (open?.severity === 'critical' ? CRITICAL_UNTIL_Z : CRITICAL_ABOVE_Z) ? 'critical' : 'warning'
    if (open === undefined && comparison.baselineKind === 'hour') memory.kept = baselines.hour ?? null
    told.push(...this.#record(pop, open, { severity, comparison }))
    return { pop: pop.code, state: 'regressed', severity, comparison }
  }

  /** Only what is told is recorded: that it begins, and that its severity changes. */
  #record ({ code, sampleTime }: Pop, open: Regression | undefined, finding: Finding): Regression[] {
    if (open === undefined) return [this.#regressions.begin(code, sampleTime, finding)]
    return open.severity === finding.severity ? [] : [this.#regressions.update(open, finding)]
  }
}

function remember (memory: Memory | undefined, { sampleTime, oldestSampleTime, functions, coldStartMs }: Pop): Memory {
  if (memory === undefined) return { sampleTime, values: [{ time: sampleTime, value: coldStartMs }], kept: null }
  // A sample must not count twice: it is a new value when every function has reported since the last one.
  if (oldestSampleTime <= memory.sampleTime || sampleTime <= memory.sampleTime) return memory
  const values = [...memory.values, { time: sampleTime, value: coldStartMs }].filter(
    ({ time }) => sampleTime - time < RECENT_WINDOW_MS
  )
  return { ...memory, sampleTime, values: values.slice(-valuesCompared(functions)) }
}

/** An odd number, so that the median is one of them. */
function valuesCompared (functions: number): number {
  const enough = Math.ceil(MIN_SAMPLES / functions)
  return Math.max(MIN_RECENT_VALUES, enough + (enough % 2 === 0 ? 1 : 0))
}

/** @returns null when either side has fewer than `MIN_SAMPLES` samples */
function compare (
  pop: Pop,
  { values, kept }: Memory,
  open: Regression | undefined,
  { day, hour }: PopBaselines
): Comparison | null {
  if (pop.recentCount < MIN_SAMPLES) return null
  const known = values.map(({ value }) => value)
  // Any one of them may have a spike in it: all must say the same before anything changes.
  const unanimous = open === undefined ? Math.min : Math.max
  const recentMs =
    known.length >= valuesCompared(pop.functions) ? quantile(sorted(known), 0.5) : unanimous(pop.earlierMean, ...known)
  if (!Number.isFinite(recentMs)) return null
  const isKept = kept !== null && open !== undefined && pop.sampleTime - open.openedAt < BASELINE_KEPT_MS
  if (isEnough(day)) return score(recentMs, pop.recentCount, day, 'day')
  if (isKept) return score(recentMs, pop.recentCount, kept, 'hour')
  if (isEnough(hour)) return score(recentMs, pop.recentCount, hour, 'hour')
  return null
}

function isEnough (baseline: WindowStatistics | undefined): baseline is WindowStatistics {
  return (
    baseline !== undefined &&
    baseline.count >= MIN_SAMPLES &&
    Number.isFinite(baseline.center) &&
    Number.isFinite(baseline.deviation)
  )
}

function score (
  recentMs: number,
  recentCount: number,
  { center, deviation, count }: WindowStatistics,
  baselineKind: BaselineKind
): Comparison {
  const difference = recentMs - center
  return {
    recentMs,
    baselineMs: center,
    baselineKind,
    increase: clamp(ratio(difference, Math.abs(center)), MOST_INCREASE),
    zScore: clamp(ratio(difference, Math.max(deviation, MIN_RELATIVE_DEVIATION * Math.abs(center))), MOST_Z),
    samples: { recent: recentCount, baseline: count }
  }
}

// A baseline of exactly 0 has no deviation either: no difference is no change, any increase is an infinite one.
function ratio (difference: number, unit: number): number {
  return difference === 0 ? 0 : difference / unit
}
