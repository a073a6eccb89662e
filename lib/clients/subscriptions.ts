import { allowsTopic } from '../auth/grant.ts'
import type { View } from '../feed/view.ts'
import { PopsFilter, type PopsFilters } from '../feed/pops-filter.ts'
import type { LogEntry, Position, UpdateLog } from '../feed/update-log.ts'
import { ClientMessageError, type SubscribeMessage, type UnsubscribeMessage } from '../protocol/client-messages.ts'
import type { Wishes } from '../protocol/connect-query.ts'
import type { Topic } from '../protocol/fields.ts'
import type { SubscriptionConfirmedMessage } from '../protocol/server-messages.ts'
import type { Connection } from './connection.ts'
import { goBack, recover, replay, sendHistory, type Recovery } from './resume.ts'

/** What subscriptions are about, and what they share. */
export interface SubscriptionContext {
  view: View
  updates: UpdateLog
  filters: PopsFilters
}

type Told = Partial<SubscriptionConfirmedMessage>

/** What is to be told to begin with. */
export interface Beginning {
  topics: readonly Topic[]
  /** Those whose present state the client does not have. */
  added: readonly Topic[]
  recovery: Recovery | null
  /** Its own position, which cannot be recovered: so long as it has not been told so, it keeps it. */
  given?: Position | null
  history?: number | undefined
  told: Told
}

/**
 * Carries a `subscribe` out: what cannot be done is named in the confirmation.
 * @throws {ClientMessageError} when the client may have none of it
 */
export function subscribe (connection: Connection, message: SubscribeMessage, context: SubscriptionContext): void {
  const { since, history, id } = message
  const { topics, forbidden } = split(connection, message.topics)
  if (topics.length === 0) {
    throw new ClientMessageError('FORBIDDEN', `the token is not good for ${forbidden.join(', ')}`, id, 'subscribe')
  }
  sync(connection, context)
  const before = connection.topics
  // Who had no updates until now has missed none of those before.
  if (!before.has('metrics') && !before.has('pops')) connection.cursor.beginUpdates(context.view.firstSeq - 1)
  const unknownPops = topics.includes('pops') ? subscribePops(connection, message, context) : undefined
  connection.subscribe(topics)
  const told = { ...(id !== undefined && { id }), ...leftOut(message, unknownPops, forbidden) }
  const recovery = since === undefined ? null : recover(since, topics, connection, context.updates)
  begin(connection, { topics, added: topics.filter((topic) => !before.has(topic)), recovery, history, told }, context)
}

/** What a client may have of these, and what not. */
function split ({ grant }: Connection, topics: readonly Topic[]): { topics: Topic[], forbidden: Topic[] } {
  return {
    topics: topics.filter((topic) => allowsTopic(grant, topic)),
    forbidden: topics.filter((topic) => !allowsTopic(grant, topic))
  }
}

/** What of it cannot be done, by name. */
function leftOut (
  { unknownTopics, ignored }: Pick<SubscribeMessage, 'unknownTopics' | 'ignored'>,
  unknownPops: Told['unknownPops'],
  forbiddenTopics: Topic[]
): Told {
  return {
    ...(forbiddenTopics.length > 0 && { forbiddenTopics }),
    ...(unknownTopics !== undefined && { unknownTopics }),
    ...(unknownPops !== undefined && { unknownPops }),
    ...(ignored !== undefined && { ignored })
  }
}

export function unsubscribe (
  connection: Connection,
  { topics, id, unknownTopics }: UnsubscribeMessage,
  context: SubscriptionContext
): void {
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
export function sync ({ cursor, outbox }: Connection, { view: { head } }: SubscriptionContext): void {
  // One that is about to enter another epoch is told what is there when it has.
  const isOfEpoch = head?.content.header.epoch === cursor.position.epoch
  if (head !== null && isOfEpoch && head.seq > cursor.seq) outbox.offer(head)
}

/**
 * Puts a client that has just come where it begins: behind the position that it gave, or else before the newest update.
 * @returns what it is to be told after its welcome; null when it asked for nothing
 */
export function start (
  connection: Connection,
  wishes: Wishes,
  context: SubscriptionContext
): Beginning | null {
  const { position, topics: named, history } = wishes
  const { topics: permitted, forbidden } = split(connection, named ?? [])
  if (named !== null && named.length > 0) connection.subscribe(permitted)
  const unknownPops = permitted.includes('pops') ? subscribePops(connection, wishes, context) : undefined
  const topics = Array.from(connection.topics)
  const recovery = position === null ? null : recover(position, topics, connection, context.updates)
  const { epoch, seq, firstSeq } = context.view
  // Of the metrics the newest update is still to come.
  const newest = { epoch, seq: topics.includes('metrics') ? firstSeq - 1 : seq }
  connection.cursor.begin(recovery?.missed?.after ?? newest)
  // PoPs are told as they are, not one update after the other.
  if (!topics.includes('metrics')) connection.cursor.beginUpdates(firstSeq - 1)
  const told = leftOut(wishes, unknownPops, forbidden)
  if (position === null && named === null && history === undefined && Object.keys(told).length === 0) return null
  // Who comes back has what was open, and is told what became of it; the newest update of the metrics follows in any case.
  const added = recovery?.missed ? [] : topics.filter((topic) => topic !== 'metrics')
  const isLost =
    position !== null && position !== 'invalid' && recovery?.missed === null && position.epoch === epoch && position.seq <= seq
  return { topics, added, recovery, given: isLost ? position : null, history, told }
}

/** Confirms; then follows what was missed, or the history where that cannot be told, and then what is. */
export function begin (
  connection: Connection,
  { topics, added, recovery, history, told }: Beginning,
  context: SubscriptionContext
): void {
  const { cursor } = connection
  const { view } = context
  const missed = recovery?.missed ?? null
  if (missed !== null) goBack(connection, missed.entries, topics)
  else if (added.includes('metrics') && view.seq > 0) cursor.beginMetrics(view.firstSeq - 1)
  confirm(connection, context, { ...recovery?.told, ...told })
  if (missed !== null) replay(connection, missed.entries, topics)
  else if (history !== undefined && topics.includes('metrics')) sendHistory(connection, history, context)
  if (missed !== null && topics.includes('metrics')) cursor.skipMetrics(view.seq)
  // First what brings it to the head, so that what is open is told with that
  // position: who is cut off then need not be told again.
  catchUp(connection, topics, context)
  if (added.includes('alerts')) sendOpenAlerts(connection, missed?.entries ?? [], context)
  // Whatever the position was asked for: what became of what was open while the client was away is said by the set.
  if (added.includes('alerts') || (recovery !== null && connection.topics.has('alerts'))) {
    cursor.skipAlerts(view.seq)
    connection.sendShared(view.openAlerts(cursor.seq, connection.grant.pops).set)
  }
}

/** One by one, for those who do not know the set; without those that came in their turn. */
function sendOpenAlerts (connection: Connection, replayed: readonly LogEntry[], { view }: SubscriptionContext): void {
  const told = new Set(replayed.flatMap(({ alerts }) => alerts.alerts.map(({ data }) => data.id)))
  const { each } = view.openAlerts(connection.cursor.seq, connection.grant.pops)
  for (const { id, message } of each) if (!told.has(id)) connection.sendShared(message)
}

/** Sends what the client does not have yet of the newest metrics and PoPs, as far as they are among these topics. */
export function catchUp (connection: Connection, topics: readonly Topic[], { view, updates }: SubscriptionContext): void {
  const { cursor } = connection
  const tick = view.latest()
  // Rather none for a moment than one from before nobody asked: whoever comes makes the source be asked at once.
  if (tick === null || view.isIdle) return
  // One that it has been sent before, since it left the topic and is back, is marked as such.
  const again = cursor.hadMetrics(tick.seq) ? updates.last(1)[0] : undefined
  const pops = topics.includes('pops') && cursor.pops < tick.seq
  // The PoPs of a tick say that it is told: a slow client is sent the metrics that wait before them.
  const metrics = (topics.includes('metrics') || (pops && connection.topics.has('metrics'))) && cursor.metrics < tick.seq
  const skipped = cursor.skippedBefore(tick.seq)
  if (metrics) connection.outbox.sendMetrics(again ?? tick, skipped)
  if (pops) connection.outbox.sendPops(tick, skipped)
  if (!connection.topics.has('metrics') || cursor.metrics >= tick.seq) cursor.reach(tick.seq)
}

/** @returns the values that no PoP has now: they match when one reports */
function subscribePops (
  connection: Connection,
  { pops, delta = false }: Pick<SubscribeMessage, 'pops' | 'delta'>,
  { view, filters }: SubscriptionContext
): Told['unknownPops'] {
  const wanted = new PopsFilter(pops, connection.grant.pops)
  const previous = connection.pops
  const filter = filters.acquire(wanted)
  if (previous !== null) filters.release(previous.filter)
  connection.pops = { filter, delta: delta === true ? 'pops' : delta || null }
  if (previous === null || previous.filter.key !== filter.key) connection.cursor.beginPops()
  // Before there are any data nobody can know a PoP.
  const states = view.latest()?.content.pops.states
  return states === undefined ? undefined : wanted.unknownAmong(states)
}

function confirm (connection: Connection, { view }: SubscriptionContext, extra: Told): void {
  const topics = Array.from(connection.topics)
  connection.send({
    type: 'subscription_confirmed',
    topics,
    data: { topics },
    ...connection.cursor.position,
    headSeq: view.seq,
    ...extra
  })
}
