import { Channel, type ClosableSocket, type FrameStream } from './websocket/channel.ts'
import type { CloseCode } from '../protocol/close-codes.ts'
import type { PopsFilter } from '../feed/pops-filter.ts'
import type { Topic } from '../protocol/server-messages.ts'
import type { SharedMessage } from '../feed/shared-message.ts'
import type { Tick } from '../feed/tick.ts'
import type { LogEntry } from '../feed/update-log.ts'
import { Cursor } from './cursor.ts'

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
  readonly keptUpdates: number
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
  /** Updates that it missed because it was slow. */
  skippedCount = 0
  invalidInARow = 0
  /** Whether the last thing written was an update: then it is one that a failing socket loses. */
  lastWriteWasUpdate = false
  /** Where it stands in the stream. */
  readonly cursor: Cursor
  pops: PopsSubscription | null = null

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
    this.cursor = new Cursor(options.observer.keptUpdates)
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

  /** Updates that wait to be told as skipped with the one that is held back. */
  get skippedInARow (): number {
    return this.#held === null ? 0 : this.cursor.skippedBefore(this.#held.seq)
  }

  /**
   * Writes what the client wants of a tick, in one piece: alerts, metrics, PoPs. Its alerts are written in any case; of the
   * updates at most one is held back while the socket has not drained: the latest wins, and the one that is sent at last
   * says how many were missed.
   * @returns null when there is nothing in it for this client
   */
  offer (tick: Tick): Delivery | null {
    // Corking costs something: most ticks are one frame for most clients.
    const alerts = this.#wants('alerts', tick) && tick.alerts.alerts.length > 0
    if (alerts) this.stream.cork()
    const alerted = this.#wants('alerts', tick) ? this.sendAlerts(tick) : null
    const delivery = this.#wantsUpdate(tick) ? this.#offerUpdate(tick) : null
    if (alerts) this.stream.uncork()
    const waits = this.#held !== null && this.topics.has('metrics')
    if (!waits && alerted !== false && delivery !== 'failed') this.cursor.reach(tick.seq)
    if (delivery !== null || !alerts) return delivery
    return alerted === true ? 'sent' : 'failed'
  }

  /** Sends the alerts of a tick: as they come, or from the log. @returns false when one could not be written */
  sendAlerts ({ seq, alerts }: Pick<LogEntry, 'seq' | 'alerts'>): boolean {
    const sent = alerts.alerts.length === 0 ||
      alerts.at(this.cursor.seq, !this.topics.has('metrics')).every((alert) => this.sendShared(alert))
    this.cursor.sentAlerts(seq)
    return sent
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

  /** Sends one update of the metrics: the tick's, or the same one from the log. */
  sendMetrics ({ seq, metrics }: Pick<LogEntry, 'seq' | 'metrics'>, skipped = 0): boolean {
    this.cursor.sentMetrics(seq)
    return this.#writeUpdate(metrics, skipped)
  }

  /** Sends the PoPs as they are after this tick: all of them, or what has changed since the last ones it was sent. */
  sendPops (tick: Tick, skipped = 0): boolean {
    if (this.pops === null) return true
    const { filter, delta } = this.pops
    const message = delta ? tick.popsSince(this.cursor.pops, filter) : tick.pops(filter)
    this.cursor.sentPops(tick.seq)
    return this.#writeUpdate(message, skipped)
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

  #writeUpdate (message: SharedMessage, skipped: number): boolean {
    this.lastWriteWasUpdate = true
    return super.write(message.afterSkipping(skipped).frame(this.windowBits))
  }

  #wants (topic: Topic, { seq }: Tick): boolean {
    return this.#topics.has(topic) && seq > this.cursor[topic]
  }

  #wantsUpdate (tick: Tick): boolean {
    return this.#wants('metrics', tick) || this.#wants('pops', tick)
  }

  #offerUpdate (tick: Tick): Delivery {
    if (!this.isDraining) return this.#deliver(tick) ? 'sent' : 'failed'
    const replaced = this.#held
    if (replaced?.seq === tick.seq) return 'held'
    this.#held = tick
    if (replaced === null) this.stream.once('drain', this.#onDrain)
    // It may have been sent what it asked for meanwhile: then nothing is lost.
    if (replaced === null || !this.#wantsUpdate(replaced)) return 'held'
    this.skippedCount++
    this.#observer.skipped(this)
    return 'skipped'
  }

  readonly #onDrain = () => {
    const tick = this.#held
    this.#held = null
    // It may have unsubscribed, or asked for the newest by itself, meanwhile.
    if (tick !== null && this.isOpen && (!this.#wantsUpdate(tick) || this.#deliver(tick))) this.cursor.reach(tick.seq)
  }

  /** The rule of a tick's order, for everybody who sends its updates: the metrics, then the PoPs. */
  #deliver (tick: Tick): boolean {
    this.#observer.attempted()
    const skipped = this.cursor.skippedBefore(tick.seq)
    const metrics = this.#wants('metrics', tick)
    const pops = this.#wants('pops', tick)
    if (metrics && pops) this.stream.cork()
    const sent = (!metrics || this.sendMetrics(tick, skipped)) && (!pops || this.sendPops(tick, skipped))
    if (metrics && pops) this.stream.uncork()
    if (!sent) return false
    this.broadcastCount++
    this.#observer.delivered(this)
    return true
  }
}
