import type { Grant } from '../../auth/grant.ts'
import type { Encoding } from '../../feed/shared-message.ts'
import { binaryMessageError } from '../../protocol/client-messages.ts'
import { closeCodes } from '../../protocol/close-codes.ts'
import type { Wishes } from '../../protocol/connect-query.ts'
import type { Connection } from '../connection.ts'
import type { ClientInfo } from '../transport.ts'
import { converse, greet, refuse, type ConversationContext } from '../conversation.ts'
import type { ByteStream } from '../stream-transport.ts'
import { leave } from '../subscriptions.ts'
import { encodePong } from './frame.ts'
import { Inbox, type Received } from './inbox.ts'
import { givenByLibrary } from './library-closes.ts'
import { WebSocketTransport, type ClosableSocket } from './transport.ts'

const kSession = Symbol('popcast.session')

/** What a session listens to: a `WebSocket` of ws. */
export interface SessionSocket extends ClosableSocket {
  on (event: 'message', listener: (data: Buffer, isBinary: boolean) => void): unknown
  on (event: 'ping' | 'pong', listener: (data: Buffer) => void): unknown
  on (event: 'close', listener: (code: number, reason: Buffer) => void): unknown
  on (event: 'error', listener: (error: Error) => void): unknown
  /** Stops reading from the client. */
  pause (): void
  [kSession]?: Session
}

/** What a session writes to: the socket of the upgrade request. */
export interface SessionStream extends ByteStream {
  on (event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown
  [kSession]?: Session
}

/** One client, as the upgrade request says. */
export interface Client extends Wishes {
  info: ClientInfo
  grant: Grant
  /** What it agreed on with the handshake. */
  encoding: Encoding
}

/**
 * The trip of one connection. Every listener is attached before this returns (one attached later misses messages),
 * and nothing that is thrown in one gets out of it: that would end the process.
 */
export function openSession (socket: SessionSocket, stream: SessionStream, client: Client, context: ConversationContext): void {
  const { info, grant, encoding } = client
  const connection = context.connections.add(new WebSocketTransport(socket, stream, encoding), info, grant)
  const session = new Session(connection, context)
  socket[kSession] = session
  stream[kSession] = session
  socket.on('message', onMessage)
  socket.on('ping', onPing)
  socket.on('pong', onPong)
  socket.on('error', onSocketError)
  stream.on('error', onStreamError)
  socket.on('close', onClose)
  session.safely(({ connection }) => connection.inOnePiece(() => greet(connection, client, context)))
  session.safely(context.onConnect)
}

/** Hangs at the socket and at the stream, so that the listeners are functions that all connections share. */
class Session {
  readonly connection: Connection
  readonly context: ConversationContext
  /** Only of one that has sent a message. */
  inbox: Inbox | null = null

  constructor (connection: Connection, context: ConversationContext) {
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
      // What takes its time is answered in a few bytes; meanwhile updates are sent as well.
      return receive(session, received)?.then(() => 0) ?? connection.bytesSent - bytesSent
    },
    pause: () => setPaused(true),
    resume: () => setPaused(false),
    giveUp: () => connection.close(closeCodes.rate),
    guard: (step) => session.safely(step),
    isOpen: () => connection.isOpen
  })
}

/** The answer to a ping of ours costs the client nothing; one that nobody asked for is as any other message. */
function onPong (this: SessionSocket, data: Buffer): void {
  const session = sessionOf(this)
  if (session.connection.missedPings === 0) session.safely(take, this, { data, kind: 'pong' })
  else {
    session.safely(({ connection, context }) => {
      context.connections.counts.countReceived('frame_pong', 'ACCEPTED')
      connection.touch(context.clock.now())
    })
  }
}

function onSocketError (this: SessionSocket, error: Error): void {
  sessionOf(this).safely(({ connection, context: { connections, log } }) => {
    connection.closedBy ??= givenByLibrary(error)
    connections.recordError(connection, error.message)
    log.info({ event: 'socket_error', connectionId: connection.id, detail: error.message }, 'the connection failed')
  })
}

function onStreamError (this: SessionStream, error: NodeJS.ErrnoException): void {
  sessionOf(this).safely(({ connection, context }) => context.connections.streamFailed(connection, error))
}

function onClose (this: SessionSocket, code: number, reason: Buffer): void {
  sessionOf(this).safely(({ connection, context, inbox }) => {
    inbox?.close()
    context.connections.remove(connection, code, reason.toString())
    leave(connection, context)
  })
}

function receive ({ connection, context }: Session, { data, kind }: Received): Promise<void> | undefined {
  connection.touch(context.clock.now())
  if (kind === 'ping' || kind === 'pong') context.connections.counts.countReceived(`frame_${kind}`, 'ACCEPTED')
  if (kind === 'text') return converse(connection, data.toString(), context) ?? undefined
  if (kind === 'ping') connection.reply(encodePong(data))
  if (kind === 'binary') refuse(connection, binaryMessageError(), context, 'binary')
  return undefined
}
