import { repeat, type Cancel, type Clock } from '../../clock.ts'
import { closeCodes } from '../../protocol/close-codes.ts'
import type { ConnectionTracker } from '../connection-tracker.ts'

/** One is not enough: its answer may wait unread in a process that was paused right after it asked. */
const MIN_MISSED_PINGS = 2

export interface HeartbeatOptions {
  connections: ConnectionTracker
  clock: Clock
  /** How often every client is pinged. */
  intervalMs: number
  /** How long one may leave our pings unanswered. */
  staleAfterMs: number
}

/**
 * Pings every client and closes those that are gone. Silence is measured in pings of ours that were not answered,
 * not on a clock: a process that was paused itself has pinged nobody meanwhile, and so blames nobody.
 */
export class Heartbeat {
  readonly #connections: ConnectionTracker
  readonly #maxMissedPings: number
  readonly #stop: Cancel

  constructor ({ connections, clock, intervalMs, staleAfterMs }: HeartbeatOptions) {
    this.#connections = connections
    this.#maxMissedPings = Math.max(MIN_MISSED_PINGS, Math.ceil(staleAfterMs / intervalMs))
    this.#stop = repeat(clock, intervalMs, () => this.#beat())
  }

  stop (): void {
    this.#stop()
  }

  #beat (): void {
    for (const connection of this.#connections) {
      if (connection.missedPings >= this.#maxMissedPings) connection.close(closeCodes.stale)
      else connection.ping()
    }
  }
}
