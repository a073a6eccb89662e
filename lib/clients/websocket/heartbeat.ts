import type { Log } from '../../log.ts'
import { repeat, type Cancel, type Clock } from '../../clock.ts'
import { closeCodes } from '../../protocol/close-codes.ts'
import type { Connection } from '../connection.ts'
import type { ConnectionTracker } from '../connection-tracker.ts'
import { Slice } from '../slice.ts'

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
  readonly #options: HeartbeatOptions
  readonly #maxMissedPings: number
  readonly #stop: Cancel
  readonly #terminations = new Set<Cancel>()
  #isBeating = false
  #isStopped = false

  constructor (options: HeartbeatOptions) {
    const { clock, intervalMs, staleAfterMs, maxMissedPings } = options
    this.#options = options
    this.#maxMissedPings = Math.max(MIN_MISSED_PINGS, Math.min(maxMissedPings, Math.ceil(staleAfterMs / intervalMs)))
    this.#stop = repeat(clock, intervalMs, () => { this.#beat().catch(this.#failed) }, this.#failed)
  }

  stop (): void {
    this.#isStopped = true
    this.#stop()
    for (const cancel of this.#terminations) cancel()
  }

  /** In slices, as a fan-out: thousands of writes in one turn would keep everybody else waiting. */
  async #beat (): Promise<void> {
    // One that takes longer than the interval is not overtaken by the next.
    if (this.#isBeating) return
    this.#isBeating = true
    try {
      const stale = await this.#lookAtAll()
      if (stale.length > 0) this.#terminateSoon(stale)
    } finally {
      this.#isBeating = false
    }
  }

  /** @returns those that are gone */
  async #lookAtAll (): Promise<Connection[]> {
    const { connections, clock } = this.#options
    const stale: Connection[] = []
    const slice = new Slice(clock)
    for (const connection of Array.from(connections)) {
      if (slice.isOverBefore(connection)) await slice.next()
      if (this.#isStopped) return []
      this.#look(connection, stale)
    }
    return stale
  }

  #look (connection: Connection, stale: Connection[]): void {
    if (!connection.isOpen) return
    // What of ours throws for one client takes no other along.
    try {
      if (connection.missedPings >= this.#maxMissedPings) {
        connection.close(closeCodes.stale)
        stale.push(connection)
      } else if (!connection.isPaused) {
        connection.ping()
      }
    } catch (err) {
      this.#options.log.error({ event: 'ping_failed', connectionId: connection.id, err }, 'a client could not be pinged')
    }
  }

  #terminateSoon (connections: readonly Connection[]): void {
    const cancel = this.#options.clock.schedule(() => {
      this.#terminations.delete(cancel)
      for (const connection of connections) connection.terminate()
    }, TERMINATE_AFTER_MS)
    this.#terminations.add(cancel)
  }

  readonly #failed = (err: unknown) => {
    this.#options.log.error({ event: 'task_failed', task: 'heartbeat', err }, 'a timed task threw')
  }
}
