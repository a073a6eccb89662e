import type { Pop } from './point.ts'
import { isHealthy, type HealthRule } from './pop.ts'
import { clamp, precise } from './rounding.ts'
import { OPEN_ABOVE_Z, type Assessment, type Comparison } from './regression-detector.ts'
import { NOWHERE, type Place } from '../source/sample-source.ts'
import { timestamp } from '../protocol/timestamp.ts'

/** Everything that is told of one PoP. */
export interface PopState extends Place {
  code: string
  /** ms, 2 decimals, or 3 digits of what is below 1. */
  coldStartMs: number
  /** Reports, and is below the limit. */
  healthy: boolean
  /** `silent`: no sample for 2.5 of its own intervals; its value is the last one it had. */
  status: 'fresh' | 'silent'
  regression: 'none' | 'warning' | 'critical' | 'not_enough_data'
  /** Of its newest sample, ISO 8601 UTC. */
  sampleTime: string
  /** What it is compared with, ms as above; null while there is nothing. */
  baselineMs: number | null
  /** Between these it is usual: a PoP whose last values are above the higher one is regressed. */
  baselineLowMs: number | null
  baselineHighMs: number | null
}

/** What is known of one PoP beyond what everybody is told. */
export interface PopDetail {
  /** Its own rhythm, ms. */
  intervalMs: number
  /** Functions that report. */
  functions: number
  /** Of its last values with what is usual; null: there is not enough data. */
  comparison: Comparison | null
}

export interface PopKnowledge extends HealthRule {
  places: ReadonlyMap<string, Place>
  assessments: readonly Assessment[]
}

/** Puts together what is known of each PoP, by code. */
export function popStates (pops: readonly Pop[], { places, assessments, ...rule }: PopKnowledge): PopState[] {
  const byPop = new Map(assessments.map((assessment) => [assessment.pop, assessment]))
  return pops.map((pop): PopState => {
    const assessment: Assessment = byPop.get(pop.code) ?? { pop: pop.code, state: 'not_enough_data' }
    return {
      code: pop.code,
      ...(places.get(pop.code) ?? NOWHERE),
      coldStartMs: precise(pop.coldStartMs),
      healthy: isHealthy(pop, rule),
      status: pop.isSilent ? 'silent' : 'fresh',
      regression: regressionOf(assessment),
      sampleTime: timestamp(pop.sampleTime),
      ...bandOf(comparisonOf(assessment))
    }
  }).sort((a, b) => a.code < b.code ? -1 : 1)
}

/** The same PoPs by code, with what is asked for of one of them. */
export function popDetails (pops: readonly Pop[], assessments: readonly Assessment[]): Map<string, PopDetail> {
  const comparisons = new Map(assessments.map((assessment) => [assessment.pop, comparisonOf(assessment)]))
  return new Map(pops.map(({ code, intervalMs, functions }) =>
    [code, { intervalMs, functions, comparison: comparisons.get(code) ?? null }]))
}

function regressionOf (assessment: Assessment): PopState['regression'] {
  if (assessment.state === 'regressed') return assessment.severity
  return assessment.state === 'normal' ? 'none' : assessment.state
}

function comparisonOf (assessment: Assessment): Comparison | null {
  return assessment.state === 'not_enough_data' ? null : assessment.comparison
}

function bandOf (comparison: Comparison | null): Pick<PopState, 'baselineMs' | 'baselineLowMs' | 'baselineHighMs'> {
  if (comparison === null) return { baselineMs: null, baselineLowMs: null, baselineHighMs: null }
  const { baselineMs, deviationMs } = comparison
  const usual = OPEN_ABOVE_Z * deviationMs
  const [low, high] = [baselineMs - usual, baselineMs + usual]
  // A latency is not below 0, unless what is stored says so.
  const lowest = baselineMs < 0 ? low : Math.max(0, low)
  const finite = (value: number) => precise(clamp(value, Number.MAX_VALUE))
  return { baselineMs: precise(baselineMs), baselineLowMs: finite(lowest), baselineHighMs: finite(high) }
}

/** What one PoP was before a tick and is after it; null where it was or is not there. */
export interface PopChange {
  before: PopState | null
  after: PopState | null
}

/** The value of a PoP that reports. @param time of its newest sample, ms since the epoch @param coldStartMs ms */
export type TakeReading = (code: string, time: number, coldStartMs: number) => void

/** PoPs by code: all that is told of them is a lot, and of most ticks there is nobody who wants it. */
export interface PopsForm {
  readonly states: readonly PopState[]
  /** Of each that reports. Every instance reads them at each tick: so none is made an object for. */
  eachReading (take: TakeReading): void
}

export class PlainPops implements PopsForm {
  readonly states: readonly PopState[]

  constructor (states: readonly PopState[]) {
    this.states = states
  }

  eachReading (take: TakeReading): void {
    for (const { code, status, sampleTime, coldStartMs } of this.states) {
      // What is silent says nothing.
      if (status === 'fresh') take(code, Date.parse(sampleTime), coldStartMs)
    }
  }
}

/** All PoPs after one tick, and what is new about them since the tick before: found when somebody asks for it. */
export class PopsSnapshot {
  readonly #form: PopsForm
  /** Only the PoPs of the one before: it would keep the one before itself. */
  #previous: PopsForm | null
  #changes: readonly PopChange[] | null = null
  #byCode: ReadonlyMap<string, PopState> | null = null

  constructor (pops: readonly PopState[] | PopsForm, previous: PopsSnapshot | null) {
    this.#form = 'states' in pops ? pops : new PlainPops(pops)
    this.#previous = previous === null ? null : previous.#form
  }

  get states (): readonly PopState[] {
    return this.#form.states
  }

  eachReading (take: TakeReading): void {
    this.#form.eachReading(take)
  }

  get (code: string): PopState | undefined {
    this.#byCode ??= byCode(this.states)
    return this.#byCode.get(code)
  }

  get changes (): readonly PopChange[] {
    if (this.#changes === null) {
      this.#changes = this.#previous === null ? [] : Array.from(this.#since(this.#previous.states))
      this.#previous = null
    }
    return this.#changes
  }

  * #since (previous: readonly PopState[]): Iterable<PopChange> {
    const known = byCode(previous)
    for (const after of this.states) {
      const before = known.get(after.code) ?? null
      if (before === null || differs(before, after)) yield { before, after }
    }
    for (const before of previous) if (this.get(before.code) === undefined) yield { before, after: null }
  }
}

function byCode (states: readonly PopState[]): ReadonlyMap<string, PopState> {
  return new Map(states.map((state) => [state.code, state]))
}

/** What is new about a PoP. Each that reports has a newer sample at every tick: that alone is nothing new. */
const COMPARED = [
  'coldStartMs', 'healthy', 'status', 'regression', 'baselineMs', 'baselineLowMs', 'baselineHighMs',
  'city', 'country', 'tier', 'latitude', 'longitude'
] as const satisfies ReadonlyArray<keyof PopState>

function differs (a: PopState, b: PopState): boolean {
  return COMPARED.some((field) => a[field] !== b[field])
}

/** What of a PoP is not as it was, without its sample time. */
export function changedFields (before: PopState, after: PopState): Partial<PopState> {
  const changed: Record<string, unknown> = {}
  for (const field of COMPARED) if (before[field] !== after[field]) changed[field] = after[field]
  return changed
}
