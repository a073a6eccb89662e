import type { Clock } from '../clock.ts'
import type { Feed } from '../feed.ts'
import type { Log } from '../log.ts'
import { closeCodes } from './close-codes.ts'
import type { ClientInfo, ClosableSocket, Connection, FrameStream } from './connection.ts'
import type { ConnectionTracker } from './connection-tracker.ts'
import { ClientMessageError, PROTOCOL_VERSION, errorMessage, parseClientMessage, pendingTopics, timestamp, type ClientMessage } from './protocol.ts'

/** A client that sent this many invalid messages in a row will not send a valid one soon. */
const MAX_INVALID_MESSAGES = 50

/** What a session listens to: a `WebSocket` of ws. */
export interface SessionSocket extends ClosableSocket {
  on (event: 'message', listener: (data: Buffer, isBinary: boolean) => void): unknown
  on (event: 'ping' | 'pong', listener: (data: Buffer) => void): unknown
  on (event: 'close', listener: (code: number, reason: Buffer) => void): unknown
  on (event: 'error', listener: (error: Error) => void): unknown
}

export interface SessionContext {
  connections: ConnectionTracker
  feed: Feed
  clock: Clock
  log: Log
  source: 'influxdb' | 'demo'
  intervalMs: number
  heartbeatMs: number
  maxMessageBytes: number
  /** Somebody is there: the poller need not idle. */
  onConnect: () => void
}

/**
 * The trip of one connection. Every listener is attached before this returns (one attached later misses messages),
 * and nothing that is thrown in one gets out of it: that would end the process.
 */
export function openSession (socket: SessionSocket, stream: FrameStream, clientInfo: ClientInfo, context: SessionContext): void {
  const { connections, clock, log } = context
  const connection = connections.add(socket, stream, clientInfo)

  const safely = <Args extends unknown[]>(listener: (...args: Args) => void) => (...args: Args) => {
    try {
      listener(...args)
    } catch (error) {
      connections.recordError(connection, 'INTERNAL')
      log.error({ event: 'listener_failed', connectionId: connection.id, err: error }, 'a listener threw')
      connection.close(closeCodes.internal)
    }
  }

  socket.on('message', safely((data, isBinary) => receive(connection, data, isBinary, context)))
  socket.on('ping', safely((data) => {
    connection.touch(clock.now())
    connection.pong(data)
  }))
  socket.on('pong', safely(() => connection.touch(clock.now())))
  socket.on('error', safely((error) => {
    connections.recordError(connection, error.message)
    log.info({ event: 'socket_error', connectionId: connection.id, detail: error.message }, 'the connection failed')
  }))
  socket.on('close', safely((code, reason) => connections.remove(connection, code, reason.toString())))

  safely(() => greet(connection, context))()
  safely(context.onConnect)()
}

/** Welcome, and at once what is known: from memory, without a query. */
function greet (connection: Connection, context: SessionContext): void {
  const { feed, clock } = context
  connection.send({
    type: 'welcome',
    data: { connectionId: connection.id, message: 'connected to popcast', timestamp: timestamp(clock.now()) },
    protocol: PROTOCOL_VERSION,
    epoch: feed.epoch,
    seq: feed.seq,
    intervalMs: context.intervalMs,
    heartbeatMs: context.heartbeatMs,
    source: context.source,
    limits: { maxMessageBytes: context.maxMessageBytes }
  })
  const update = feed.latest()
  if (update !== null) connection.send(update)
  const error = feed.currentError()
  if (error !== null) connection.send(error)
}

function receive (connection: Connection, data: Buffer, isBinary: boolean, context: SessionContext): void {
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

function answer (connection: Connection, message: ClientMessage, { feed, clock }: SessionContext): void {
  const echo = message.id === undefined ? {} : { id: message.id }
  const position = { epoch: feed.epoch, seq: feed.seq }
  if (message.type === 'ping') {
    const now = timestamp(clock.now())
    connection.send({ type: 'pong', timestamp: now, data: { timestamp: now }, ...position, ...echo })
    return
  }
  if (message.type === 'subscribe') connection.subscribe(message.topics)
  else connection.unsubscribe(message.topics)
  const topics = [...connection.topics]
  const pending = topics.filter((topic) => pendingTopics.includes(topic))
  connection.send({
    type: 'subscription_confirmed',
    topics,
    data: { topics },
    ...position,
    ...(pending.length > 0 && { pendingTopics: pending }),
    ...echo
  })
}

function refuse (connection: Connection, error: ClientMessageError, { connections, clock, log }: SessionContext): void {
  connections.recordError(connection, error.code)
  log.debug({ event: 'invalid_message', connectionId: connection.id, code: error.code, detail: error.message }, 'invalid message')
  connection.send(errorMessage(error.code, error.message, clock.now(), error.id === undefined ? {} : { id: error.id }))
  if (++connection.invalidInARow >= MAX_INVALID_MESSAGES) connection.close(closeCodes.invalidMessages)
}
