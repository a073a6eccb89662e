import type { PopcastClient, Snapshot } from '../client/index.ts'
import type { Selection } from './selection.ts'

/** Everything that is shown, as of one moment. */
export interface WatchState extends Snapshot {
  /** ms since the epoch, by the clock of this machine. */
  readonly now: number
  readonly address: string
  /** Which PoPs; null: all. `pops` and `alerts` are those, `overview` and `history` are always of all. */
  readonly selection: string | null
  /** Which part of what was asked for fits no PoP, in sentences. */
  readonly unfit: readonly string[]
  /** There is a connection, and over it the present state has not come yet: what is shown is of before. */
  readonly isArriving: boolean
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

/** What the session knows beside the client. */
export interface Known extends Pick<WatchState, 'address' | 'isArriving' | 'now'> {
  readonly selection: Selection
  /** Whether the server has told of the PoPs yet. */
  readonly arePopsKnown: boolean
}

export function stateOf (client: PopcastClient, { selection, arePopsKnown, ...known }: Known): WatchState {
  const { snapshot } = client
  const { pops, alerts } = snapshot
  return {
    ...snapshot,
    ...known,
    freshness: client.freshness(),
    alerts: selection.isAll ? alerts : new Map([...alerts].filter(([, { pop }]) => selection.has(pop))),
    selection: selection.isAll ? null : `${selection}`,
    unfit: arePopsKnown ? selection.unfit(pops) : []
  }
}
