import type { View } from '../feed/view.ts'
import type { LogEntry, Position, UpdateLog } from '../feed/update-log.ts'
import type { Topic } from '../protocol/fields.ts'
import type { SubscriptionConfirmedMessage, Unrecoverable } from '../protocol/server-messages.ts'
import type { Connection } from './connection.ts'

/** What became of the position that a client gave: what stands of it in the confirmation, and what follows. */
export interface Recovery {
  told: Pick<SubscriptionConfirmedMessage, 'recovered' | 'fromSeq' | 'code' | 'reason'>
  /** Everything after the position; null: it cannot be sent again. */
  missed: { after: Position, entries: readonly LogEntry[] } | null
}

/** Looks a position up, of which these topics are to be told. */
export function recover (
  since: Position | 'invalid',
  topics: readonly Topic[],
  connection: Connection,
  updates: UpdateLog
): Recovery {
  if (since === 'invalid') return unrecoverable('invalid_position')
  const missed = updates.readAfter(since)
  if ('unrecoverable' in missed) return unrecoverable(missed.unrecoverable)
  // All of it or nothing: a part of it would end in a client that is closed for being slow.
  if (!fits(missed.entries, topics, connection)) return unrecoverable('too_large')
  return { told: { recovered: true, fromSeq: since.seq + 1 }, missed: { after: since, entries: missed.entries } }
}

/**
 * As many of the last updates as may still wait unread, except what this connection has had, and the newest where that is
 * told next as it is now: in the log it stands as it was.
 */
export function sendHistory (
  connection: Connection,
  count: number,
  { view, updates }: { view: View, updates: UpdateLog }
): void {
  let room = connection.maxBufferedBytes - connection.bufferedBytes
  let fitting = 0
  for (let entry = updates.fromEnd(fitting); fitting < count && entry !== undefined; entry = updates.fromEnd(fitting)) {
    room -= entry.metrics.bytes
    if (room < 0) break
    fitting++
  }
  const { cursor, outbox } = connection
  const next = view.isIdle || cursor.metrics >= view.seq ? null : view.seq
  for (const entry of updates.last(fitting)) {
    if (entry.seq !== next && !cursor.hadMetrics(entry.seq)) outbox.sendMetrics(entry, cursor.skippedBefore(entry.seq))
  }
}

function fits (entries: readonly LogEntry[], topics: readonly Topic[], { bufferedBytes, maxBufferedBytes }: Connection): boolean {
  const bytes = entries.reduce((sum, { metrics, alerts }) =>
    sum + (topics.includes('metrics') ? metrics.bytes : 0) + (topics.includes('alerts') ? alerts.bytes : 0), bufferedBytes)
  return bytes <= maxBufferedBytes
}

function unrecoverable (reason: Unrecoverable): Recovery {
  return { told: { recovered: false, code: 'UNRECOVERABLE_POSITION', reason }, missed: null }
}

/** Sends entries of the log again, in order, except what this connection has had already. */
export function replay (connection: Connection, entries: readonly LogEntry[], topics: readonly Topic[]): void {
  const { cursor } = connection
  for (const entry of entries) {
    const lacking = lackingOf(connection, entry, topics)
    if (lacking.alerts) connection.outbox.sendAlerts(entry)
    if (lacking.metrics) connection.outbox.sendMetrics(entry)
    // A slow client may still lack the metrics of it, when it has asked for alerts alone.
    if (!connection.topics.has('metrics') || cursor.hadMetrics(entry.seq)) cursor.reach(entry.seq)
  }
}

/** The one rule of what a connection has not had of an update, as far as it is among these topics. */
function lackingOf (
  { cursor }: Connection,
  { seq, alerts }: LogEntry,
  topics: readonly Topic[]
): { alerts: boolean, metrics: boolean } {
  return {
    alerts: topics.includes('alerts') && alerts.alerts.length > 0 && !cursor.hadAlerts(seq),
    metrics: topics.includes('metrics') && !cursor.hadMetrics(seq)
  }
}

/** To before the first one that follows: what this connection has had of them already it need not have again. */
export function goBack (connection: Connection, entries: readonly LogEntry[], topics: readonly Topic[]): void {
  const first = entries.find((entry) => {
    const { alerts, metrics } = lackingOf(connection, entry, topics)
    return alerts || metrics
  })
  if (first !== undefined) connection.cursor.goBack(first.seq - 1)
}
