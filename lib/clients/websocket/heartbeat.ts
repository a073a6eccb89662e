import type { Log } from '../../log.ts'
import { repeat, type Cancel, type Clock } from '../../clock.ts'
import { closeCodes } from '../../protocol/close-codes.ts'
import type { Connection } from '../connection.ts'
import type { ConnectionTracker } from '../connection-tracker.ts'

/** One is not enough: its answer may wait unread in a process that was paused right after it asked. */
const MIN_MISSED_PINGS = 2
/** One that answers no ping will not complete a closing handshake either: after so long it is cut off. */
const TERMINATE_AFTER_MS = 500

export interface HeartbeatOptions {
  connections: ConnectionTracker
  clock: Clock
  /** How often every client is pinged. */
  intervalMs: number
  /** A client that is silent for so long is closed ... */
  staleAfterMs: number
  /** ... and so is one that left so many pings unanswered, which tells sooner. */
  maxMissedPings: number
  log: Log
}

/**
 * Pings every client and closes those that are gone. Silence is measured in pings of ours that were not answered,
 * not on a clock: a process that was paused itself has pinged nobody meanwhile, and so blames nobody.
 */
export class Heartbeat {
  readonly #connections: ConnectionTracker
  readonly #maxMissedPings: number
  readonly #stop: Cancel
  readonly #clock: Clock
  readonly #log: Log
  #cancelTermination: Cancel = () => {}

  constructor ({ connections, clock, intervalMs, staleAfterMs, maxMissedPings, log }: HeartbeatOptions) {
    this.#connections = connections
    this.#clock = clock
    this.#log = log
    this.#maxMissedPings = Math.max(MIN_MISSED_PINGS, Math.min(maxMissedPings, Math.ceil(staleAfterMs / intervalMs)))
    this.#stop = repeat(clock, intervalMs, () => this.#beat(), (err) => {
      log.error({ event: 'task_failed', task: 'heartbeat', err }, 'a timed task threw')
    })
  }

  stop (): void {
    this.#stop()
    this.#cancelTermination()
  }

  #ping (connection: Connection): void {
    try {
      connection.ping()
    } catch (err) {
      this.#log.error({ event: 'ping_failed', connectionId: connection.id, err }, 'a client could not be pinged')
    }
  }

  #beat (): void {
    const stale: Connection[] = []
    for (const connection of this.#connections) {
      if (connection.missedPings < this.#maxMissedPings) {
        this.#ping(connection)
      } else {
        connection.close(closeCodes.stale)
        stale.push(connection)
      }
    }
    if (stale.length === 0) return
    this.#cancelTermination = this.#clock.schedule(() => {
      for (const connection of stale) connection.terminate()
    }, TERMINATE_AFTER_MS)
  }
}
