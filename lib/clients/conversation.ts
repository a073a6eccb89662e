import { hasSameLimits, type Grant } from '../auth/grant.ts'
import { TokenError } from '../auth/verifier.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import {
  ClientMessageError, parseClientMessage, type AuthMessage, type ClientMessage, type PingMessage
} from '../protocol/client-messages.ts'
import { closeCodes } from '../protocol/close-codes.ts'
import type { Wishes } from '../protocol/connect-query.ts'
import { PROTOCOL_VERSION, errorMessage, type AuthConfirmedMessage, type ErrorMessage } from '../protocol/server-messages.ts'
import { timestamp } from '../protocol/timestamp.ts'
import type { Connection } from './connection.ts'
import type { ReceivedType } from './connection-totals.ts'
import type { ConnectionTracker } from './connection-tracker.ts'
import { begin, catchUp, start, subscribe, sync, unsubscribe, type SubscriptionContext } from './subscriptions.ts'

/** A client that sent this many invalid messages in a row will not send a valid one soon. */
const MAX_INVALID_MESSAGES = 50

/** What is said to a client, and what it needs to be said. */
export interface ConversationContext extends SubscriptionContext {
  connections: ConnectionTracker
  clock: Clock
  log: Log
  source: 'influxdb' | 'demo'
  intervalMs: number
  heartbeatMs: number
  healthyBelowMs: number
  overviewWindowMs: number
  /** Of popcast. */
  version: string
  /** This process. */
  instance: string
  maxMessageBytes: number
  /** Whose a token is. @throws {TokenError} */
  verify: (token: string) => Promise<Grant>
  /** Resolves when this process is not behind a position that a client gave, or cannot know better; null: it is not behind. */
  reach: (position: Wishes['position']) => Promise<void> | null
  /** Somebody is there: the poller need not idle. */
  onConnect: () => void
}

/** Welcome, and at once what was missed, or what is known: from memory, without a query. */
export function greet (connection: Connection, wishes: Wishes, context: ConversationContext): void {
  const { view, clock } = context
  const beginning = start(connection, wishes, context)
  connection.send({
    type: 'welcome',
    data: { connectionId: connection.id, message: 'connected to popcast', timestamp: timestamp(clock.now()) },
    protocol: PROTOCOL_VERSION,
    version: context.version,
    instance: context.instance,
    ...(beginning?.given ?? connection.cursor.position),
    headSeq: view.seq,
    intervalMs: context.intervalMs,
    heartbeatMs: context.heartbeatMs,
    healthyBelowMs: context.healthyBelowMs,
    overviewWindowMs: context.overviewWindowMs,
    source: context.source,
    limits: { maxMessageBytes: context.maxMessageBytes },
    ...expiryOf(connection.grant, clock.now())
  })
  if (beginning === null) catchUp(connection, ['metrics'], context)
  else begin(connection, beginning, context)
  tellFailure(connection, context)
}

/** Any update ends what was told of a failure: after one that is sent while it lasts it is told again. */
function tellFailure (connection: Connection, { view }: ConversationContext): void {
  const error = view.currentError()
  if (error !== null) connection.send(error)
}

/** Looks at a message of the client's, and answers it: also where it makes no sense. What follows is to wait until then. */
export function converse (connection: Connection, text: string, context: ConversationContext): void | Promise<void> {
  const refused = (error: unknown) => {
    if (!(error instanceof ClientMessageError)) throw error
    refuse(connection, error, context, error.type ?? 'unknown')
  }
  const accepted = (type: ClientMessage['type']) => {
    context.connections.counts.countReceived(type, 'ACCEPTED')
    connection.invalidInARow = 0
  }
  try {
    const message = parseClientMessage(text)
    if (message.type === 'auth') return renew(connection, message, context).then(() => accepted('auth'), refused)
    const tell = () => {
      answer(connection, message, context)
      accepted(message.type)
    }
    const reached = message.type === 'subscribe' ? context.reach(message.since ?? null) : null
    if (reached !== null) return reached.then(() => { if (connection.isOpen) tell() }).catch(refused)
    tell()
  } catch (error) {
    refused(error)
  }
}

function answer (connection: Connection, message: Exclude<ClientMessage, AuthMessage>, context: ConversationContext): void {
  if (message.type === 'subscribe') {
    subscribe(connection, message, context)
    tellFailure(connection, context)
    return
  }
  if (message.type === 'unsubscribe') return unsubscribe(connection, message, context)
  pong(connection, context, message)
}

/** Takes another token in the place of the one that the client came with; one that is refused changes nothing. */
async function renew (connection: Connection, { token, id }: AuthMessage, context: ConversationContext): Promise<void> {
  const grant = await context.verify(token).catch((error: unknown) => {
    throw error instanceof TokenError ? new ClientMessageError(error.code, error.message, id, 'auth') : error
  })
  if (!connection.isOpen) return
  if (!hasSameLimits(grant, connection.grant)) {
    const text = 'the token is good for other topics or PoPs than this connection: come back with it'
    throw new ClientMessageError('FORBIDDEN', text, id, 'auth')
  }
  context.connections.renew(connection, grant)
  connection.send(authConfirmed(grant, context.clock.now(), id))
}

/** What a client that has presented a token is told of it. */
export function authConfirmed (grant: Grant, now: number, id: AuthMessage['id']): AuthConfirmedMessage {
  const { topics, pops } = grant
  return {
    type: 'auth_confirmed',
    ...expiryOf(grant, now),
    ...(topics !== null && { topics: [...topics] }),
    ...(pops !== null && { pops: [...pops.codes] }),
    ...(id !== undefined && { id })
  }
}

function expiryOf ({ expiresAt }: Grant, now: number): Pick<AuthConfirmedMessage, 'tokenExpiresAt' | 'tokenExpiresInMs'> {
  return expiresAt === null ? {} : { tokenExpiresAt: timestamp(expiresAt), tokenExpiresInMs: Math.max(0, expiresAt - now) }
}

/** Says where the client stands: everything that was to be told before has been. */
export function pong (connection: Connection, context: ConversationContext, { id }: Pick<PingMessage, 'id'> = {}): void {
  const { view, clock } = context
  const now = timestamp(clock.now())
  const echo = id === undefined ? {} : { id }
  sync(connection, context)
  connection.send({
    type: 'pong',
    timestamp: now,
    data: { timestamp: now },
    ...connection.cursor.position,
    headSeq: view.seq,
    ...echo
  })
}

/** Says what is wrong with a message; one who sent nothing else for long is closed. */
export function refuse (
  connection: Connection,
  error: ClientMessageError,
  context: ConversationContext,
  type: ReceivedType
): void {
  const { connections, clock, log } = context
  const { code } = error
  connections.counts.countReceived(type, code)
  connections.recordError(connection, code)
  // Not what it said: somebody may have put a token in the wrong place.
  log.debug({ event: 'invalid_message', connectionId: connection.id, code }, 'invalid message')
  connection.send(refusalOf(error, clock.now()))
  if (++connection.invalidInARow >= MAX_INVALID_MESSAGES) connection.close(closeCodes.invalidMessages)
}

/** What is answered to a message that cannot be carried out. */
export function refusalOf ({ code, message, id }: ClientMessageError, now: number): ErrorMessage {
  return errorMessage(code, message, now, id === undefined ? {} : { id })
}
