import type { Settings } from './options.ts'
import type { Held } from './store.ts'
import type { Freshness } from './types.ts'

/** How fresh what is held is, and when that is late. Only an update tells: that the server lives says nothing of its data. */
export function freshnessOf (
  { server, basis, sourceError }: Held, now: number, settings: Pick<Settings, 'lateAfterMs' | 'staleAfterMs'>
): Omit<Freshness, 'dueInMs'> & { readonly dueAt: number, readonly lateAt: number } {
  if (!basis) return { state: 'none', ageMs: null, dataTime: null, sourceError, dueAt: Infinity, lateAt: Infinity }
  const { intervalMs = 0 } = server ?? {}
  const { lateAfterMs = Math.max(2_000, intervalMs / 4), staleAfterMs = 2 * intervalMs + lateAfterMs } = settings
  const { received, madeAt, dueAt, isStale, ageMs, dataTime } = basis
  // One that comes late is late when it comes.
  const lateAt = Math.max(dueAt + lateAfterMs, received)
  const isOld = isStale || now >= madeAt + staleAfterMs
  return {
    state: isOld ? 'stale' : now >= lateAt ? 'late' : 'fresh',
    ageMs: ageMs === null ? null : ageMs + now - madeAt,
    dataTime,
    sourceError,
    dueAt,
    lateAt
  }
}
