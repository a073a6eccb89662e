export { PopcastClient } from './client.ts'
export { PopcastError, type PopcastErrorCode } from './errors.ts'
export type { PopcastOptions } from './options.ts'
export type { Clock } from './time.ts'
export type { WebSocketLike } from './environment.ts'
export type {
  Alert, ConnectionState, Freshness, FreshnessState, HistoryPoint, Overview, Pop, PopcastEvents, PopsFilter, Server, Snapshot,
  SourceError, Subscription, TransportKind
} from './types.ts'
