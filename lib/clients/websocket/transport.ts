import type { Encoding } from '../../feed/shared-message.ts'
import type { CloseCode } from '../../protocol/close-codes.ts'
import type { ServerMessage } from '../../protocol/server-messages.ts'
import { StreamTransport, type ByteStream } from '../stream-transport.ts'
import { PLAIN } from './encodings.ts'
import { encodeText, PING_FRAME } from './frame.ts'

const OPEN = 1

/**
 * What the transport needs of a WebSocket: closing it. The library destroys its
 * socket when the client does not complete the handshake in time.
 */
export interface ClosableSocket {
  readonly readyState: number
  close (code: number, reason: string): void
  terminate (): void
  /** Goes on reading from the client, if that was stopped. */
  resume (): void
}

/**
 * Frames of RFC 6455, written to the socket of the upgrade request itself: what many are sent is
 * encoded once, which a WebSocket's own `send` cannot do.
 */
export class WebSocketTransport extends StreamTransport<ByteStream> {
  readonly kind = 'websocket'
  readonly answersPings = true
  readonly #socket: ClosableSocket

  constructor (socket: ClosableSocket, stream: ByteStream, encoding: Encoding = PLAIN) {
    super(stream, encoding)
    this.#socket = socket
  }

  get ping (): Buffer {
    return PING_FRAME
  }

  get isOpen (): boolean {
    return this.#socket.readyState === OPEN
  }

  encode (message: ServerMessage): Buffer {
    return encodeText(Buffer.from(JSON.stringify(message)))
  }

  close ({ code, reason }: CloseCode): void {
    this.#socket.close(code, reason)
    // Else its goodbye would wait unread.
    this.#socket.resume()
  }

  terminate (): void {
    this.#socket.terminate()
  }
}
