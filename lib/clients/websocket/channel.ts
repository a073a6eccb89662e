import { closeCodes, type CloseCode } from '../../protocol/close-codes.ts'
import { encodePong, encodeText, PING_FRAME } from './frame.ts'
import type { ServerMessage } from '../../protocol/server-messages.ts'
import type { SharedMessage } from '../../feed/shared-message.ts'

const OPEN = 1

/** What a channel needs of a WebSocket: closing it. */
export interface ClosableSocket {
  readonly readyState: number
  close (code: number, reason: string): void
  terminate (): void
}

/** What a channel writes its frames to: the socket of the upgrade request. */
export interface FrameStream {
  readonly writableLength: number
  readonly writableNeedDrain: boolean
  write (frame: Buffer): boolean
  cork (): void
  uncork (): void
  once (event: 'drain', listener: () => void): unknown
}

/** The way to one client, and the only place that writes to it. Nothing here throws. */
export abstract class Channel {
  /** Why we closed it, if we did. */
  closedBy: CloseCode | null = null
  /** What messages to this client may be deflated with; 0: they may not. */
  readonly windowBits: number
  /** Of all frames that were handed to the socket. */
  bytesSent = 0
  protected readonly stream: FrameStream
  readonly #socket: ClosableSocket

  constructor (socket: ClosableSocket, stream: FrameStream, windowBits: number) {
    this.#socket = socket
    this.stream = stream
    this.windowBits = windowBits
  }

  /** Bytes that may wait for this client; one that has more and asks for more is closed. */
  abstract get maxBufferedBytes (): number
  /** Something could not be written. */
  protected abstract failed (error: Error): void

  get isOpen (): boolean {
    return this.#socket.readyState === OPEN
  }

  /** Bytes that wait in this process for the client to read. The kernel holds some megabytes more before any wait here. */
  get bufferedBytes (): number {
    return this.stream.writableLength
  }

  /** What was written last has not left this process yet. */
  get isDraining (): boolean {
    return this.stream.writableNeedDrain
  }

  get isCongested (): boolean {
    return this.bufferedBytes > this.maxBufferedBytes
  }

  /** Sends a message to this client alone. One that asks without reading what it is answered is closed as slow. */
  send (message: ServerMessage): void {
    this.#sendFrame(encodeText(Buffer.from(JSON.stringify(message))))
  }

  /** Sends a message that many clients share. @returns false when it could not be written */
  sendShared (message: SharedMessage): boolean {
    return this.#sendFrame(message.frame(this.windowBits))
  }

  /** Answers a ping of the client's: RFC 6455 5.5.3. */
  pong (payload: Buffer): void {
    this.#sendFrame(encodePong(payload))
  }

  protected writePing (): void {
    if (!this.isCongested) this.write(PING_FRAME)
  }

  /** Starts the closing handshake; the WebSocket library destroys the socket when the client does not complete it in time. */
  close (closeCode: CloseCode): void {
    if (!this.isOpen) return
    this.closedBy = closeCode
    try {
      this.#socket.close(closeCode.code, closeCode.reason)
    } catch (error) {
      this.failed(error as Error)
      this.terminate()
    }
  }

  /** Cuts the socket off. */
  terminate (): void {
    try {
      this.#socket.terminate()
    } catch (error) {
      this.failed(error as Error)
    }
  }

  protected write (frame: Buffer): boolean {
    if (!this.isOpen) return false
    try {
      // Without a callback: it would be one more turn per client and tick. What fails later is the socket's 'error' event.
      this.stream.write(frame)
      this.bytesSent += frame.length
      return true
    } catch (error) {
      this.failed(error as Error)
      return false
    }
  }

  #sendFrame (frame: Buffer): boolean {
    if (!this.isCongested) return this.write(frame)
    this.close(closeCodes.slowConsumer)
    return false
  }
}
