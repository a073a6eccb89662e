import type { MetricsUpdateMessage } from '../lib/protocol/server-messages.ts'
import type { FreshnessState } from './types.ts'

/** What an update says about its age, in time of the stopwatch. */
export interface Basis {
  readonly madeAt: number
  readonly dueAt: number
  readonly stale: boolean
  /** When it was made. */
  readonly ageMs: number | null
  readonly dataTime: Date | null
}

export interface Limits {
  readonly lateAfterMs: number
  readonly staleAfterMs: number
}

type Header = Pick<MetricsUpdateMessage, 'dataTime' | 'ageMs' | 'polledAt' | 'nextPollAt' | 'status'>

/** The server's clock when it made the update. */
export function madeAtServer ({ dataTime, ageMs, polledAt }: Header): number {
  return dataTime === null || ageMs === null ? Date.parse(polledAt) : Date.parse(dataTime) + ageMs
}

/** @param serverAhead by how much the server's clock is ahead of the stopwatch: what is sent again was made long ago */
export function basisOf (header: Header, serverAhead: number): Basis {
  const made = madeAtServer(header)
  return {
    madeAt: made - serverAhead,
    dueAt: Date.parse(header.nextPollAt) - serverAhead,
    stale: header.status === 'stale',
    ageMs: header.ageMs,
    dataTime: header.dataTime === null ? null : new Date(header.dataTime)
  }
}

export function freshnessOf (basis: Basis | null, limits: Limits, now: number): FreshnessState {
  if (basis === null) return 'none'
  if (basis.stale || now >= staleAt(basis, limits)) return 'stale'
  return now >= lateAt(basis, limits) ? 'late' : 'fresh'
}

/** When it changes by itself. */
export function changesAt (basis: Basis | null, limits: Limits, now: number): number {
  if (basis === null || basis.stale) return Infinity
  return Math.min(...[lateAt(basis, limits), staleAt(basis, limits)].filter((at) => at > now))
}

export function lateAt ({ dueAt }: Basis, { lateAfterMs }: Limits): number {
  return dueAt + lateAfterMs
}

function staleAt ({ madeAt }: Basis, { staleAfterMs }: Limits): number {
  return madeAt + staleAfterMs
}
