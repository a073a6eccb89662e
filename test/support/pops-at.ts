import type { Pop } from '../../client/types.ts'

export const START = Date.UTC(2026, 0, 1)
/** So many seconds after that. */
export const iso = (second: number) => new Date(START + second * 1_000).toISOString()

/** A PoP with a sample of that second. */
export function popOf (code: string, second: number, coldStartMs = 4.5, status: Pop['status'] = 'fresh'): Pop {
  return {
    code,
    city: null,
    country: null,
    tier: null,
    latitude: null,
    longitude: null,
    coldStartMs,
    healthy: true,
    status,
    regression: 'none',
    sampleTime: iso(second),
    baselineMs: null,
    baselineLowMs: null,
    baselineHighMs: null
  }
}
