import type { PopState } from '../../lib/fleet/pop-state.ts'

/** The state of one PoP; every field that does not matter to the test has a value. */
export function popState (fields: Partial<PopState>): PopState {
  return {
    code: 'fra1',
    city: 'Frankfurt',
    country: 'DE',
    tier: '1',
    latitude: 50.11,
    longitude: 8.68,
    coldStartMs: 5,
    healthy: true,
    status: 'fresh',
    regression: 'none',
    sampleTime: '2026-01-01T00:00:00.000Z',
    baselineMs: 5,
    baselineLowMs: 2.5,
    baselineHighMs: 7.5,
    ...fields
  }
}
