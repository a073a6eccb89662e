import type { Unrecoverable } from '../protocol/server-messages.ts'
import { AlertMessages } from './alert-messages.ts'
import { SharedMessage } from './shared-message.ts'
import type { Tick } from './tick.ts'

/** Where a client stands in the stream. */
export interface Position {
  epoch: string
  seq: number
}

/** What is kept of one tick: its messages as they are sent again. */
export interface LogEntry {
  seq: number
  metrics: SharedMessage
  alerts: AlertMessages
}

/** Every entry after a position, in order and without a gap, or why there is no such thing. */
export type Missed = { entries: readonly LogEntry[] } | { unrecoverable: Unrecoverable }

/**
 * What was published, in order. One process has it in memory; one that several processes share would mirror its tail
 * in each of them, so that it answers from memory as well: thousands resume at once.
 */
export interface UpdateLog {
  /** Takes the next tick and hands it to all who follow. Resolves when each of them is done with it. */
  append (tick: Tick): Promise<void>
  readAfter (position: Position): Missed
  /** The last `count` entries, or as many as there are, oldest first. */
  last (count: number): readonly LogEntry[]
  /** The entry that so many newer ones follow; undefined where the log ends. */
  fromEnd (newer: number): LogEntry | undefined
  /** Calls `follower` with every tick from now on, one at a time. */
  follow (follower: (tick: Tick) => Promise<void>): void
}

export interface MemoryLogOptions {
  epoch: string
  maxEntries: number
  /** Of JSON, over all entries. */
  maxBytes: number
  deflateFrom: number
}

/** The last updates of this process, bounded in number and bytes; the oldest go first. */
export class MemoryLog implements UpdateLog {
  readonly #options: MemoryLogOptions
  readonly #entries: LogEntry[] = []
  readonly #followers: Array<(tick: Tick) => Promise<void>> = []
  #seq = 0
  #bytes = 0

  constructor (options: MemoryLogOptions) {
    this.#options = options
  }

  async append (tick: Tick): Promise<void> {
    this.#seq = tick.seq
    const { deflateFrom } = this.#options
    this.#keep({
      seq: tick.seq,
      metrics: new SharedMessage({ ...tick.update, replay: true }, deflateFrom),
      alerts: new AlertMessages(tick.content.alerts.map((alert) => ({ ...alert, replay: true })), deflateFrom)
    })
    await Promise.all(this.#followers.map((follower) => follower(tick)))
  }

  readAfter ({ epoch, seq }: Position): Missed {
    if (epoch !== this.#options.epoch) return { unrecoverable: 'other_epoch' }
    if (seq > this.#seq) return { unrecoverable: 'unknown_seq' }
    const missed = this.#seq - seq
    if (missed > this.#entries.length) return { unrecoverable: 'too_old' }
    return { entries: this.last(missed) }
  }

  fromEnd (newer: number): LogEntry | undefined {
    return this.#entries[this.#entries.length - 1 - newer]
  }

  last (count: number): readonly LogEntry[] {
    return this.#entries.slice(Math.max(0, this.#entries.length - count))
  }

  follow (follower: (tick: Tick) => Promise<void>): void {
    this.#followers.push(follower)
  }

  #keep (entry: LogEntry): void {
    const { maxEntries, maxBytes } = this.#options
    this.#entries.push(entry)
    this.#bytes += bytesOf(entry)
    while (this.#entries.length > maxEntries || this.#bytes > maxBytes) this.#bytes -= bytesOf(this.#entries.shift() as LogEntry)
  }
}

/** Of its messages as JSON. */
function bytesOf ({ metrics, alerts }: LogEntry): number {
  return metrics.bytes + alerts.bytes
}
