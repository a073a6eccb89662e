import { closeCodes, type CloseCode } from './close-codes.ts'
import { encodePong, encodeText, PING_FRAME } from './frame.ts'
import type { ServerMessage, Topic } from './protocol.ts'
import type { SharedMessage } from './shared-message.ts'

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
  readonly writableNeedDrain: boolean
  write (frame: Buffer): boolean
  once (event: 'drain', listener: () => void): unknown
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
  /** What messages to this client may be deflated with; 0: they may not. */
  windowBits: number
  socket: ClosableSocket
  stream: FrameStream
  observer: ConnectionObserver
}

/** Who counts. One for all connections; nothing of it may throw. */
export interface ConnectionObserver {
  /** Bytes that may wait for one client; one that has more and asks for more is closed. */
  readonly maxBufferedBytes: number
  /** The write of an update is tried ... */
  attempted (): void
  /** ... and it was handed to the socket. */
  delivered (connection: Connection): void
  /** A slow client missed an update, because a newer one took its place. */
  skipped (connection: Connection): void
  writeFailed (connection: Connection, error: Error): void
}

/**
 * What became of one update for one client: written; held back until its socket has drained; held back in the place
 * of one that is now skipped; or not to be written.
 */
export type Delivery = 'sent' | 'held' | 'skipped' | 'failed'

/** One client: its metadata, its subscription, and the only place that writes to it. Nothing here throws. */
export class Connection {
  readonly id: string
  readonly connectedAt: number
  readonly openedAt: number
  readonly clientInfo: ClientInfo
  readonly windowBits: number
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
  /** Whether the last thing written was an update: then it is one that a failing socket loses. */
  lastWriteWasUpdate = false
  /** Why we closed it, if we did. */
  closedBy: CloseCode | null = null

  #topics: ReadonlySet<Topic> = IMPLICIT_TOPICS
  /** The newest update that waits for the socket to drain. */
  #held: SharedMessage | null = null
  readonly #socket: ClosableSocket
  readonly #stream: FrameStream
  readonly #observer: ConnectionObserver

  constructor (options: ConnectionOptions) {
    this.id = options.id
    this.connectedAt = options.connectedAt
    this.openedAt = options.openedAt
    this.lastActivity = options.connectedAt
    this.clientInfo = options.clientInfo
    this.windowBits = options.windowBits
    this.#socket = options.socket
    this.#stream = options.stream
    this.#observer = options.observer
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
    // It waits for a socket whose client has just said that it does not want it any more.
    if (topics.includes('metrics')) this.#held = null
  }

  get isOpen (): boolean {
    return this.#socket.readyState === OPEN
  }

  /** Bytes that wait in this process for the client to read. The kernel holds some megabytes more before any wait here. */
  get bufferedBytes (): number {
    return this.#stream.writableLength
  }

  /** What was written last has not left this process yet. */
  get isDraining (): boolean {
    return this.#stream.writableNeedDrain
  }

  get isCongested (): boolean {
    return this.bufferedBytes > this.#observer.maxBufferedBytes
  }

  /**
   * Writes an update, or holds it back while the socket has not drained. At most one is held: the latest wins, and
   * the one that is sent at last says how many were missed.
   */
  offer (update: SharedMessage): Delivery {
    if (!this.isDraining) return this.#deliver(update) ? 'sent' : 'failed'
    const replaced = this.#held
    this.#held = update
    if (replaced === null) {
      this.#stream.once('drain', this.#onDrain)
      return 'held'
    }
    this.#skip()
    return 'skipped'
  }

  /** Sends a message to this client alone. One that asks without reading what it is answered is closed as slow. */
  send (message: ServerMessage): void {
    if (this.isCongested) this.close(closeCodes.slowConsumer)
    else this.#write(encodeText(Buffer.from(JSON.stringify(message))))
  }

  /** Answers a ping of the client's: RFC 6455 5.5.3. */
  pong (payload: Buffer): void {
    if (this.isCongested) this.close(closeCodes.slowConsumer)
    else this.#write(encodePong(payload))
  }

  /** Writes a message that many clients share. @returns false when it could not be written */
  sendShared (message: SharedMessage): boolean {
    return this.#write(message.frame(this.windowBits))
  }

  ping (): void {
    this.missedPings++
    if (!this.isCongested) this.#write(PING_FRAME)
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
    this.#held = null
    try {
      this.#socket.close(closeCode.code, closeCode.reason)
    } catch (error) {
      this.#observer.writeFailed(this, error as Error)
      this.terminate()
    }
  }

  /** Cuts the socket off. */
  terminate (): void {
    try {
      this.#socket.terminate()
    } catch (error) {
      this.#observer.writeFailed(this, error as Error)
    }
  }

  readonly #onDrain = () => {
    const update = this.#held
    this.#held = null
    if (update !== null && this.isOpen) this.#deliver(update)
  }

  #deliver (update: SharedMessage): boolean {
    this.#observer.attempted()
    const written = this.#write(update.afterSkipping(this.skippedInARow).frame(this.windowBits), true)
    if (!written) return false
    this.skippedInARow = 0
    this.broadcastCount++
    this.#observer.delivered(this)
    return true
  }

  #skip (): void {
    this.skippedCount++
    this.skippedInARow++
    this.#observer.skipped(this)
  }

  #write (frame: Buffer, isUpdate = false): boolean {
    if (!this.isOpen) return false
    this.lastWriteWasUpdate = isUpdate
    try {
      // Without a callback: it would be one more turn per client and tick. What fails later is the socket's 'error' event.
      this.#stream.write(frame)
      return true
    } catch (error) {
      this.#observer.writeFailed(this, error as Error)
      return false
    }
  }
}
