import type { Clock } from '../clock.ts'
import type { Connection } from './connection.ts'
import type { ConnectionTracker } from './connection-tracker.ts'
import type { Delivery } from './outbox.ts'
import { Slice } from './slice.ts'
import { closeCodes } from '../protocol/close-codes.ts'
import type { ServerMessage } from '../protocol/server-messages.ts'
import type { Position } from '../feed/update-log.ts'
import type { View } from '../feed/view.ts'
import { SharedMessage } from '../feed/shared-message.ts'
import type { Tick } from '../feed/tick.ts'

export interface BroadcasterOptions {
  connections: ConnectionTracker
  clock: Clock
}

/** What became of one tick, or of one message, on its way to all clients. */
export interface FanOut {
  clients: number
  sent: number
  /** Held back for clients whose sockets have not drained: the newest update follows when they have. */
  held: number
  /** Held back as well, in the place of an older update, which is lost for that client. */
  skipped: number
  failed: number
  /** Of the frames that were handed to sockets. */
  bytes: number
  durationMs: number
}

/**
 * Tells every client. A message is encoded once, and the same bytes are written to every socket; no client can
 * stop, delay or change what another one gets. One fan-out ends before the next begins.
 */
export class Broadcaster {
  readonly #options: BroadcasterOptions
  #underWay: Promise<unknown> = Promise.resolve()

  constructor (options: BroadcasterOptions) {
    this.#options = options
  }

  /** Sends a tick to all who want something of it. */
  publish (tick: Tick): Promise<FanOut> {
    return this.#inTurn((connection) => connection.outbox.offer(tick))
  }

  /** Who is there now. */
  get audience (): ReadonlySet<Connection> {
    return new Set(this.#options.connections)
  }

  /**
   * Sends a message that concerns every client, whatever it subscribed to. Slow ones do without.
   * @param audience to nobody else
   */
  announce (message: ServerMessage, audience?: ReadonlySet<Connection>): Promise<FanOut> {
    const shared = new SharedMessage(message)
    return this.#inTurn((connection) => {
      if (audience?.has(connection) === false) return null
      if (connection.isDraining) return 'skipped'
      return connection.sendShared(shared) ? 'sent' : 'failed'
    })
  }

  /** Everybody who is not in its epoch yet stands at this position from now on: what they were told before is of another one. */
  enter ({ epoch, seq }: Position): Promise<FanOut> {
    return this.#inTurn(({ cursor }) => {
      if (cursor.position.epoch !== epoch) cursor.enter({ epoch, seq })
      return null
    })
  }

  /** Whoever follows alerts may hold some that were told in the epoch before, and are not open in this one. */
  tellOpenAlerts (view: View): Promise<FanOut> {
    return this.#inTurn((connection) => {
      if (!connection.topics.has('alerts')) return null
      return connection.sendShared(view.openAlerts(connection.cursor.seq, connection.grant.pops).set) ? 'sent' : 'failed'
    })
  }

  /** Nobody can be told here what came between: who comes back with a position is told what is missing. */
  partFromAll (): Promise<FanOut> {
    return this.#inTurn((connection) => {
      connection.close(closeCodes.internal)
      return null
    })
  }

  #inTurn (deliver: (connection: Connection) => Delivery | null): Promise<FanOut> {
    const fanOut = this.#underWay.then(() => this.#fanOut(deliver))
    this.#underWay = fanOut.catch(() => {})
    return fanOut
  }

  #safely (deliver: (connection: Connection) => Delivery | null, connection: Connection): Delivery | null {
    try {
      return deliver(connection)
    } catch (err) {
      this.#options.connections.endDefective(connection, 'delivery_failed', err)
      return 'failed'
    }
  }

  async #fanOut (deliver: (connection: Connection) => Delivery | null): Promise<FanOut> {
    const { connections, clock } = this.#options
    const startedAt = clock.monotonic()
    const result: FanOut = { clients: 0, sent: 0, held: 0, skipped: 0, failed: 0, bytes: 0, durationMs: 0 }
    const slice = new Slice(clock)
    // Those who come while this is under way are told what is newest when they are welcomed.
    for (const connection of Array.from(connections)) {
      if (slice.isOverBefore(connection)) await slice.next()
      // One that is closing is as good as gone; it is nobody's failure.
      if (!connection.isOpen) continue
      const { bytesSent } = connection
      const outcome = this.#safely(deliver, connection)
      if (outcome === null) continue
      result.bytes += connection.bytesSent - bytesSent
      result.clients++
      result[outcome]++
    }
    result.durationMs = clock.monotonic() - startedAt
    return result
  }
}
