import type { FreshnessState } from '../../client/types.ts'

/**
 * How what is known may be shown. `none`: nothing is known. `late`: the update is overdue, and nothing says why. `old`: stale, by
 * the server's word or by the client's clocks.
 */
export type Look = 'none' | 'live' | 'late' | 'old'

const looks: Record<FreshnessState, Look> = { none: 'none', fresh: 'live', late: 'late', stale: 'old' }

export function lookOf (state: FreshnessState): Look {
  return looks[state]
}
