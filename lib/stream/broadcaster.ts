import type { Clock } from '../clock.ts'
import { closeCodes } from './close-codes.ts'
import type { Connection } from './connection.ts'
import type { ConnectionTracker } from './connection-tracker.ts'
import { encodeText } from './frame.ts'
import type { MetricsUpdateMessage, ServerMessage, Topic } from './protocol.ts'

export interface BroadcasterOptions {
  connections: ConnectionTracker
  clock: Clock
  /** A client that had to skip this many updates in a row is closed. */
  maxSkippedUpdates: number
}

/** What became of one message on its way to all clients. */
export interface FanOut {
  clients: number
  sent: number
  skipped: number
  failed: number
  /** Length of the frame. */
  bytes: number
  durationMs: number
}

/**
 * Tells every client. A message is encoded once, and the same bytes are written to every socket; no client can
 * stop, delay or change what another one gets.
 */
export class Broadcaster {
  readonly #options: BroadcasterOptions

  constructor (options: BroadcasterOptions) {
    this.#options = options
  }

  /** Sends an update to the subscribers of `topic`. Slow ones skip it, and are told so in the next that they get. */
  publish (topic: Topic, update: MetricsUpdateMessage): FanOut {
    const frame = encodeText(JSON.stringify(update))
    const frameAfterSkipping = memoize((skipped: number) => encodeText(JSON.stringify({ ...update, skipped })))
    return this.#fanOut(frame, (connection) => {
      if (!connection.topics.has(topic)) return null
      if (connection.isCongested) return this.#skip(connection)
      const { skippedInARow } = connection
      return this.#deliver(connection, skippedInARow === 0 ? frame : frameAfterSkipping(skippedInARow))
    })
  }

  /** Sends a message that concerns every client, whatever it subscribed to. Slow ones do without. */
  announce (message: ServerMessage): FanOut {
    const frame = encodeText(JSON.stringify(message))
    return this.#fanOut(frame, (connection) => {
      if (connection.isCongested) return 'skipped'
      return connection.sendShared(frame) ? 'sent' : 'failed'
    })
  }

  #fanOut (frame: Buffer, deliver: (connection: Connection) => 'sent' | 'skipped' | 'failed' | null): FanOut {
    const { connections, clock } = this.#options
    const startedAt = clock.monotonic()
    const result: FanOut = { clients: 0, sent: 0, skipped: 0, failed: 0, bytes: frame.length, durationMs: 0 }
    for (const connection of connections) {
      // One that is closing is as good as gone; it is nobody's failure.
      if (!connection.isOpen) continue
      const outcome = deliver(connection)
      if (outcome === null) continue
      result.clients++
      result[outcome]++
    }
    result.durationMs = clock.monotonic() - startedAt
    return result
  }

  #deliver (connection: Connection, frame: Buffer): 'sent' | 'failed' {
    const { connections, clock } = this.#options
    connections.totals.attempts++
    if (!connection.sendUpdate(frame)) return 'failed'
    connection.skippedInARow = 0
    connection.broadcastCount++
    connection.lastBroadcast = clock.now()
    connections.totals.broadcasts++
    return 'sent'
  }

  #skip (connection: Connection): 'skipped' {
    const { connections, maxSkippedUpdates } = this.#options
    connections.totals.skipped++
    connection.skippedCount++
    if (++connection.skippedInARow >= maxSkippedUpdates) connection.close(closeCodes.slowConsumer)
    return 'skipped'
  }
}

/** Clients that skipped the same number of updates share their frame as well. */
function memoize (encode: (skipped: number) => Buffer): (skipped: number) => Buffer {
  const frames = new Map<number, Buffer>()
  return (skipped) => {
    const frame = frames.get(skipped) ?? encode(skipped)
    frames.set(skipped, frame)
    return frame
  }
}
