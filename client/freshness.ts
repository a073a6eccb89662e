import type { Settings } from './options.ts'
import type { Held } from './store.ts'
import type { Freshness, Subscription } from './types.ts'

/** How fresh what is held is, and when that is late. @param heardAt the last sign of life; 0: none */
export function freshnessOf (
  held: Held, { metrics, pops }: Subscription, heardAt: number, now: number, settings: Settings
): Omit<Freshness, 'dueInMs'> & { readonly dueAt: number, readonly lateAt: number } {
  const { intervalMs = 0, heartbeatMs = 0 } = held.server ?? {}
  const hasUpdates = metrics || pops
  const everyMs = hasUpdates ? intervalMs : heartbeatMs
  const { lateAfterMs = Math.max(2_000, everyMs / 4), staleAfterMs = 2 * everyMs + lateAfterMs } = settings
  // A failure is told at every tick, its end by an update, which not everybody is sent.
  const sourceError = now < held.failedAt + 2 * intervalMs + lateAfterMs ? held.sourceError : null
  // Who is sent alerts alone knows from any sign of life that there were none.
  const { received, madeAt, dueAt, isStale, ageMs, dataTime } = held.basis ?? {
    received: heardAt, madeAt: heardAt, dueAt: heardAt + heartbeatMs, isStale: sourceError !== null, ageMs: null, dataTime: null
  }
  const isNone = held.basis === null && (hasUpdates || heardAt === 0)
  // One that comes late is late when it comes.
  const lateAt = isNone ? Infinity : Math.max(dueAt + lateAfterMs, received)
  const isOld = isStale || now >= madeAt + staleAfterMs
  return {
    state: isNone ? 'none' : isOld ? 'stale' : now >= lateAt ? 'late' : 'fresh',
    ageMs: ageMs === null ? null : ageMs + now - madeAt,
    dataTime,
    sourceError,
    dueAt,
    lateAt
  }
}
