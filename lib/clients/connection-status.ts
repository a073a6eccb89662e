import { timestamp } from '../protocol/timestamp.ts'
import type { Connection } from './connection.ts'

/** What is told of a connection to operators. Plain data. */
export function connectionStatus (connection: Connection) {
  return {
    id: connection.id,
    connectedAt: timestamp(connection.connectedAt),
    broadcastCount: connection.broadcastCount,
    errorCount: connection.errorCount,
    lastBroadcast: connection.lastBroadcast === null ? null : timestamp(connection.lastBroadcast),
    lastError: connection.lastError,
    clientInfo: connection.clientInfo,
    lastActivity: timestamp(connection.lastActivity),
    missedPings: connection.missedPings,
    bufferedBytes: connection.bufferedBytes,
    skippedCount: connection.skippedCount,
    topics: Array.from(connection.topics),
    kind: connection.kind
  }
}

export type ConnectionStatus = ReturnType<typeof connectionStatus>
