import { allowsTopic, type Grant } from '../auth/grant.ts'
import type { SharedMessage } from '../feed/shared-message.ts'
import { closeCodes, type CloseCode, type GivenCode } from '../protocol/close-codes.ts'
import type { Topic } from '../protocol/fields.ts'
import type { ServerMessage } from '../protocol/server-messages.ts'
import { Cursor } from './cursor.ts'
import { Outbox, type OutboxObserver, type PopsSubscription, type Recipient } from './outbox.ts'
import { IMPLICIT_TOPICS, NO_TOPICS, withoutTopics, withTopics } from './topics.ts'
import type { ClientInfo, Transport, TransportKind } from './transport.ts'

export interface ConnectionOptions {
  id: string
  /** ms since the epoch, and the same moment on the monotonic clock. */
  connectedAt: number
  openedAt: number
  clientInfo: ClientInfo
  grant: Grant
  transport: Transport
  observer: ConnectionObserver
}

/** Who counts. One for all connections; nothing of it may throw. */
export interface ConnectionObserver extends OutboxObserver<Connection> {
  /** Bytes that may wait for a client; one that has more and asks for more is closed. */
  readonly maxBufferedBytes: number
  readonly keptUpdates: number
  writeFailed (connection: Connection, error: Error): void
}

/** One client: its metadata and counters, its subscription, where it stands in the stream, the way to it. Nothing here throws. */
export class Connection implements Recipient {
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
  /** Updates that it missed because it was slow. */
  skippedCount = 0
  invalidInARow = 0
  /** Nothing is read of it for now, since it asks for more than its budget: a ping would wait unanswered. */
  isPaused = false
  /** Whether the last thing written was an update: then it is one that a failing socket loses. */
  lastWriteWasUpdate = false
  /** Of all that was handed to the transport. */
  bytesSent = 0
  /** What we closed it with, if we did before the client had. */
  closedBy: GivenCode | null = null
  pops: PopsSubscription | null = null
  /** What it may see, and until when. */
  grant: Grant
  /** Where it stands in the stream. */
  readonly cursor: Cursor
  /** What it is sent of the stream. */
  readonly outbox: Outbox<Connection>

  #topics: ReadonlySet<Topic>
  readonly #transport: Transport
  readonly #observer: ConnectionObserver

  constructor ({ id, connectedAt, openedAt, clientInfo, grant, transport, observer }: ConnectionOptions) {
    this.id = id
    this.connectedAt = connectedAt
    this.openedAt = openedAt
    this.lastActivity = connectedAt
    this.clientInfo = clientInfo
    this.grant = grant
    this.#topics = allowsTopic(grant, 'metrics') ? IMPLICIT_TOPICS : NO_TOPICS
    this.#transport = transport
    this.#observer = observer
    this.cursor = new Cursor(observer.keptUpdates)
    this.outbox = new Outbox<Connection>(this, observer)
  }

  get topics (): ReadonlySet<Topic> {
    return this.#topics
  }

  /** Adds topics. The first time they take the place of the implicit subscription. */
  subscribe (topics: readonly Topic[]): void {
    this.#topics = withTopics(this.#topics, topics)
  }

  unsubscribe (topics: readonly Topic[]): void {
    this.#topics = withoutTopics(this.#topics, topics)
  }

  get kind (): TransportKind {
    return this.#transport.kind
  }

  /** What it is sent is encoded with, by name. */
  get encoding (): string {
    return this.#transport.encoding.name
  }

  get isOpen (): boolean {
    return this.#transport.isOpen
  }

  get isDraining (): boolean {
    return this.#transport.isDraining
  }

  get bufferedBytes (): number {
    return this.#transport.bufferedBytes
  }

  get maxBufferedBytes (): number {
    return this.#observer.maxBufferedBytes
  }

  get isCongested (): boolean {
    return this.bufferedBytes > this.maxBufferedBytes
  }

  /** Sends a message to this client alone. One that asks without reading what it is answered is closed as slow. */
  send (message: ServerMessage): void {
    this.reply(this.#transport.encode(message))
  }

  /** Sends a message that many clients share. @returns false when it could not be written */
  sendShared (message: SharedMessage): boolean {
    return this.reply(message.as(this.#transport.encoding))
  }

  /** Sends an update; that so much waits already was found out before. @returns false when it could not be written */
  sendUpdate (message: SharedMessage): boolean {
    return this.#write(message.as(this.#transport.encoding), true)
  }

  /** Writes bytes as they are, unless the client has left too much unread. */
  reply (bytes: Buffer): boolean {
    if (!this.isCongested) return this.#write(bytes)
    this.close(closeCodes.slowConsumer)
    return false
  }

  /** Runs `write` so that all that it writes leaves in one piece. */
  inOnePiece <T> (write: () => T): T {
    return this.#transport.inOnePiece(write)
  }

  onceDrained (listener: () => void): void {
    this.#transport.onceDrained(listener)
  }

  ping (): void {
    if (this.#transport.answersPings) this.missedPings++
    if (!this.isCongested) this.#write(this.#transport.ping)
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

  /** Tells the client why, and that is the last that it is told. */
  close (closeCode: CloseCode): void {
    this.outbox.clear()
    if (!this.isOpen) return
    this.closedBy = closeCode
    if (!this.#attempt(() => this.#transport.close(closeCode))) this.terminate()
  }

  /** Cuts it off. */
  terminate (): void {
    this.#attempt(() => this.#transport.terminate())
  }

  #write (bytes: Buffer, isUpdate = false): boolean {
    this.lastWriteWasUpdate = isUpdate
    if (!this.isOpen) return false
    // Not by `attempt`: it would make a function for each frame.
    try {
      this.#transport.write(bytes)
    } catch (error) {
      return this.#failed(error)
    }
    this.bytesSent += bytes.length
    return true
  }

  #attempt (step: () => void): boolean {
    try {
      step()
      return true
    } catch (error) {
      return this.#failed(error)
    }
  }

  #failed (error: unknown): false {
    this.#observer.writeFailed(this, error instanceof Error ? error : new Error(String(error)))
    return false
  }
}
