import type { Cancel, Clock } from '../../clock.ts'
import type { CloseCode } from '../../protocol/close-codes.ts'
import type { ServerMessage } from '../../protocol/server-messages.ts'
import { StreamTransport, type ByteStream } from '../stream-transport.ts'
import type { EventEncoding } from './encodings.ts'
import { encodeEvent } from './event.ts'

/** What events are written to: the socket of the request. */
export interface EventSocket extends ByteStream {
  readonly destroyed: boolean
  end (): unknown
  destroy (): unknown
}

export interface SseTransportOptions {
  clock: Clock
  /** A client that does not read to the end is cut off after so long. */
  closeTimeoutMs: number
  /** After so long a browser comes back by itself. */
  retryMs: number
}

/** Events in the body of a response that does not end, written as they are: what many are sent is encoded once. */
export class SseTransport extends StreamTransport<EventSocket> {
  readonly kind = 'sse'
  readonly answersPings = false
  readonly #encoding: EventEncoding
  readonly #options: SseTransportOptions
  #isClosing = false
  #cancel: Cancel = () => {}

  constructor (stream: EventSocket, encoding: EventEncoding, options: SseTransportOptions) {
    super(stream, encoding)
    this.#encoding = encoding
    this.#options = options
  }

  /** Seen by what lies between, by who reads the bytes, and by nobody else. */
  get ping (): Buffer {
    return this.#encoding.comment
  }

  get isOpen (): boolean {
    return !this.#isClosing && !this.stream.destroyed
  }

  encode (message: ServerMessage): Buffer {
    const retryMs = message.type === 'welcome' ? this.#options.retryMs : undefined
    return this.#encoding.own(encodeEvent(message, Buffer.from(JSON.stringify(message)), retryMs))
  }

  close ({ code, reason }: CloseCode): void {
    const { clock, closeTimeoutMs } = this.#options
    this.stream.write(this.encode({ type: 'close', code, reason }))
    this.#isClosing = true
    this.#cancel = clock.schedule(() => this.terminate(), closeTimeoutMs)
    this.stream.end()
  }

  terminate (): void {
    this.#isClosing = true
    this.closed()
    this.stream.destroy()
  }

  /** The connection has ended. */
  closed (): void {
    this.#cancel()
  }
}
