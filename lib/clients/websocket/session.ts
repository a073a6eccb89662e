import type { Clock } from '../../clock.ts'
import type { Log } from '../../log.ts'
import { ClientMessageError, parseClientMessage, type ClientMessage } from '../../protocol/client-messages.ts'
import { closeCodes } from '../../protocol/close-codes.ts'
import type { ClientInfo, Connection } from '../connection.ts'
import type { ConnectionTracker } from '../connection-tracker.ts'
import { PROTOCOL_VERSION, errorMessage } from '../../protocol/server-messages.ts'
import { begin, catchUp, leave, start, subscribe, sync, unsubscribe, type SubscriptionContext, type Wishes } from '../subscriptions.ts'
import { timestamp } from '../../protocol/timestamp.ts'
import type { Encoding } from '../../feed/shared-message.ts'
import type { View } from '../../feed/view.ts'
import { encodePong } from './frame.ts'
import { Inbox, type Received } from './inbox.ts'
import { WebSocketTransport, type ClosableSocket, type FrameStream } from './transport.ts'

/** A client that sent this many invalid messages in a row will not send a valid one soon. */
const MAX_INVALID_MESSAGES = 50

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
  /** What it agreed on with the handshake. */
  encoding: Encoding
}

export interface SessionContext extends SubscriptionContext {
  connections: ConnectionTracker
  view: View
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
  const { info, encoding } = client
  const connection = context.connections.add(new WebSocketTransport(socket, stream, encoding), info)
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
  inbox: Inbox | null = null

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
  session.safely(take, this, { data, kind: isBinary ? 'binary' : 'text' })
}

function onPing (this: SessionSocket, data: Buffer): void {
  const session = sessionOf(this)
  session.safely(take, this, { data, kind: 'ping' })
}

function take (session: Session, socket: SessionSocket, received: Received): void {
  session.inbox ??= inboxOf(session, socket)
  session.inbox.take(received)
}

/** Only who sends something has one. */
function inboxOf (session: Session, socket: SessionSocket): Inbox {
  const { connection, context } = session
  const setPaused = (isPaused: boolean) => {
    connection.isPaused = isPaused
    if (isPaused) socket.pause()
    else socket.resume()
  }
  return new Inbox({
    clock: context.clock,
    maxMessageBytes: context.maxMessageBytes,
    receive (received) {
      const { bytesSent } = connection
      receive(session, received)
      return connection.bytesSent - bytesSent
    },
    pause: () => setPaused(true),
    resume: () => setPaused(false),
    giveUp: () => connection.close(closeCodes.rate),
    guard: (step) => session.safely(step)
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
  sessionOf(this).safely(({ connection, context, inbox }) => {
    inbox?.close()
    context.connections.remove(connection, code, reason.toString())
    leave(connection, context)
  })
}

/** Welcome, and at once what was missed, or what is known: from memory, without a query. */
function greet ({ connection, context }: Session, client: Client): void {
  const { view, clock } = context
  const beginning = start(connection, client, context)
  connection.send({
    type: 'welcome',
    data: { connectionId: connection.id, message: 'connected to popcast', timestamp: timestamp(clock.now()) },
    protocol: PROTOCOL_VERSION,
    version: context.version,
    ...(beginning?.given ?? connection.cursor.position),
    headSeq: view.seq,
    intervalMs: context.intervalMs,
    heartbeatMs: context.heartbeatMs,
    healthyBelowMs: context.healthyBelowMs,
    overviewWindowMs: context.overviewWindowMs,
    source: context.source,
    limits: { maxMessageBytes: context.maxMessageBytes }
  })
  if (beginning === null) catchUp(connection, ['metrics'], context)
  else begin(connection, beginning, context)
  const error = view.currentError()
  if (error !== null) connection.send(error)
}

function receive ({ connection, context }: Session, { data, kind }: Received): void {
  // What a client still sends after it was told to go is not looked at.
  if (!connection.isOpen) return
  connection.touch(context.clock.now())
  if (kind === 'ping') {
    connection.reply(encodePong(data))
    return
  }
  try {
    if (kind === 'binary') throw new ClientMessageError('BAD_MESSAGE', 'binary messages are not understood, send JSON as text')
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
  const { view, clock } = context
  const now = timestamp(clock.now())
  const echo = message.id === undefined ? {} : { id: message.id }
  sync(connection, context)
  connection.send({ type: 'pong', timestamp: now, data: { timestamp: now }, ...connection.cursor.position, headSeq: view.seq, ...echo })
}

function refuse (connection: Connection, error: ClientMessageError, { connections, clock, log }: SessionContext): void {
  connections.recordError(connection, error.code)
  log.debug({ event: 'invalid_message', connectionId: connection.id, code: error.code, detail: error.message }, 'invalid message')
  connection.send(errorMessage(error.code, error.message, clock.now(), error.id === undefined ? {} : { id: error.id }))
  if (++connection.invalidInARow >= MAX_INVALID_MESSAGES) connection.close(closeCodes.invalidMessages)
}
