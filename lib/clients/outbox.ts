import type { Grant } from '../auth/grant.ts'
import type { PopsFilter } from '../feed/pops-filter.ts'
import type { SharedMessage } from '../feed/shared-message.ts'
import type { DeltaKind, Tick } from '../feed/tick.ts'
import type { LogEntry } from '../feed/update-log.ts'
import type { Topic } from '../protocol/fields.ts'
import type { Cursor } from './cursor.ts'

/**
 * What became of one tick for one client: written; held back until its socket has drained; held back in the place
 * of one that is now skipped; or not to be written.
 */
export type Delivery = 'sent' | 'held' | 'skipped' | 'failed'

/** Which PoPs a client wants, and of them only what has changed; null: all of it each time. */
export interface PopsSubscription {
  filter: PopsFilter
  delta: DeltaKind | null
}

/** Whose outbox it is. */
export interface Recipient {
  readonly topics: ReadonlySet<Topic>
  /** What it may see. */
  readonly grant: Grant
  readonly pops: PopsSubscription | null
  readonly cursor: Cursor
  readonly isOpen: boolean
  readonly isDraining: boolean
  broadcastCount: number
  skippedCount: number
  sendShared (message: SharedMessage): boolean
  sendUpdate (message: SharedMessage): boolean
  inOnePiece <T> (write: () => T): T
  onceDrained (listener: () => void): void
}

/** Who counts what becomes of updates. */
export interface OutboxObserver<Owner> {
  /** The write of an update is tried ... */
  attempted (): void
  /** ... and it was handed to the transport. */
  delivered (owner: Owner): void
  /** A slow client missed an update, because a newer one took its place. */
  skipped (owner: Owner): void
  /** Something of ours threw while what waited was made for this client. */
  defective (owner: Owner, error: unknown): void
}

/**
 * What of the stream is on its way to one client. Alerts are written in any case; of the updates at most one waits while
 * what was written before has not left this process: the latest wins, and the one that is sent at last says how many were missed.
 */
export class Outbox<Owner extends Recipient> {
  readonly #owner: Owner
  readonly #observer: OutboxObserver<Owner>
  /** The newest tick that waits. */
  #held: Tick | null = null

  constructor (owner: Owner, observer: OutboxObserver<Owner>) {
    this.#owner = owner
    this.#observer = observer
  }

  /** Updates that wait to be told as skipped with the one that is held back. */
  get skippedInARow (): number {
    return this.#held === null ? 0 : this.#owner.cursor.skippedBefore(this.#held.seq)
  }

  /** What waits is sent to nobody. */
  clear (): void {
    this.#held = null
  }

  /**
   * Writes what the client wants of a tick: alerts, metrics, PoPs.
   * @returns null when there is nothing in it for this client
   */
  offer (tick: Tick): Delivery | null {
    const alerts = this.#wants('alerts', tick) && this.#visible(tick).alerts.length > 0
    // Corking costs something: most ticks are one frame for most clients.
    return alerts ? this.#owner.inOnePiece(() => this.#offer(tick, alerts)) : this.#offer(tick, alerts)
  }

  /** Sends the alerts of a tick: as they come, or from the log. @returns false when one could not be written */
  sendAlerts (entry: Pick<LogEntry, 'seq' | 'alerts'>): boolean {
    const { cursor, topics } = this.#owner
    const alerts = this.#visible(entry)
    const sent = alerts.alerts.length === 0 ||
      alerts.at(cursor.seq, !topics.has('metrics')).every((alert) => this.#owner.sendShared(alert))
    cursor.sentAlerts(entry.seq)
    return sent
  }

  /** Sends one update of the metrics: the tick's, or the same one from the log. */
  sendMetrics ({ seq, metrics }: Pick<LogEntry, 'seq' | 'metrics'>, skipped = 0): boolean {
    this.#owner.cursor.sentMetrics(seq)
    return this.#owner.sendUpdate(metrics.afterSkipping(skipped))
  }

  /** Sends the PoPs as they are after this tick: all of them, or what has changed since the last ones it was sent. */
  sendPops (tick: Tick, skipped = 0): boolean {
    const { pops, cursor } = this.#owner
    if (pops === null) return true
    const { filter, delta } = pops
    const message = delta === null ? tick.pops(filter) : tick.popsSince(cursor.pops, filter, delta)
    cursor.sentPops(tick.seq)
    return this.#owner.sendUpdate(message.afterSkipping(skipped))
  }

  #offer (tick: Tick, alerts: boolean): Delivery | null {
    const { cursor, topics } = this.#owner
    const alerted = this.#wants('alerts', tick) ? this.sendAlerts(tick) : null
    const delivery = this.#wantsUpdate(tick) ? this.#offerUpdate(tick) : null
    const waits = this.#held !== null && topics.has('metrics')
    if (!waits && alerted !== false && delivery !== 'failed') cursor.reach(tick.seq)
    if (delivery !== null || !alerts) return delivery
    return alerted === true ? 'sent' : 'failed'
  }

  #visible ({ alerts }: Pick<LogEntry, 'alerts'>): LogEntry['alerts'] {
    return alerts.within(this.#owner.grant.pops)
  }

  #wants (topic: Topic, { seq, content }: Tick): boolean {
    const { topics, cursor } = this.#owner
    return topics.has(topic) && seq > cursor[topic] && !(topic === 'pops' && content.isPast)
  }

  #wantsUpdate (tick: Tick): boolean {
    return this.#wants('metrics', tick) || this.#wants('pops', tick)
  }

  #offerUpdate (tick: Tick): Delivery {
    if (!this.#owner.isDraining) return this.#deliver(tick) ? 'sent' : 'failed'
    const replaced = this.#held
    if (replaced?.seq === tick.seq) return 'held'
    this.#held = tick
    if (replaced === null) this.#owner.onceDrained(this.#onDrained)
    // It may have been sent what it asked for meanwhile: then nothing is lost.
    if (replaced === null || !this.#wantsUpdate(replaced)) return 'held'
    this.#owner.skippedCount++
    this.#observer.skipped(this.#owner)
    return 'skipped'
  }

  /** A listener of the socket's: what throws in it would end the process. */
  readonly #onDrained = () => {
    const tick = this.#held
    this.#held = null
    if (tick === null || !this.#owner.isOpen) return
    try {
      // It may have unsubscribed, or asked for the newest by itself, meanwhile.
      if (!this.#wantsUpdate(tick) || this.#deliver(tick)) this.#owner.cursor.reach(tick.seq)
    } catch (error) {
      this.#observer.defective(this.#owner, error)
    }
  }

  #deliver (tick: Tick): boolean {
    this.#observer.attempted()
    const isOne = !(this.#wants('metrics', tick) && this.#wants('pops', tick))
    // Most are: they need no function made for each client.
    if (!(isOne ? this.#send(tick) : this.#owner.inOnePiece(() => this.#send(tick)))) return false
    this.#owner.broadcastCount++
    this.#observer.delivered(this.#owner)
    return true
  }

  /** The rule of a tick's order, for everybody who sends its updates: the metrics, then the PoPs. */
  #send (tick: Tick): boolean {
    const skipped = this.#owner.cursor.skippedBefore(tick.seq)
    return (!this.#wants('metrics', tick) || this.sendMetrics(tick, skipped)) &&
      (!this.#wants('pops', tick) || this.sendPops(tick, skipped))
  }
}
