import type { Feed } from '../feed/feed.ts'
import { ClientMessageError, excerpt, type SubscribeMessage, type UnsubscribeMessage } from '../protocol/client-messages.ts'
import type { Connection, PopsSubscription } from './connection.ts'
import { PopsFilter, type PopsFilters } from '../feed/pops-filter.ts'
import type { SubscriptionConfirmedMessage, Topic, Unrecoverable } from '../protocol/server-messages.ts'
import type { LogEntry, Position, UpdateLog } from '../feed/update-log.ts'

/** What subscriptions are about, and what they share. */
export interface SubscriptionContext {
  feed: Feed
  updates: UpdateLog
  filters: PopsFilters
}

/** What became of the position that a client gave: what stands of it in the confirmation, and what follows. */
interface Recovery {
  told: Pick<SubscriptionConfirmedMessage, 'recovered' | 'fromSeq' | 'code' | 'reason'>
  /** null: what was missed cannot be sent again. */
  entries: readonly LogEntry[] | null
}

/** Carries a `subscribe` out. @throws {ClientMessageError} before anything has changed */
export function subscribe (connection: Connection, message: SubscribeMessage, context: SubscriptionContext): void {
  const { topics } = message
  const before = connection.topics
  if (topics.includes('pops')) replacePops(connection, popsSubscription(message, context), context)
  connection.subscribe(topics)
  begin(connection, message, topics.includes('alerts') && !before.has('alerts'), context)
}

/** Resumes a client that gave its position with the upgrade request. */
export function resume (connection: Connection, since: Position, context: SubscriptionContext): void {
  begin(connection, { topics: Array.from(connection.topics), since }, false, context)
}

/** Confirms; then follows what was missed, or the history where that cannot be told, and then what is. */
function begin (connection: Connection, { topics, since, history, id }: Pick<SubscribeMessage, 'topics' | 'since' | 'history' | 'id'>, isNewToAlerts: boolean, context: SubscriptionContext): void {
  const recovery = since === undefined ? null : recover(since, connection, topics, context)
  const missed = recovery?.entries ?? null
  confirm(connection, context, { ...recovery?.told, ...(id !== undefined && { id }) })
  if (missed !== null) replay(connection, missed, topics)
  else if (history !== undefined) replay(connection, readHistory(history, connection, context), ['metrics'])
  if (isNewToAlerts) beginAlerts(connection, missed !== null, context)
  catchUp(connection, topics, context)
}

export function unsubscribe (connection: Connection, { topics, id }: UnsubscribeMessage, context: SubscriptionContext): void {
  connection.unsubscribe(topics)
  if (topics.includes('pops')) replacePops(connection, null, context)
  confirm(connection, context, id === undefined ? {} : { id })
}

/** Frees what a client that has gone shared with others. */
export function leave (connection: Connection, context: SubscriptionContext): void {
  replacePops(connection, null, context)
}

/** Sends what the client does not have yet of the newest metrics and PoPs, as far as they are among these topics. */
export function catchUp (connection: Connection, topics: readonly Topic[], { feed }: SubscriptionContext): void {
  const { seqs } = connection
  const tick = feed.latest()
  if (tick === null) return
  const pops = topics.includes('pops') && seqs.pops < tick.seq
  const metrics = topics.includes('metrics') && seqs.metrics < tick.seq
  if (pops) connection.sendPops(tick)
  if (metrics) connection.sendMetrics(tick)
  // What it missed was told with these.
  if (pops || metrics) connection.skippedInARow = 0
}

/** A client that is new to alerts is told what is open, unless it has been told what it missed. */
function beginAlerts (connection: Connection, recovered: boolean, { feed }: SubscriptionContext): void {
  if (!recovered) for (const alert of feed.openAlerts) connection.send({ ...alert, replay: true })
  connection.seqs.alerts = feed.seq
}

/** @throws {ClientMessageError} */
function popsSubscription ({ pops, delta = false, id }: SubscribeMessage, { feed, filters }: SubscriptionContext): PopsSubscription {
  const wanted = new PopsFilter(pops)
  // Before there are any data nobody can know a PoP: a client that comes back in such a moment must not be turned away.
  const states = feed.latest()?.content.pops.states
  const unknown = states === undefined ? null : wanted.unknownAmong(states)
  if (unknown !== null) throw new ClientMessageError('UNKNOWN_POP', `no PoP has the ${unknown.kind} ${excerpt(unknown.value)}`, id)
  const filter = filters.acquire(wanted)
  if (filter === null) throw new ClientMessageError('TOO_MANY_FILTERS', `there are ${filters.size} distinct filters in use already, which is as many as the server allows`, id)
  return { filter, delta }
}

function replacePops (connection: Connection, pops: PopsSubscription | null, { filters }: SubscriptionContext): void {
  const previous = connection.pops
  if (previous !== null) filters.release(previous.filter)
  connection.pops = pops
  // Another filter needs a whole update to begin with, even of a tick that the client has had already.
  if (pops === null || previous === null || previous.filter !== pops.filter) connection.seqs.pops = 0
}

/**
 * Alerts come before the update of their tick: a client with metrics has had all alerts up to its position. One
 * without may have had only some of its last tick's, and gets that tick's again.
 */
function recover ({ epoch, seq }: Position, connection: Connection, topics: readonly Topic[], { updates }: SubscriptionContext): Recovery {
  const from = topics.includes('metrics') ? seq : Math.max(0, seq - 1)
  const missed = updates.readAfter({ epoch, seq: from })
  if ('unrecoverable' in missed) return unrecoverable(missed.unrecoverable)
  // All of it or nothing: a part of it would end in a client that is closed for being slow.
  if (!fits(missed.entries, topics, connection)) return unrecoverable('too_large')
  return { told: { recovered: true, fromSeq: from + 1 }, entries: missed.entries }
}

/** As many of the last ones as may still wait unread. */
function readHistory (count: number, { bufferedBytes, maxBufferedBytes }: Connection, { updates }: SubscriptionContext): readonly LogEntry[] {
  const entries = updates.last(count)
  let room = maxBufferedBytes - bufferedBytes
  const firstTooMany = entries.findLastIndex(({ metrics }) => {
    room -= metrics.bytes
    return room < 0
  })
  return entries.slice(firstTooMany + 1)
}

function fits (entries: readonly LogEntry[], topics: readonly Topic[], { bufferedBytes, maxBufferedBytes }: Connection): boolean {
  const messages = entries.flatMap(({ metrics, alerts }) => [...(topics.includes('metrics') ? [metrics] : []), ...(topics.includes('alerts') ? alerts : [])])
  return messages.reduce((sum, { bytes }) => sum + bytes, bufferedBytes) <= maxBufferedBytes
}

function unrecoverable (reason: Unrecoverable): Recovery {
  return { told: { recovered: false, code: 'UNRECOVERABLE_POSITION', reason }, entries: null }
}

/** Sends entries of the log again, except what this connection has had already. */
function replay (connection: Connection, entries: readonly LogEntry[], topics: readonly Topic[]): void {
  const missed = new Set(topics.includes('metrics') ? entries.filter(({ seq }) => !connection.hadMetrics(seq)) : [])
  for (const entry of entries) {
    if (topics.includes('alerts') && entry.seq > connection.seqs.alerts) {
      for (const alert of entry.alerts) connection.sendShared(alert)
      connection.seqs.alerts = entry.seq
    }
    if (missed.has(entry)) connection.sendMetrics(entry)
  }
}

function confirm (connection: Connection, { feed }: SubscriptionContext, extra: Partial<SubscriptionConfirmedMessage>): void {
  const topics = Array.from(connection.topics)
  connection.send({ type: 'subscription_confirmed', topics, data: { topics }, epoch: feed.epoch, seq: feed.seq, ...extra })
}
