import type { ClientErrorCode } from '../protocol/errors.ts'
import { noTracer, type Tracer } from '../tracer.ts'
import type { Unrecoverable } from '../protocol/server-messages.ts'
import { AlertMessages } from './alert-messages.ts'
import { SharedMessage } from './shared-message.ts'
import { placeFindings, type Findings, type Tick } from './tick.ts'

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

/** Why there is nothing newer. */
export interface Failure {
  code: ClientErrorCode
}

/** What one tick, or a look at the source without one, came to. */
export interface Outcome {
  /** null: nothing that would be an update. */
  findings: Findings | null
  /** null: the source answers. */
  failure: Failure | null
  /** Whether the source was asked for data. */
  isTick: boolean
}

/** The same in its place in the stream. A failure has none: a newer one takes the place of the one before. */
export interface Published {
  tick: Tick | null
  failure: Failure | null
  isTick: boolean
}

export type Follower = (published: Published) => void | Promise<void>

/**
 * What was found out, in order; it gives each update its place, and everybody who tells something follows it. One process
 * has it in memory; one that several processes share would mirror its tail in each of them, so that it answers from memory
 * as well: thousands resume at once.
 */
export interface UpdateLog {
  /** Random per log: tells a client that `seq` began anew. */
  readonly epoch: string
  /** Counts the updates. */
  readonly seq: number
  /** Takes what is next and hands it to all who follow. Resolves when each of them is done with it. */
  append (outcome: Outcome): Promise<void>
  readAfter (position: Position): Missed
  /** The last `count` entries, or as many as there are, oldest first. */
  last (count: number): readonly LogEntry[]
  /** The entry that so many newer ones follow; undefined where the log ends. */
  fromEnd (newer: number): LogEntry | undefined
  /** Calls `follower` with everything from now on, one at a time, in the order in which they began to follow. */
  follow (follower: Follower): void
}

export interface MemoryLogOptions {
  epoch: string
  maxEntries: number
  /** Of JSON, over all entries. */
  maxBytes: number
  tracer?: Tracer
}

/** The last updates of this process, bounded in number and bytes; the oldest go first. */
export class MemoryLog implements UpdateLog {
  readonly epoch: string
  readonly #options: MemoryLogOptions
  readonly #entries: LogEntry[] = []
  readonly #followers: Follower[] = []
  #seq = 0
  #bytes = 0

  constructor (options: MemoryLogOptions) {
    this.#options = options
    this.epoch = options.epoch
  }

  get seq (): number {
    return this.#seq
  }

  async append ({ findings, failure, isTick }: Outcome): Promise<void> {
    const { tracer = noTracer } = this.#options
    await tracer.span('append', async (span) => {
      const tick = findings === null ? null : this.#place(findings)
      span.set({ seq: this.#seq, isUpdate: tick !== null, ...(failure !== null && { failure: failure.code }) })
      await Promise.all(this.#followers.map((follower) => follower({ tick, failure, isTick })))
    })
  }

  readAfter ({ epoch, seq }: Position): Missed {
    if (epoch !== this.epoch) return { unrecoverable: 'other_epoch' }
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

  follow (follower: Follower): void {
    this.#followers.push(follower)
  }

  #place (findings: Findings): Tick {
    const tick = placeFindings(findings, { epoch: this.epoch, seq: ++this.#seq })
    this.#keep({
      seq: tick.seq,
      metrics: new SharedMessage({ ...tick.update, replay: true }),
      alerts: new AlertMessages(tick.content.alerts.map((alert) => ({ ...alert, replay: true })))
    })
    return tick
  }

  #keep (entry: LogEntry): void {
    const { maxEntries, maxBytes } = this.#options
    this.#entries.push(entry)
    this.#bytes += bytesOf(entry)
    while (this.#entries.length > maxEntries || this.#bytes > maxBytes) {
      const oldest = this.#entries.shift()
      this.#bytes -= oldest === undefined ? 0 : bytesOf(oldest)
    }
  }
}

/** Of its messages as JSON. */
function bytesOf ({ metrics, alerts }: LogEntry): number {
  return metrics.bytes + alerts.bytes
}
