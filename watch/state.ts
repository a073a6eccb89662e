import type { PopcastClient, Snapshot } from '../client/index.ts'
import type { Selection } from './selection.ts'

/** Everything that is shown, as of one moment. */
export interface WatchState extends Snapshot {
  /** ms since the epoch, by the clock of this machine. */
  readonly now: number
  readonly address: string
  /** Which PoPs; null: all. `pops` and `alerts` are those, `overview` and `history` are always of all. */
  readonly selection: string | null
  /** What was asked for and no PoP has. */
  readonly unknown: readonly string[]
}

/** How what is known may be shown. none: nothing is known; late: overdue, and nothing says why; old: as of an earlier time. */
export type Look = 'none' | 'live' | 'late' | 'old'

const looks = { none: 'none', fresh: 'live', late: 'late', stale: 'old' } as const

export function lookOf ({ freshness }: Pick<WatchState, 'freshness'>): Look {
  return looks[freshness.state]
}

/** From when durations are counted, by the server's clock: once the data is old they stand still. */
export function presentOf ({ freshness: { state, dataTime, ageMs }, now }: Pick<WatchState, 'freshness' | 'now'>): number {
  if (dataTime === null) return now
  return dataTime.getTime() + (state === 'stale' ? 0 : ageMs ?? 0)
}

/** @param arePopsKnown whether the server has told of the PoPs yet */
export function stateOf (
  client: PopcastClient, selection: Selection, arePopsKnown: boolean, address: string, now: number
): WatchState {
  const { snapshot } = client
  const { pops, alerts } = snapshot
  return {
    ...snapshot,
    freshness: client.freshness(),
    alerts: selection.isAll ? alerts : new Map([...alerts].filter(([, { pop }]) => selection.has(pop))),
    now,
    address,
    selection: selection.isAll ? null : `${selection}`,
    unknown: arePopsKnown ? selection.unknown(pops) : []
  }
}
