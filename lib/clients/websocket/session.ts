import type { Cancel, Clock } from '../../clock.ts'
import type { Feed } from '../../feed/feed.ts'
import type { Log } from '../../log.ts'
import type { ClosableSocket, FrameStream } from './channel.ts'
import { ClientMessageError, parseClientMessage, type ClientMessage } from '../../protocol/client-messages.ts'
import { closeCodes } from '../../protocol/close-codes.ts'
import { Budget } from '../budget.ts'
import type { ClientInfo, Connection } from '../connection.ts'
import type { ConnectionTracker } from '../connection-tracker.ts'
import { PROTOCOL_VERSION, errorMessage } from '../../protocol/server-messages.ts'
import { begin, catchUp, leave, start, subscribe, sync, unsubscribe, type SubscriptionContext, type Wishes } from '../subscriptions.ts'
import { timestamp } from '../../protocol/timestamp.ts'

/** A client that sent this many invalid messages in a row will not send a valid one soon. */
const MAX_INVALID_MESSAGES = 50

/** Messages that one chunk of TCP may have brought before the reading was paused. */
const MAX_WAITING = 16_384

const kSession = Symbol('popcast.session')

/** What a session listens to: a `WebSocket` of ws. */
export interface SessionSocket extends ClosableSocket {
  on (event: 'message', listener: (data: Buffer, isBinary: boolean) => void): unknown
  on (event: 'ping' | 'pong', listener: (data: Buffer) => void): unknown
  on (event: 'close', listener: (code: number, reason: Buffer) => void): unknown
  on (event: 'error', listener: (error: Error) => void): unknown
  /** Stops and goes on reading from the client. */
  pause (): void
  resume (): void
  [kSession]?: Session
}

/** What a session writes to: the socket of the upgrade request. */
export interface SessionStream extends FrameStream {
  on (event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown
  [kSession]?: Session
}

/** One client, as the upgrade request says. */
export interface Client extends Wishes {
  info: ClientInfo
  /** See `agreedWindowBits`. */
  windowBits: number
}

export interface SessionContext extends SubscriptionContext {
  connections: ConnectionTracker
  feed: Feed
  clock: Clock
  log: Log
  source: 'influxdb' | 'demo'
  intervalMs: number
  heartbeatMs: number
  healthyBelowMs: number
  overviewWindowMs: number
  /** Of popcast. */
  version: string
  maxMessageBytes: number
  /** Somebody is there: the poller need not idle. */
  onConnect: () => void
}

/**
 * The trip of one connection. Every listener is attached before this returns (one attached later misses messages),
 * and nothing that is thrown in one gets out of it: that would end the process.
 */
export function openSession (socket: SessionSocket, stream: SessionStream, client: Client, context: SessionContext): void {
  const { info, windowBits } = client
  const connection = context.connections.add(socket, stream, info, windowBits)
  const session = new Session(connection, context)
  socket[kSession] = session
  stream[kSession] = session
  socket.on('message', onMessage)
  socket.on('ping', onPing)
  socket.on('pong', onPong)
  socket.on('error', onSocketError)
  stream.on('error', onStreamError)
  socket.on('close', onClose)
  session.safely(greet, client)
  session.safely(context.onConnect)
}

/** Hangs at the socket and at the stream, so that the listeners are functions that all connections share. */
class Session {
  readonly connection: Connection
  readonly context: SessionContext
  /** Only of one that has sent a message. */
  budget: Budget | null = null
  /** What was read of a client that may not be looked at yet; null: it may. */
  waiting: Array<[data: Buffer, isBinary: boolean]> | null = null
  cancelRelease: Cancel | null = null

  constructor (connection: Connection, context: SessionContext) {
    this.connection = connection
    this.context = context
  }

  safely<Args extends unknown[]> (step: (session: Session, ...args: Args) => void, ...args: Args): void {
    try {
      step(this, ...args)
    } catch (error) {
      this.context.connections.endDefective(this.connection, 'listener_failed', error)
    }
  }
}

type Owner = SessionSocket | SessionStream

const sessionOf = (owner: Owner) => owner[kSession] as Session

function onMessage (this: SessionSocket, data: Buffer, isBinary: boolean): void {
  const session = sessionOf(this)
  session.safely(take, this, data, isBinary)
}

/** Looks at a message, or keeps it while the client has asked for more than its budget. */
function take (session: Session, socket: SessionSocket, data: Buffer, isBinary: boolean): void {
  const { connection, context: { clock } } = session
  if (session.waiting !== null) {
    // Of what was read already before the pause.
    if (session.waiting.push([data, isBinary]) > MAX_WAITING) connection.close(closeCodes.rate)
    return
  }
  const { bytesSent } = connection
  receive(session, data, isBinary)
  session.budget ??= new Budget(clock)
  session.budget.spend(connection.bytesSent - bytesSent)
  if (session.budget.waitMs > 0) hold(session, socket, [])
}

/** Reads no more from this client until its budget allows it. */
function hold (session: Session, socket: SessionSocket, waiting: NonNullable<Session['waiting']>): void {
  const { connection, budget, context: { clock } } = session
  if (budget === null || !connection.isOpen) return
  if (budget.isHopeless) return connection.close(closeCodes.rate)
  session.waiting = waiting
  socket.pause()
  session.cancelRelease = clock.schedule(() => session.safely(release, socket), budget.waitMs)
}

function release (session: Session, socket: SessionSocket): void {
  const waiting = session.waiting ?? []
  session.waiting = null
  // In their order: those behind one that is held again wait with it.
  for (const [index, [data, isBinary]] of waiting.entries()) {
    take(session, socket, data, isBinary)
    if (session.waiting !== null) {
      session.waiting = waiting.slice(index + 1)
      return
    }
  }
  if (session.connection.isOpen) socket.resume()
}

function onPing (this: SessionSocket, data: Buffer): void {
  sessionOf(this).safely(({ connection, context }) => {
    connection.touch(context.clock.now())
    connection.pong(data)
  })
}

function onPong (this: SessionSocket): void {
  sessionOf(this).safely(({ connection, context }) => connection.touch(context.clock.now()))
}

function onSocketError (this: SessionSocket, error: Error): void {
  sessionOf(this).safely(({ connection, context: { connections, log } }) => {
    connections.recordError(connection, error.message)
    log.info({ event: 'socket_error', connectionId: connection.id, detail: error.message }, 'the connection failed')
  })
}

function onStreamError (this: SessionStream, error: NodeJS.ErrnoException): void {
  // A peer that resets the connection ends it, no more; only what could not be written was lost.
  if (error.syscall !== 'write') return
  sessionOf(this).safely(({ connection, context }) => context.connections.writeFailed(connection, error))
}

function onClose (this: SessionSocket, code: number, reason: Buffer): void {
  sessionOf(this).safely(({ connection, context, cancelRelease }) => {
    cancelRelease?.()
    context.connections.remove(connection, code, reason.toString())
    leave(connection, context)
  })
}

/** Welcome, and at once what was missed, or what is known: from memory, without a query. */
function greet ({ connection, context }: Session, client: Client): void {
  const { feed, clock } = context
  const beginning = start(connection, client, context)
  connection.send({
    type: 'welcome',
    data: { connectionId: connection.id, message: 'connected to popcast', timestamp: timestamp(clock.now()) },
    protocol: PROTOCOL_VERSION,
    version: context.version,
    ...(beginning?.given ?? connection.cursor.position),
    headSeq: feed.seq,
    intervalMs: context.intervalMs,
    heartbeatMs: context.heartbeatMs,
    healthyBelowMs: context.healthyBelowMs,
    overviewWindowMs: context.overviewWindowMs,
    source: context.source,
    limits: { maxMessageBytes: context.maxMessageBytes }
  })
  if (beginning === null) catchUp(connection, ['metrics'], context)
  else begin(connection, beginning, context)
  const error = feed.currentError()
  if (error !== null) connection.send(error)
}

function receive ({ connection, context }: Session, data: Buffer, isBinary: boolean): void {
  // What a client still sends after it was told to go is not looked at.
  if (!connection.isOpen) return
  connection.touch(context.clock.now())
  try {
    if (isBinary) throw new ClientMessageError('BAD_MESSAGE', 'binary messages are not understood, send JSON as text')
    answer(connection, parseClientMessage(data.toString()), context)
    connection.invalidInARow = 0
  } catch (error) {
    if (!(error instanceof ClientMessageError)) throw error
    refuse(connection, error, context)
  }
}

function answer (connection: Connection, message: ClientMessage, context: SessionContext): void {
  if (message.type === 'subscribe') return subscribe(connection, message, context)
  if (message.type === 'unsubscribe') return unsubscribe(connection, message, context)
  const { feed, clock } = context
  const now = timestamp(clock.now())
  const echo = message.id === undefined ? {} : { id: message.id }
  sync(connection, context)
  connection.send({ type: 'pong', timestamp: now, data: { timestamp: now }, ...connection.cursor.position, headSeq: feed.seq, ...echo })
}

function refuse (connection: Connection, error: ClientMessageError, { connections, clock, log }: SessionContext): void {
  connections.recordError(connection, error.code)
  log.debug({ event: 'invalid_message', connectionId: connection.id, code: error.code, detail: error.message }, 'invalid message')
  connection.send(errorMessage(error.code, error.message, clock.now(), error.id === undefined ? {} : { id: error.id }))
  if (++connection.invalidInARow >= MAX_INVALID_MESSAGES) connection.close(closeCodes.invalidMessages)
}
