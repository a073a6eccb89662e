import fc from 'fast-check'
import type { Pop } from '../../client/types.ts'
import { conditions, type Condition } from '../../web/state/condition.ts'

const states: Record<Condition, Pick<Pop, 'regression' | 'status' | 'healthy'>> = {
  critical: { regression: 'critical', status: 'fresh', healthy: false },
  warning: { regression: 'warning', status: 'fresh', healthy: true },
  silent: { regression: 'none', status: 'silent', healthy: true },
  slow: { regression: 'none', status: 'fresh', healthy: false },
  unknown: { regression: 'not_enough_data', status: 'fresh', healthy: true },
  healthy: { regression: 'none', status: 'fresh', healthy: true }
}

/** A PoP that is so, there. */
export function popAt (code: string, latitude: number | null, longitude: number | null, condition: Condition = 'healthy'): Pop {
  return {
    code,
    city: null,
    country: null,
    tier: null,
    latitude,
    longitude,
    coldStartMs: 5,
    sampleTime: '2026-01-01T00:00:00.000Z',
    baselineMs: null,
    baselineLowMs: null,
    baselineHighMs: null,
    ...states[condition]
  }
}

/** Many of them crowded in one region, as fleets are, the others anywhere; each with a name of its own. */
export function fleet (maxLength = 120): fc.Arbitrary<Pop[]> {
  const crowded = fc.tuple(fc.double({ min: 48, max: 53, noNaN: true }), fc.double({ min: 2, max: 12, noNaN: true }))
  const anywhere = fc.tuple(fc.double({ min: -90, max: 90, noNaN: true }), fc.double({ min: -180, max: 180, noNaN: true }))
  return fc.array(fc.tuple(fc.oneof(crowded, anywhere), fc.constantFrom(...conditions)), { maxLength }).map((entries) => (
    entries.map(([[latitude, longitude], condition], index) => popAt(`p${index}`, latitude, longitude, condition))
  ))
}
