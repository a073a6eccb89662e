import type { Feed } from '../feed/feed.ts'
import { PopsFilter, type PopsFilters } from '../feed/pops-filter.ts'
import type { LogEntry, Position, UpdateLog } from '../feed/update-log.ts'
import type { SubscribeMessage, UnsubscribeMessage } from '../protocol/client-messages.ts'
import type { SubscriptionConfirmedMessage, Topic, Unrecoverable } from '../protocol/server-messages.ts'
import type { Connection } from './connection.ts'

/** What subscriptions are about, and what they share. */
export interface SubscriptionContext {
  feed: Feed
  updates: UpdateLog
  filters: PopsFilters
}

type Told = Partial<SubscriptionConfirmedMessage>

/** What became of the position that a client gave: what stands of it in the confirmation, and what follows. */
interface Recovery {
  told: Pick<SubscriptionConfirmedMessage, 'recovered' | 'fromSeq' | 'code' | 'reason'>
  /** null: what was missed cannot be sent again. */
  entries: readonly LogEntry[] | null
}

/** What is to be told after a confirmation. */
interface Beginning {
  topics: readonly Topic[]
  /** Those that the client did not have before. */
  added: readonly Topic[]
  since?: Position | 'invalid' | undefined
  history?: number | undefined
  told: Told
}

/** Carries a `subscribe` out. Nothing of it fails: what cannot be done is named in the confirmation. */
export function subscribe (connection: Connection, message: SubscribeMessage, context: SubscriptionContext): void {
  const { topics, since, history, id, unknownTopics, ignored } = message
  sync(connection, context)
  const before = connection.topics
  const unknownPops = topics.includes('pops') ? subscribePops(connection, message, context) : undefined
  connection.subscribe(topics)
  const told = {
    ...(id !== undefined && { id }),
    ...(unknownTopics !== undefined && { unknownTopics }),
    ...(unknownPops !== undefined && { unknownPops }),
    ...(ignored !== undefined && { ignored })
  }
  begin(connection, { topics, added: topics.filter((topic) => !before.has(topic)), since, history, told }, context)
}

export function unsubscribe (connection: Connection, { topics, id, unknownTopics }: UnsubscribeMessage, context: SubscriptionContext): void {
  sync(connection, context)
  connection.unsubscribe(topics)
  if (topics.includes('pops')) leave(connection, context)
  confirm(connection, context, { ...(id !== undefined && { id }), ...(unknownTopics !== undefined && { unknownTopics }) })
}

/** Frees what a client that has gone shared with others. */
export function leave (connection: Connection, { filters }: SubscriptionContext): void {
  if (connection.pops !== null) filters.release(connection.pops.filter)
  connection.pops = null
}

/**
 * Sends what the fan-out that is under way has not brought to this client yet. After it the client stands where the feed
 * stands, unless it is slow: then its position stays behind.
 */
export function sync (connection: Connection, { feed: { head } }: SubscriptionContext): void {
  if (head !== null && head.seq > connection.cursor.seq) connection.offer(head)
}

/** Where a client begins that gives no position, or one that cannot be recovered: the newest update is to be sent. */
export function beginning ({ feed }: SubscriptionContext): Position {
  return { epoch: feed.epoch, seq: Math.max(0, feed.seq - 1) }
}

/** The position of a client that comes back, when everything after it can be sent; else where it begins anew. */
export function startOf (since: Position | 'invalid' | null, context: SubscriptionContext): Position {
  return since === null || since === 'invalid' || 'unrecoverable' in context.updates.readAfter(since) ? beginning(context) : since
}

/** Follows the welcome of a client that gave its topics or a position with the upgrade request. */
export function resume (connection: Connection, since: Position | 'invalid' | undefined, told: Told, context: SubscriptionContext): void {
  const topics = Array.from(connection.topics)
  begin(connection, { topics, added: topics.filter((topic) => topic !== 'metrics'), since, told }, context)
}

/** Confirms; then follows what was missed, or the history where that cannot be told, and then what is. */
function begin (connection: Connection, { topics, added, since, history, told }: Beginning, context: SubscriptionContext): void {
  const { cursor } = connection
  const { seq: head } = context.feed
  const recovery = since === undefined ? null : recover(since, connection, topics, context)
  const missed = recovery?.entries ?? null
  if (missed !== null) cursor.goBack((since as Position).seq)
  else if (added.includes('metrics')) beginMetrics(connection, context)
  confirm(connection, context, { ...recovery?.told, ...told })
  const tellsOpen = topics.includes('alerts') && (added.includes('alerts') || since !== undefined)
  const open = tellsOpen ? context.feed.openAlerts(cursor.seq) : null
  if (open !== null && added.includes('alerts')) {
    // Those that opened or changed since the position follow in their turn.
    const later = new Set(missed?.flatMap(({ alerts }) => alerts.alerts.map(({ data }) => data.id)))
    for (const { id, message } of open.each) if (!later.has(id)) connection.sendShared(message)
  }
  if (missed !== null) replay(connection, missed, topics)
  else if (history !== undefined) sendHistory(connection, history, context)
  if (missed !== null && topics.includes('metrics')) cursor.skipMetrics(head)
  if (open !== null) {
    cursor.alerts = Math.max(cursor.alerts, head)
    connection.sendShared(context.feed.openAlerts(cursor.seq).set)
  }
  catchUp(connection, topics, context)
}

/** Sends what the client does not have yet of the newest metrics and PoPs, as far as they are among these topics. */
export function catchUp (connection: Connection, topics: readonly Topic[], { feed, updates }: SubscriptionContext): void {
  const { cursor } = connection
  const tick = feed.latest()
  if (tick === null) return
  // One that it has been sent before, since it left the topic and is back, is marked as such.
  const again = cursor.hadMetrics(tick.seq) ? updates.last(1)[0] : undefined
  const metrics = topics.includes('metrics') && cursor.metrics < tick.seq
  const skipped = cursor.skippedBefore(tick.seq)
  if (metrics) connection.sendMetrics(again ?? tick, skipped)
  if (topics.includes('pops') && cursor.pops < tick.seq) connection.sendPops(tick, skipped)
  if (metrics || !connection.topics.has('metrics')) cursor.reach(tick.seq)
}

/** The present update is to be told, also to one that was sent it before it left the topic. */
function beginMetrics ({ cursor, topics }: Connection, { feed, updates }: SubscriptionContext): void {
  if (feed.seq === 0) return
  cursor.metrics = cursor.updated = feed.seq - 1
  // Nothing else of this update would come again: a client that is cut off before it may ask for it.
  if (!topics.has('alerts') || updates.last(1)[0]?.alerts.alerts.length === 0) cursor.goBack(feed.seq - 1)
}

/** @returns the values that no PoP has now: they match when one reports */
function subscribePops (connection: Connection, { pops, delta = false }: SubscribeMessage, { feed, filters }: SubscriptionContext): Told['unknownPops'] {
  const wanted = new PopsFilter(pops)
  const previous = connection.pops
  const filter = filters.acquire(wanted)
  if (previous !== null) filters.release(previous.filter)
  connection.pops = { filter, delta }
  // Another filter needs a whole update to begin with, even of a tick that the client has had already.
  if (previous === null || previous.filter.key !== filter.key) connection.cursor.pops = 0
  // Before there are any data nobody can know a PoP.
  const states = feed.latest()?.content.pops.states
  return states === undefined ? undefined : wanted.unknownAmong(states)
}

function recover (since: Position | 'invalid', connection: Connection, topics: readonly Topic[], { updates }: SubscriptionContext): Recovery {
  if (since === 'invalid') return unrecoverable('invalid_position')
  connection.cursor.forgetBefore(updates.firstSeq)
  const missed = updates.readAfter(since)
  if ('unrecoverable' in missed) return unrecoverable(missed.unrecoverable)
  // All of it or nothing: a part of it would end in a client that is closed for being slow.
  if (!fits(missed.entries, topics, connection)) return unrecoverable('too_large')
  return { told: { recovered: true, fromSeq: since.seq + 1 }, entries: missed.entries }
}

/** As many of the last updates as may still wait unread, except what this connection has had. */
function sendHistory (connection: Connection, count: number, { updates }: SubscriptionContext): void {
  let room = connection.maxBufferedBytes - connection.bufferedBytes
  let fitting = 0
  for (let entry = updates.fromEnd(fitting); fitting < count && entry !== undefined; entry = updates.fromEnd(fitting)) {
    room -= entry.metrics.bytes
    if (room < 0) break
    fitting++
  }
  for (const entry of updates.last(fitting)) if (!connection.cursor.hadMetrics(entry.seq)) connection.sendMetrics(entry)
}

function fits (entries: readonly LogEntry[], topics: readonly Topic[], { bufferedBytes, maxBufferedBytes }: Connection): boolean {
  const bytes = entries.reduce((sum, { metrics, alerts }) =>
    sum + (topics.includes('metrics') ? metrics.bytes : 0) + (topics.includes('alerts') ? alerts.bytes : 0), bufferedBytes)
  return bytes <= maxBufferedBytes
}

function unrecoverable (reason: Unrecoverable): Recovery {
  return { told: { recovered: false, code: 'UNRECOVERABLE_POSITION', reason }, entries: null }
}

/** Sends entries of the log again, in order, except what this connection has had already. */
function replay (connection: Connection, entries: readonly LogEntry[], topics: readonly Topic[]): void {
  const { cursor } = connection
  for (const entry of entries) {
    if (topics.includes('alerts') && !cursor.hadAlerts(entry.seq)) connection.sendAlerts(entry)
    if (topics.includes('metrics') && !cursor.hadMetrics(entry.seq)) connection.sendMetrics(entry)
    cursor.reach(entry.seq)
  }
}

function confirm (connection: Connection, { feed }: SubscriptionContext, extra: Told): void {
  const topics = Array.from(connection.topics)
  connection.send({ type: 'subscription_confirmed', topics, data: { topics }, ...connection.cursor.position, headSeq: feed.seq, ...extra })
}
