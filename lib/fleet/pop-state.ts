import type { Pop } from './point.ts'
import { isHealthy, type HealthRule } from './pop.ts'
import { precise } from './rounding.ts'
import type { Assessment } from './regression-detector.ts'
import type { Place } from '../source/sample-source.ts'
import { timestamp } from '../protocol/timestamp.ts'

const NOWHERE: Place = { city: null, country: null, tier: null, latitude: null, longitude: null }

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
}

export interface PopKnowledge extends HealthRule {
  places: ReadonlyMap<string, Place>
  assessments: readonly Assessment[]
}

/** Puts together what is known of each PoP, by code. */
export function popStates (pops: readonly Pop[], { places, assessments, ...rule }: PopKnowledge): PopState[] {
  const regressions = new Map(assessments.map((assessment) => [assessment.pop, regressionOf(assessment)]))
  return pops.map((pop): PopState => ({
    code: pop.code,
    ...(places.get(pop.code) ?? NOWHERE),
    coldStartMs: precise(pop.coldStartMs),
    healthy: isHealthy(pop, rule),
    status: pop.isSilent ? 'silent' : 'fresh',
    regression: regressions.get(pop.code) ?? 'not_enough_data',
    sampleTime: timestamp(pop.sampleTime)
  })).sort((a, b) => a.code < b.code ? -1 : 1)
}

function regressionOf (assessment: Assessment): PopState['regression'] {
  if (assessment.state === 'regressed') return assessment.severity
  return assessment.state === 'normal' ? 'none' : assessment.state
}

/** What one PoP was before a tick and is after it; null where it was or is not there. */
export interface PopChange {
  before: PopState | null
  after: PopState | null
}

/** All PoPs after one tick, and what is new about them since the tick before. */
export class PopsSnapshot {
  readonly states: readonly PopState[]
  readonly changes: readonly PopChange[]
  readonly #byCode: ReadonlyMap<string, PopState>

  constructor (states: readonly PopState[], previous: PopsSnapshot | null) {
    this.states = states
    this.#byCode = new Map(states.map((state) => [state.code, state]))
    this.changes = previous === null ? [] : Array.from(this.#since(previous))
  }

  get (code: string): PopState | undefined {
    return this.#byCode.get(code)
  }

  * #since (previous: PopsSnapshot): Iterable<PopChange> {
    for (const after of this.states) {
      const before = previous.get(after.code) ?? null
      if (before === null || differs(before, after)) yield { before, after }
    }
    for (const before of previous.states) if (!this.#byCode.has(before.code)) yield { before, after: null }
  }
}

/** Every PoP that reports has a newer sample at every tick: that alone is nothing new. */
function differs (a: PopState, b: PopState): boolean {
  return a.coldStartMs !== b.coldStartMs || a.healthy !== b.healthy || a.status !== b.status || a.regression !== b.regression ||
    a.city !== b.city || a.country !== b.country || a.tier !== b.tier || a.latitude !== b.latitude || a.longitude !== b.longitude
}
