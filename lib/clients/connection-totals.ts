import { Counts } from '../counts.ts'
import { countedCodes } from '../protocol/close-codes.ts'
import type { Connection } from './connection.ts'
import { transportKinds, type TransportKind } from './transport.ts'

/** Why somebody was not let in: what they were told, as `code` of the answer; `OPEN_FILES`: there was no file left to say it. */
export const refusals = [
  'AUTH_UNAVAILABLE', 'BAD_HANDSHAKE', 'FORBIDDEN', 'NOT_A_WEBSOCKET_ROUTE', 'NOT_FOUND', 'OPEN_FILES', 'OVER_CAPACITY',
  'RATE_LIMITED', 'SHUTTING_DOWN', 'STREAM_UNDER_WAY', 'UNAUTHORIZED', 'UPGRADE_RATE', 'OTHER'
] as const

/** What came from clients; `unknown` has no type that we know. The last ones are frames of the WebSocket. */
export const receivedTypes = [
  'auth', 'subscribe', 'unsubscribe', 'ping', 'binary', 'frame_ping', 'frame_pong', 'unknown'
] as const
export type ReceivedType = typeof receivedTypes[number]
/** What became of it: carried out, or refused with this `code`. */
export const receivedOutcomes = [
  'ACCEPTED', 'BAD_MESSAGE', 'UNKNOWN_TYPE', 'UNKNOWN_TOPIC', 'UNAUTHORIZED', 'FORBIDDEN', 'AUTH_UNAVAILABLE', 'OTHER'
] as const

/** How many connections there were and what came from them, over all clients, also those that have left. */
export class ConnectionTotals {
  readonly opened = new Counts<TransportKind>(transportKinds)
  readonly refused = new Counts(refusals)
  readonly closed: Readonly<Record<TransportKind, Counts<number | 'other'>>> =
    { websocket: new Counts(countedCodes), sse: new Counts(countedCodes) }

  readonly received: ReadonlyMap<ReceivedType, Counts<typeof receivedOutcomes[number]>> =
    new Map(receivedTypes.map((type) => [type, new Counts(receivedOutcomes)]))

  /**
   * By the code that was given first. Ours says more than what came back, which may be nothing; a client's has a meaning where
   * it is a standard one.
   */
  countClosed ({ kind, closedBy }: Connection, code: number): void {
    this.closed[kind].add(closedBy?.code ?? (code < 4_000 ? code : 'other'))
  }

  countReceived (type: ReceivedType, outcome: string): void {
    this.received.get(type)?.add(outcome)
  }

  /** Connections that there are now. */
  open (kind: TransportKind): number {
    return this.opened.get(kind) - this.closed[kind].total
  }
}
