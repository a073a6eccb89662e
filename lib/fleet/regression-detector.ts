import { baselineOf, compare, recentOf } from './comparison.ts'
import type { Pop } from './point.ts'
import { Baselines, type Baseline } from './references.ts'
import {
  Regressions, type Comparison, type Finding, type Regression, type RegressionEvent, type RegressionsSnapshot, type Severity
} from './regressions.ts'
import { HOUR_MS, SLOT_MS, type SummaryStore } from './summary-store.ts'

export type { Comparison, Regression, RegressionEvent } from './regressions.ts'

/** A regression opens above this score ... */
export const OPEN_ABOVE_Z = 2.5
/** ... is critical above this one, until it falls below the other ... */
export const CRITICAL_ABOVE_Z = 3.5
export const CRITICAL_UNTIL_Z = 3
/** ... and resolves only below both of these, so that it does not flap around one threshold. */
export const RESOLVE_BELOW_Z = 1.5
export const RESOLVE_BELOW_INCREASE = 0.1

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
  /** Baseline of the hour with which the regression opened: what comes after is a part of the regression. */
  kept: Baseline | null
  /** What was before this time is not usual any more, ms since the epoch. */
  usualSince: number
}

/** Plain data: JSON takes it there and back. */
export interface DetectorSnapshot {
  memories: ReadonlyArray<readonly [pop: string, memory: Memory]>
  regressions: RegressionsSnapshot
}

export interface DetectorOptions {
  store: SummaryStore
  /** What has been slower for so long is what is usual now. */
  newNormalAfterMs: number
  /** Differences below a few of these are none, however steady a PoP is. */
  minDeviationMs: number
}

/**
 * Tells which PoPs are regressed, and when that begins and ends. It is fed with what is known at each tick, takes all
 * time from the samples, and can be run over the past as well.
 *
 * Score: z = (recent - baseline) / deviation of the baseline, the standard score (https://en.wikipedia.org/wiki/Standard_score)
 * with a floor under the deviation. `recent` is the median of the PoP's last 3 values (more with fewer than 4 functions),
 * which a single spike does not move and a step moves at its second. The baseline is the same time of the last days, which has
 * the season of the day in it, or else the hour before. Both are made of the same values: see `Point`.
 */
export class RegressionDetector {
  readonly #options: DetectorOptions
  readonly #baselines: Baselines
  readonly #regressions = new Regressions()
  #memories = new Map<string, Memory>()

  constructor (options: DetectorOptions) {
    this.#options = options
    this.#baselines = new Baselines(options.store)
  }

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
  update (pops: readonly Pop[]): DetectorUpdate {
    const previous = this.#memories
    this.#memories = new Map(pops.map(({ code, sampleTime }) =>
      [code, { kept: null, usualSince: -Infinity, ...previous.get(code), sampleTime }]))
    const told: Regression[] = []
    const assessments = pops.map((pop) => this.#assess(pop, told))
    for (const code of previous.keys()) if (!this.#memories.has(code)) this.#baselines.forget(code)
    for (const open of this.open) {
      if (this.#memories.has(open.pop)) continue
      told.push(this.#regressions.close(open, previous.get(open.pop)?.sampleTime ?? open.openedAt, 'gone'))
    }
    return { assessments, events: told.map((regression) => ({ state: regression.state, regression })) }
  }

  snapshot (): DetectorSnapshot {
    return {
      // JSON has no infinity.
      memories: Array.from(this.#memories, ([pop, memory]) =>
        [pop, { ...memory, usualSince: Math.max(0, memory.usualSince) }] as const),
      regressions: this.#regressions.snapshot()
    }
  }

  /**
   * Goes on from there: what is open keeps its id, and its end is told. Where nothing is remembered of it, it goes on against
   * what it was told with: the hour before is slow by now.
   */
  restore ({ memories, regressions }: DetectorSnapshot): void {
    this.#memories = new Map(memories.map(([pop, memory]) => [pop, { ...memory }]))
    this.#regressions.restore(regressions)
    for (const { pop, openedAt, comparison } of regressions.open) {
      const memory = this.#memories.get(pop) ?? { sampleTime: openedAt, kept: null, usualSince: -Infinity }
      memory.kept ??= baselineOf(comparison)
      this.#memories.set(pop, memory)
    }
  }

  #assess (pop: Pop, told: Regression[]): Assessment {
    const memory = this.#memories.get(pop.code)
    const recent = recentOf(pop)
    const open = this.#regressions.of(pop.code)
    if (memory === undefined || recent === null) return unjudged(pop, open)
    const usual = { since: memory.usualSince, until: open?.since ?? Infinity }
    const references = this.#baselines.of(pop, usual)
    const comparison = compare(recent, references, open === undefined ? null : memory.kept, this.#options.minDeviationMs)
    if (comparison === null) return unjudged(pop, open)
    if (!isRegressed(comparison, open)) {
      if (open !== undefined) told.push(this.#regressions.close(open, pop.sampleTime, 'recovered', comparison))
      memory.kept = null
      return { pop: pop.code, state: 'normal', comparison }
    }
    if (open !== undefined && pop.sampleTime - open.openedAt >= this.#options.newNormalAfterMs) {
      told.push(this.#regressions.close(open, pop.sampleTime, 'new_normal', comparison))
      memory.kept = null
      memory.usualSince = open.since
      return { pop: pop.code, state: 'normal', comparison }
    }
    const severity =
      comparison.zScore > (open?.severity === 'critical' ? CRITICAL_UNTIL_Z : CRITICAL_ABOVE_Z) ? 'critical' : 'warning'
    if (open === undefined) memory.kept = references[comparison.baselineKind] ?? null
    told.push(...this.#record(pop, open, { severity, comparison }))
    return { pop: pop.code, state: 'regressed', severity, comparison }
  }

  /** Only what is told is recorded: that it begins, and that its severity changes. */
  #record (pop: Pop, open: Regression | undefined, finding: Finding): Regression[] {
    if (open === undefined) {
      return [this.#regressions.begin(pop.code, pop.sampleTime, this.#beganAt(pop, finding.comparison), finding)]
    }
    return open.severity === finding.severity ? [] : [this.#regressions.update(open, finding)]
  }

  /** Of the last values that are all above the line the first: when it began, rather than when it was noticed. */
  #beganAt ({ code, points, sampleTime, intervalMs }: Pop, { baselineMs, deviationMs }: Comparison): number {
    const line = baselineMs + OPEN_ABOVE_Z * deviationMs
    const last = points.findLastIndex(({ value }) => value > line)
    let first = last
    while (first > 0 && (points[first - 1]?.value ?? -Infinity) > line) first--
    const point = points[first]
    if (point === undefined) return sampleTime
    // The value of an interval is that of its samples, which lie in its midst.
    const began = Math.min(sampleTime, Math.round(point.time - intervalMs / 2))
    return first > 0 ? began : this.#beganBefore(code, began, line)
  }

  /** Further back than single values are known, by five minutes: of one that was slow when this process began. */
  #beganBefore (pop: string, time: number, line: number): number {
    // It is not the one before it.
    const ended = this.closed.find((one) => one.pop === pop)?.closedAt ?? -Infinity
    const range = { start: Math.max(ended, time - HOUR_MS), stop: time - SLOT_MS + 1 }
    let began = time
    for (const { start, median } of Array.from(this.#options.store.slotsOf(pop, range)).reverse()) {
      // The newest may not be known yet.
      const nearMs = (began === time ? 3 : 2) * SLOT_MS
      if (median <= line || start + nearMs <= began) break
      began = start
    }
    return began
  }
}

/** What is open stays open: too little data is no sign of a recovery. */
function unjudged ({ code: pop }: Pop, open: Regression | undefined): Assessment {
  if (open === undefined) return { pop, state: 'not_enough_data' }
  const { severity, comparison } = open
  return { pop, state: 'regressed', severity, comparison }
}

function isRegressed ({ zScore, increase }: Comparison, open: Regression | undefined): boolean {
  return open === undefined ? zScore > OPEN_ABOVE_Z : zScore >= RESOLVE_BELOW_Z || increase >= RESOLVE_BELOW_INCREASE
}
