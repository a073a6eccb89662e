import type { Pop } from './pop.ts'
import { MIN_SAMPLES, RECENT_WINDOW_MS, type BaselineKind, type Baselines, type PopBaselines, type WindowStatistics } from '../source/source.ts'
import { quantile, sorted } from '../source/statistics.ts'

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
/** The median of so many values is not moved by a single one; of a PoP with few functions it takes more, for `MIN_SAMPLES` samples. */
const MIN_RECENT_VALUES = 3
/** What a regression is compared with while it is open, until there is a day-old baseline. */
const BASELINE_KEPT_MS = 24 * 60 * 60_000
/** Closed regressions that are remembered. */
const MAX_CLOSED = 100

type Severity = 'warning' | 'critical'

/** How far the recent value is from the baseline. */
export interface Comparison {
  recentMs: number
  baselineMs: number
  baselineKind: BaselineKind
  /** (recent - baseline) / baseline, as a share: 0.5 is +50 %. */
  increase: number
  zScore: number
  /** In the recent window and in the baseline. */
  samples: { recent: number, baseline: number }
}

export type Assessment =
  | { pop: string, state: 'not_enough_data' }
  | { pop: string, state: 'normal', comparison: Comparison }
  | { pop: string, state: 'regressed', severity: Severity, comparison: Comparison }

/** One regression, from when it opened. Times are those of samples, ms since the epoch. */
export interface Regression {
  /** The same for as long as it lasts. */
  id: string
  pop: string
  severity: Severity
  openedAt: number
  closedAt: number | null
  /** `gone`: the PoP does not report any more, which says nothing about how fast it is. */
  closeReason: null | 'recovered' | 'gone'
  /** The last one. */
  comparison: Comparison
}

export interface RegressionEvent {
  /** `updated`: its severity has changed. */
  state: 'opened' | 'updated' | 'resolved'
  regression: Regression
}

export interface DetectorUpdate {
  assessments: Assessment[]
  /** What is new, each told once. */
  events: RegressionEvent[]
}

/** What is remembered of one PoP. */
interface Memory {
  sampleTime: number
  /** The last values, as many as are compared and none older than the recent window. */
  values: Array<{ time: number, value: number }>
  regression: Regression | null
  /** Baseline of the hour with which the regression opened: what comes after is a part of the regression. */
  kept: WindowStatistics | null
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
  #memories = new Map<string, Memory>()
  #closed: Regression[] = []

  /** PoPs regressed after the last update. */
  get regressions (): number {
    return this.open.length
  }

  /** Oldest first. */
  get open (): readonly Regression[] {
    return Array.from(this.#memories.values()).flatMap(({ regression }) => regression ?? []).sort((a, b) => a.openedAt - b.openedAt)
  }

  /** The last ones, newest first. */
  get closed (): readonly Regression[] {
    return this.#closed
  }

  /** Assesses every PoP that is there now; one that is not there any more is forgotten. */
  update (pops: readonly Pop[], baselines: Baselines): DetectorUpdate {
    const previous = this.#memories
    this.#memories = new Map(pops.map((pop) => [pop.code, remember(previous.get(pop.code), pop)]))
    const events: RegressionEvent[] = []
    const assessments = pops.map((pop) => this.#assess(pop, baselines.get(pop.code) ?? {}, events))
    for (const [code, { regression, sampleTime }] of previous) {
      if (regression !== null && !this.#memories.has(code)) events.push(this.#close(regression, sampleTime, 'gone'))
    }
    return { assessments, events }
  }

  #assess (pop: Pop, baselines: PopBaselines, events: RegressionEvent[]): Assessment {
    const memory = this.#memories.get(pop.code) as Memory
    const comparison = compare(pop, memory, baselines)
    // What is open stays open: too little data is no sign of a recovery.
    if (comparison === null) return { pop: pop.code, state: 'not_enough_data' }
    const open = memory.regression
    const { zScore, increase } = comparison
    const resolved = zScore < RESOLVE_BELOW_Z && increase < RESOLVE_BELOW_INCREASE
    if (open === null ? zScore <= OPEN_ABOVE_Z : resolved) {
      if (open !== null) events.push(this.#close({ ...open, comparison }, pop.sampleTime, 'recovered'))
      memory.regression = null
      memory.kept = null
      return { pop: pop.code, state: 'normal', comparison }
    }
    const severity = zScore > (open?.severity === 'critical' ? CRITICAL_UNTIL_Z : CRITICAL_ABOVE_Z) ? 'critical' : 'warning'
    const regression: Regression = open === null ? this.#begin(pop, severity, comparison) : { ...open, severity, comparison }
    memory.regression = regression
    if (open === null && comparison.baselineKind === 'hour') memory.kept = baselines.hour ?? null
    if (open === null) events.push({ state: 'opened', regression })
    else if (open.severity !== severity) events.push({ state: 'updated', regression })
    return { pop: pop.code, state: 'regressed', severity, comparison }
  }

  #begin ({ code, sampleTime }: Pop, severity: Severity, comparison: Comparison): Regression {
    let openedAt = sampleTime
    // A PoP that was missing in one answer may come back with the sample that it had before.
    while (this.#closed.some(({ id }) => id === `${code}_${openedAt}`)) openedAt++
    return { id: `${code}_${openedAt}`, pop: code, severity, openedAt, closedAt: null, closeReason: null, comparison }
  }

  #close (regression: Regression, closedAt: number, closeReason: 'recovered' | 'gone'): RegressionEvent {
    const closed = { ...regression, closedAt, closeReason }
    this.#closed = [closed, ...this.#closed].slice(0, MAX_CLOSED)
    return { state: 'resolved', regression: closed }
  }
}

function remember (memory: Memory | undefined, { sampleTime, oldestSampleTime, functions, coldStartMs }: Pop): Memory {
  if (memory === undefined) return { sampleTime, values: [{ time: sampleTime, value: coldStartMs }], regression: null, kept: null }
  // A sample must not count twice: it is a new value when every function has reported since the last one.
  if (oldestSampleTime <= memory.sampleTime || sampleTime <= memory.sampleTime) return memory
  const values = [...memory.values, { time: sampleTime, value: coldStartMs }].filter(({ time }) => sampleTime - time < RECENT_WINDOW_MS)
  return { ...memory, sampleTime, values: values.slice(-valuesCompared(functions)) }
}

/** An odd number, so that the median is one of them. */
function valuesCompared (functions: number): number {
  const enough = Math.ceil(MIN_SAMPLES / functions)
  return Math.max(MIN_RECENT_VALUES, enough + (enough % 2 === 0 ? 1 : 0))
}

/** @returns null when either side has fewer than `MIN_SAMPLES` samples */
function compare (pop: Pop, { values, regression, kept }: Memory, { day, hour }: PopBaselines): Comparison | null {
  if (pop.recentCount < MIN_SAMPLES) return null
  const known = values.map(({ value }) => value)
  // Any one of them may have a spike in it: all must say the same before anything changes.
  const unanimous = regression === null ? Math.min : Math.max
  const recentMs = known.length >= valuesCompared(pop.functions) ? quantile(sorted(known), 0.5) : unanimous(pop.earlierMean, ...known)
  if (Number.isNaN(recentMs)) return null
  const isKept = kept !== null && regression !== null && pop.sampleTime - regression.openedAt < BASELINE_KEPT_MS
  if (isEnough(day)) return score(recentMs, pop.recentCount, day, 'day')
  if (isKept) return score(recentMs, pop.recentCount, kept, 'hour')
  if (isEnough(hour)) return score(recentMs, pop.recentCount, hour, 'hour')
  return null
}

function isEnough (baseline: WindowStatistics | undefined): baseline is WindowStatistics {
  return baseline !== undefined && baseline.count >= MIN_SAMPLES && !Number.isNaN(baseline.center)
}

function score (recentMs: number, recentCount: number, { center, deviation, count }: WindowStatistics, baselineKind: BaselineKind): Comparison {
  const difference = recentMs - center
  return {
    recentMs,
    baselineMs: center,
    baselineKind,
    increase: ratio(difference, Math.abs(center)),
    zScore: ratio(difference, Math.max(deviation, MIN_RELATIVE_DEVIATION * Math.abs(center))),
    samples: { recent: recentCount, baseline: count }
  }
}

// A baseline of exactly 0 has no deviation either: no difference is no change, any increase is an infinite one.
function ratio (difference: number, unit: number): number {
  return difference === 0 ? 0 : difference / unit
}
