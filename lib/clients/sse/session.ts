import type { Grant } from '../../auth/grant.ts'
import type { Wishes } from '../../protocol/connect-query.ts'
import { greet, pong, type ConversationContext } from '../conversation.ts'
import { leave } from '../subscriptions.ts'
import type { ClientInfo } from '../transport.ts'
import type { EventEncoding } from './encodings.ts'
import { SseTransport, type EventSocket, type SseTransportOptions } from './transport.ts'

/** Of a stream that ended by itself: RFC 6455 7.1.5, no code was received. */
const NO_CODE = 1005

/** The socket of a request for an event stream, after the head of the answer. */
export interface SessionSocket extends EventSocket {
  on (event: 'close', listener: () => void): unknown
  on (event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown
}

/** One client, as its request says. */
export interface StreamClient extends Wishes, Pick<SseTransportOptions, 'retryMs'> {
  info: ClientInfo
  grant: Grant
  encoding: EventEncoding
}

export interface StreamContext extends ConversationContext, Pick<SseTransportOptions, 'closeTimeoutMs'> {}

/** The trip of one event stream: what a WebSocket is greeted with, then a `pong` that says so, and from then on the feed. */
export function openStream (socket: SessionSocket, client: StreamClient, context: StreamContext): void {
  const { connections, clock, closeTimeoutMs } = context
  const { encoding, info, grant, retryMs } = client
  const transport = new SseTransport(socket, encoding, { clock, closeTimeoutMs, retryMs })
  const connection = connections.add(transport, info, grant)
  // What is thrown in a listener would end the process.
  const safely = (step: () => void) => {
    try {
      step()
    } catch (error) {
      connections.endDefective(connection, 'listener_failed', error)
    }
  }
  socket.on('error', (error) => safely(() => connections.streamFailed(connection, error)))
  socket.on('close', () => safely(() => {
    transport.closed()
    const { code, reason } = connection.closedBy ?? { code: NO_CODE, reason: '' }
    connections.remove(connection, code, reason)
    leave(connection, context)
  }))
  safely(() => connection.inOnePiece(() => {
    if (encoding.head.length > 0) connection.reply(encoding.head)
    greet(connection, client, context)
    pong(connection, context)
  }))
  safely(context.onConnect)
}
