import type { PopcastError } from './errors.ts'

export type TransportKind = 'websocket' | 'sse'

/** Where a client is on the way to its server. Not a word about how old the data is: that is `Freshness`. */
export type ConnectionState =
  /** Made and not started, or closed by close(). */
  | { readonly name: 'idle' }
  /** A connection is being opened. `attempt`: so many have failed in a row before. */
  | { readonly name: 'connecting', readonly attempt: number }
  /** Open; what was missed and the present state are arriving. */
  | { readonly name: 'syncing', readonly transport: TransportKind }
  | { readonly name: 'live', readonly transport: TransportKind }
  /** The server has said that it stops; the connection is not closed yet. `retryAt`: as of Date.now(). */
  | { readonly name: 'draining', readonly retryAt: number, readonly cause: PopcastError }
  /** `attempt`: so many have failed in a row; the next one has that number when they are counted from 0. */
  | { readonly name: 'waiting', readonly attempt: number, readonly retryAt: number, readonly cause: PopcastError }
  /** Only connect() leaves it. */
  | { readonly name: 'failed', readonly cause: PopcastError }

/**
 * `none`: nothing was ever received. `late`: the update is overdue, and nothing says why yet. `stale`: the server says so, or
 * nothing newer was heard for `staleAfterMs`.
 */
export type FreshnessState = 'none' | 'fresh' | 'late' | 'stale'

export interface SourceError {
  readonly code: 'SOURCE_UNAVAILABLE' | 'SOURCE_TIMEOUT' | 'FEED_UNAVAILABLE'
  readonly message: string
  /** As far as is known. */
  readonly since: Date
  /** Time of the last good data. */
  readonly dataTime: Date | null
}

/** No two clocks need agree for any of it. */
export interface Freshness {
  readonly state: FreshnessState
  /** Age of the newest sample when this was made. null: there is none. `client.freshness()` tells it as of now. */
  readonly ageMs: number | null
  readonly dataTime: Date | null
  /** Until the next update is due; negative: overdue. null while not connected. */
  readonly dueInMs: number | null
  /** Why nothing newer comes, while the source fails. */
  readonly sourceError: SourceError | null
}

export interface Server {
  readonly source: 'influxdb' | 'demo'
  readonly version: string
  readonly protocol: 1
  readonly epoch: string
  readonly intervalMs: number
  readonly heartbeatMs: number
  readonly healthyBelowMs: number
  readonly overviewWindowMs: number
}

export interface Overview {
  readonly totalPops: number
  readonly healthyPops: number
  /** null while there is no PoP: it is a mean of nothing. */
  readonly averageColdStart: number | null
  readonly regressions: number
  readonly silentPops: number
}

export interface Pop {
  readonly code: string
  readonly city: string | null
  readonly country: string | null
  readonly tier: string | null
  readonly latitude: number | null
  readonly longitude: number | null
  readonly coldStartMs: number
  readonly healthy: boolean
  readonly status: 'fresh' | 'silent'
  readonly regression: 'none' | 'warning' | 'critical' | 'not_enough_data'
  readonly sampleTime: string
  /** What it is compared with, and the band in which it is usual; null: not known yet. */
  readonly baselineMs: number | null
  readonly baselineLowMs: number | null
  readonly baselineHighMs: number | null
}

export interface Alert {
  readonly id: string
  readonly pop: string
  readonly state: 'opened' | 'updated' | 'resolved'
  readonly severity: 'warning' | 'critical'
  readonly since: string
  readonly recentMs: number
  readonly baselineMs: number
  readonly baselineKind: 'day' | 'week' | 'hour' | 'start'
  readonly changePercent: number
  readonly zScore: number
  readonly samples: { readonly recent: number, readonly baseline: number }
  readonly message: string
  /** Of what is resolved: `recovered`, `gone`, `new_normal`; there may be more. */
  readonly closeReason?: string
}

export interface HistoryPoint {
  readonly epoch: string
  readonly seq: number
  readonly dataTime: Date
  readonly overview: Overview
  readonly stale: boolean
}

/** Everything known, immutable; a new object per change, unchanged parts keep their identity. */
export interface Snapshot {
  readonly connection: ConnectionState
  readonly freshness: Freshness
  readonly server: Server | null
  readonly overview: Overview | null
  readonly pops: ReadonlyMap<string, Pop>
  /** Open regressions by id. */
  readonly alerts: ReadonlyMap<string, Alert>
  /** Oldest first, by dataTime; a gap in time is a gap, never joined. */
  readonly history: readonly HistoryPoint[]
  /** Updates that this client missed because it was slow. */
  readonly skipped: number
}

/** Codes, or values of each kind that all must fit. */
export type PopsFilter = readonly string[] | {
  readonly code?: readonly string[]
  readonly country?: readonly string[]
  readonly tier?: readonly string[]
}
export interface Subscription { readonly metrics?: boolean, readonly alerts?: boolean, readonly pops?: boolean | PopsFilter }

export interface PopcastEvents {
  /** Once per turn of the event loop, however many messages came in. */
  change: Snapshot
  connection: ConnectionState
  freshness: FreshnessState
  overview: { readonly overview: Overview, readonly replay: boolean }
  pops: { readonly changed: readonly Pop[], readonly removed: readonly string[], readonly whole: boolean }
  /** `replay`: it is not new, so make no noise. */
  alert: { readonly alert: Alert, readonly replay: boolean }
  /** After a reconnect: how many updates were missed, or why not all of them could be had. */
  resumed: {
    readonly recovered: boolean
    readonly reason: 'other_epoch' | 'too_old' | 'too_large' | 'unknown_seq' | 'invalid_position' | null
    readonly missed: number | null
  }
  error: PopcastError
  /** Each message as the server said it (PROTOCOL.md), whatever its type, when it has been taken in. */
  message: { readonly type: string, readonly [field: string]: unknown }
}
