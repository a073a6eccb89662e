import { Channel, type ClosableSocket, type FrameStream } from './websocket/channel.ts'
import type { CloseCode } from '../protocol/close-codes.ts'
import type { PopsFilter } from '../feed/pops-filter.ts'
import type { Topic } from '../protocol/server-messages.ts'
import type { SharedMessage } from '../feed/shared-message.ts'
import type { Tick } from '../feed/tick.ts'

/** What a client gets that never subscribes. Shared, so that it costs nothing per connection. */
const IMPLICIT_TOPICS: ReadonlySet<Topic> = new Set(['metrics'])

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
  /** See `agreedWindowBits`. */
  windowBits: number
  socket: ClosableSocket
  stream: FrameStream
  observer: ConnectionObserver
}

/** Who counts. One for all connections; nothing of it may throw. */
export interface ConnectionObserver {
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
 * What became of one tick for one client: written; held back until its socket has drained; held back in the place
 * of one that is now skipped; or not to be written.
 */
export type Delivery = 'sent' | 'held' | 'skipped' | 'failed'

/** Which PoPs a client wants, and whether only what has changed. */
export interface PopsSubscription {
  filter: PopsFilter
  delta: boolean
}

/** One client: its metadata, its subscription, and where it stands in the stream. */
export class Connection extends Channel {
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
  /** Whether the last thing written was an update: then it is one that a failing socket loses. */
  lastWriteWasUpdate = false
  /** The last tick of which it was sent the message of each topic: it gets no tick twice. */
  seqs: Record<Topic, number> = { metrics: 0, alerts: 0, pops: 0 }
  pops: PopsSubscription | null = null

  /** The first update of the metrics that it was sent. */
  #firstMetricsSeq = Infinity
  #topics: ReadonlySet<Topic> = IMPLICIT_TOPICS
  /** The newest tick that waits for the socket to drain. */
  #held: Tick | null = null
  readonly #observer: ConnectionObserver

  constructor (options: ConnectionOptions) {
    super(options.socket, options.stream, options.windowBits)
    this.id = options.id
    this.connectedAt = options.connectedAt
    this.openedAt = options.openedAt
    this.lastActivity = options.connectedAt
    this.clientInfo = options.clientInfo
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
  }

  /**
   * Writes what the client wants of a tick, in one piece. Its alerts are written in any case; of the updates at most
   * one is held back while the socket has not drained: the latest wins, and the one that is sent at last says how
   * many were missed.
   * @returns null when there is nothing in it for this client
   */
  offer (tick: Tick): Delivery | null {
    const alerts = this.#wants('alerts', tick) && tick.alerts.length > 0
    const update = this.#wantsUpdate(tick)
    if (!alerts) return update ? this.#offerUpdate(tick) : null
    this.stream.cork()
    const alerted = tick.alerts.every((alert) => this.sendShared(alert))
    this.seqs.alerts = tick.seq
    const delivery = update ? this.#offerUpdate(tick) : null
    this.stream.uncork()
    return delivery ?? (alerted ? 'sent' : 'failed')
  }

  ping (): void {
    this.missedPings++
    this.writePing()
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

  override close (closeCode: CloseCode): void {
    this.#held = null
    super.close(closeCode)
  }

  /** Whether it was sent the update of this seq, or told that it missed it. */
  hadMetrics (seq: number): boolean {
    return seq >= this.#firstMetricsSeq && seq <= this.seqs.metrics
  }

  /** Sends one update of the metrics: the tick's, or the same one from the log. */
  sendMetrics ({ seq, metrics }: { seq: number, metrics: SharedMessage }): boolean {
    this.#firstMetricsSeq = Math.min(this.#firstMetricsSeq, seq)
    this.seqs.metrics = Math.max(this.seqs.metrics, seq)
    return this.#writeUpdate(metrics)
  }

  /** Sends the PoPs as they are after this tick: all of them, or what has changed since the last ones it was sent. */
  sendPops (tick: Tick): boolean {
    if (this.pops === null) return true
    const { filter, delta } = this.pops
    const message = delta ? tick.popsSince(this.seqs.pops, filter) : tick.pops(filter)
    this.seqs.pops = tick.seq
    return this.#writeUpdate(message)
  }

  override get maxBufferedBytes (): number {
    return this.#observer.maxBufferedBytes
  }

  protected override failed (error: Error): void {
    this.#observer.writeFailed(this, error)
  }

  protected override write (frame: Buffer): boolean {
    this.lastWriteWasUpdate = false
    return super.write(frame)
  }

  #writeUpdate (message: SharedMessage): boolean {
    this.lastWriteWasUpdate = true
    return super.write(message.afterSkipping(this.skippedInARow).frame(this.windowBits))
  }

  #wants (topic: Topic, { seq }: Tick): boolean {
    return this.#topics.has(topic) && seq > this.seqs[topic]
  }

  #wantsUpdate (tick: Tick): boolean {
    return this.#wants('metrics', tick) || this.#wants('pops', tick)
  }

  #offerUpdate (tick: Tick): Delivery {
    if (!this.isDraining) return this.#deliver(tick) ? 'sent' : 'failed'
    const replaced = this.#held
    this.#held = tick
    if (replaced === null) this.stream.once('drain', this.#onDrain)
    // It may have been sent what it asked for meanwhile: then nothing is lost.
    if (replaced === null || !this.#wantsUpdate(replaced)) return 'held'
    this.skippedCount++
    this.skippedInARow++
    this.#observer.skipped(this)
    return 'skipped'
  }

  readonly #onDrain = () => {
    const tick = this.#held
    this.#held = null
    // It may have unsubscribed, or asked for the newest by itself, meanwhile.
    if (tick !== null && this.isOpen && this.#wantsUpdate(tick)) this.#deliver(tick)
  }

  #deliver (tick: Tick): boolean {
    this.#observer.attempted()
    if (!(this.#wants('pops', tick) ? this.#deliverWithPops(tick) : this.sendMetrics(tick))) return false
    this.skippedInARow = 0
    this.broadcastCount++
    this.#observer.delivered(this)
    return true
  }

  #deliverWithPops (tick: Tick): boolean {
    this.stream.cork()
    const sent = this.sendPops(tick) && (!this.#wants('metrics', tick) || this.sendMetrics(tick))
    this.stream.uncork()
    return sent
  }
}
