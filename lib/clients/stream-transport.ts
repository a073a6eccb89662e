import type { Encoding } from '../feed/shared-message.ts'
import type { CloseCode } from '../protocol/close-codes.ts'
import type { ServerMessage } from '../protocol/server-messages.ts'
import type { Transport, TransportKind } from './transport.ts'

/** What bytes are written to. */
export interface ByteStream {
  readonly writableLength: number
  readonly writableNeedDrain: boolean
  write (bytes: Buffer): boolean
  cork (): void
  uncork (): void
  once (event: 'drain', listener: () => void): unknown
}

/** A way to a client over a stream of bytes; what the bytes look like, and how it ends, is for each kind to say. */
export abstract class StreamTransport<Stream extends ByteStream> implements Transport {
  abstract readonly kind: TransportKind
  abstract readonly answersPings: boolean
  abstract readonly ping: Buffer
  abstract readonly isOpen: boolean
  readonly encoding: Encoding
  protected readonly stream: Stream
  /** Bytes that waited before what is being put together; null: nothing is. */
  #waitedBefore: number | null = null

  constructor (stream: Stream, encoding: Encoding) {
    this.stream = stream
    this.encoding = encoding
  }

  abstract encode (message: ServerMessage): Buffer
  abstract close (code: CloseCode): void
  abstract terminate (): void

  get bufferedBytes (): number {
    // What leaves in one piece with this has had no chance to be read yet.
    return this.#waitedBefore ?? this.stream.writableLength
  }

  get isDraining (): boolean {
    return this.stream.writableNeedDrain
  }

  /** Without a callback: it would be one more turn per client and tick. What fails later is the stream's 'error' event. */
  write (bytes: Buffer): void {
    this.stream.write(bytes)
  }

  inOnePiece <T> (write: () => T): T {
    const outer = this.#waitedBefore
    this.#waitedBefore = outer ?? this.stream.writableLength
    this.stream.cork()
    try {
      return write()
    } finally {
      this.#waitedBefore = outer
      this.stream.uncork()
    }
  }

  onceDrained (listener: () => void): void {
    this.stream.once('drain', listener)
  }
}
