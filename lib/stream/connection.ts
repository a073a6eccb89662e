import { closeCodes, type CloseCode } from './close-codes.ts'
import { encodePong, encodeText, PING_FRAME } from './frame.ts'
import type { ServerMessage, Topic } from './protocol.ts'

const OPEN = 1

/** What a client gets that never subscribes. Shared, so that it costs nothing per connection. */
const IMPLICIT_TOPICS: ReadonlySet<Topic> = new Set(['metrics'])

/** What a connection needs of a WebSocket: closing it. */
export interface ClosableSocket {
  readonly readyState: number
  close (code: number, reason: string): void
  terminate (): void
}

/** What a connection writes its frames to: the socket of the upgrade request. */
export interface FrameStream {
  readonly writableLength: number
  write (frame: Buffer, callback: (error?: Error | null) => void): boolean
}

/** From the upgrade request. */
export interface ClientInfo {
  userAgent: string
  ip: string
}

export interface ConnectionOptions {
  id: string
  /** ms since the epoch. */
  connectedAt: number
  /** The same moment on the monotonic clock. */
  openedAt: number
  clientInfo: ClientInfo
  socket: ClosableSocket
  stream: FrameStream
  /** Bytes that may wait for this client; above, updates are skipped and answers end the connection. */
  maxBufferedBytes: number
  /** A write that failed, at once or later; `isUpdate` tells whether it was one of an update. Must not throw. */
  onWriteError: (connection: Connection, error: Error, isUpdate: boolean) => void
}

/** One client: its metadata, its subscription, and the only place that writes to it. Nothing here throws. */
export class Connection {
  readonly id: string
  readonly connectedAt: number
  readonly openedAt: number
  readonly clientInfo: ClientInfo
  broadcastCount = 0
  errorCount = 0
  writeErrorCount = 0
  lastBroadcast: number | null = null
  lastError: string | null = null
  /** When anything last came from the client. */
  lastActivity: number
  /** Our pings since then that were not answered. */
  missedPings = 0
  /** Updates that it missed because it was slow: in all, and since the last one it was sent. */
  skippedCount = 0
  skippedInARow = 0
  invalidInARow = 0
  /** Why we closed it, if we did. */
  closedBy: CloseCode | null = null

  #topics: ReadonlySet<Topic> = IMPLICIT_TOPICS
  readonly #socket: ClosableSocket
  readonly #stream: FrameStream
  readonly #maxBufferedBytes: number
  readonly #onWriteError: ConnectionOptions['onWriteError']
  readonly #onWritten = (error?: Error | null) => {
    if (error) this.#onWriteError(this, error, false)
  }

  readonly #onUpdateWritten = (error?: Error | null) => {
    if (error) this.#onWriteError(this, error, true)
  }

  constructor (options: ConnectionOptions) {
    this.id = options.id
    this.connectedAt = options.connectedAt
    this.openedAt = options.openedAt
    this.lastActivity = options.connectedAt
    this.clientInfo = options.clientInfo
    this.#socket = options.socket
    this.#stream = options.stream
    this.#maxBufferedBytes = options.maxBufferedBytes
    this.#onWriteError = options.onWriteError
  }

  get topics (): ReadonlySet<Topic> {
    return this.#topics
  }

  /** Adds topics. The first time they take the place of the implicit subscription. */
  subscribe (topics: readonly Topic[]): void {
    this.#topics = new Set([...(this.#topics === IMPLICIT_TOPICS ? [] : this.#topics), ...topics])
  }

  unsubscribe (topics: readonly Topic[]): void {
    if (!topics.some((topic) => this.#topics.has(topic))) return
    this.#topics = new Set([...this.#topics].filter((topic) => !topics.includes(topic)))
  }

  get isOpen (): boolean {
    return this.#socket.readyState === OPEN
  }

  /** Bytes that wait in this process for the client to read. The kernel holds some megabytes more before any wait here. */
  get bufferedBytes (): number {
    return this.#stream.writableLength
  }

  get isCongested (): boolean {
    return this.bufferedBytes > this.#maxBufferedBytes
  }

  /** Sends a message to this client alone. One that asks without reading what it is answered is closed as slow. */
  send (message: ServerMessage): void {
    if (this.isCongested) this.close(closeCodes.slowConsumer)
    else this.#write(encodeText(JSON.stringify(message)), this.#onWritten)
  }

  /** Answers a ping of the client's: RFC 6455 5.5.3. */
  pong (payload: Buffer): void {
    if (this.isCongested) this.close(closeCodes.slowConsumer)
    else this.#write(encodePong(payload), this.#onWritten)
  }

  /** Writes a frame that many clients share. @returns false when it could not be written */
  sendShared (frame: Buffer): boolean {
    return this.#write(frame, this.#onWritten)
  }

  /** Writes an update, shared as well. @returns false when it could not be written */
  sendUpdate (frame: Buffer): boolean {
    return this.#write(frame, this.#onUpdateWritten)
  }

  ping (): void {
    this.missedPings++
    if (!this.isCongested) this.#write(PING_FRAME, this.#onWritten)
  }

  /** The client gave a sign of life. */
  touch (now: number): void {
    this.lastActivity = now
    this.missedPings = 0
  }

  recordError (error: string): void {
    this.errorCount++
    this.lastError = error
  }

  /** Starts the closing handshake; the WebSocket library destroys the socket when the client does not complete it in time. */
  close (closeCode: CloseCode): void {
    if (!this.isOpen) return
    this.closedBy = closeCode
    try {
      this.#socket.close(closeCode.code, closeCode.reason)
    } catch (error) {
      this.#onWritten(error as Error)
      this.terminate()
    }
  }

  /** Cuts the socket off. */
  terminate (): void {
    try {
      this.#socket.terminate()
    } catch (error) {
      this.#onWritten(error as Error)
    }
  }

  #write (frame: Buffer, callback: (error?: Error | null) => void): boolean {
    if (!this.isOpen) return false
    try {
      this.#stream.write(frame, callback)
      return true
    } catch (error) {
      callback(error as Error)
      return false
    }
  }
}
