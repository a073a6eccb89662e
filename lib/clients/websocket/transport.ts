import type { Encoding } from '../../feed/shared-message.ts'
import type { CloseCode } from '../../protocol/close-codes.ts'
import type { ServerMessage } from '../../protocol/server-messages.ts'
import type { Transport } from '../transport.ts'
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

/** What frames are written to: the socket of the upgrade request. */
export interface FrameStream {
  readonly writableLength: number
  readonly writableNeedDrain: boolean
  write (frame: Buffer): boolean
  cork (): void
  uncork (): void
  once (event: 'drain', listener: () => void): unknown
}

/**
 * Frames of RFC 6455, written to the socket itself: what many are sent is
 * encoded once, which a WebSocket's own `send` cannot do.
 */
export class WebSocketTransport implements Transport {
  readonly encoding: Encoding
  readonly #socket: ClosableSocket
  readonly #stream: FrameStream
  /** Bytes that waited before what is being put together; null: nothing is. */
  #waitedBefore: number | null = null

  constructor (socket: ClosableSocket, stream: FrameStream, encoding: Encoding = PLAIN) {
    this.#socket = socket
    this.#stream = stream
    this.encoding = encoding
  }

  get ping (): Buffer {
    return PING_FRAME
  }

  get isOpen (): boolean {
    return this.#socket.readyState === OPEN
  }

  get bufferedBytes (): number {
    // What leaves in one piece with this has had no chance to be read yet.
    return this.#waitedBefore ?? this.#stream.writableLength
  }

  get isDraining (): boolean {
    return this.#stream.writableNeedDrain
  }

  encode (message: ServerMessage): Buffer {
    return encodeText(Buffer.from(JSON.stringify(message)))
  }

  /** Without a callback: it would be one more turn per client and tick. What fails later is the socket's 'error' event. */
  write (frame: Buffer): void {
    this.#stream.write(frame)
  }

  inOnePiece <T> (write: () => T): T {
    const outer = this.#waitedBefore
    this.#waitedBefore = outer ?? this.#stream.writableLength
    this.#stream.cork()
    try {
      return write()
    } finally {
      this.#waitedBefore = outer
      this.#stream.uncork()
    }
  }

  onceDrained (listener: () => void): void {
    this.#stream.once('drain', listener)
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
