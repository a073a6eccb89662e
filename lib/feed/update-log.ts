import type { ClientErrorCode } from '../protocol/errors.ts'
import type { Unrecoverable } from '../protocol/server-messages.ts'
import type { Draft, History, Placed, Position, Read, Reader } from '../cluster/shared-log.ts'
import type { SourceReport } from '../source/source-health.ts'
import { AlertMessages } from './alert-messages.ts'
import { SharedMessage } from './shared-message.ts'
import { placeFindings, type Findings, type Tick } from './tick.ts'
import type { Trouble } from './troubles.ts'

export type { Position } from '../cluster/shared-log.ts'

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
  /** ms since the epoch; absent where it is not known. */
  since?: number
}

/** What is so beside the updates: a newer one takes the place of the one before. */
export interface Note {
  /** null: the source answers. */
  failure: Failure | null
  /** Whether the source was asked for data. */
  isTick: boolean
  /** What who leads knows beside it, for those who do not ask the source themselves. */
  knows?: { source: SourceReport, troubles: readonly Trouble[] }
}

/** What one tick, or a look at the source without one, came to: what is appended. */
export type Outcome = Draft<Findings, Note>

/** The same in its place in the stream. */
export interface Published extends Note {
  tick: Tick | null
  /** It says nothing of a tick: this process cannot read what there is, or can again. */
  isOwn?: true
  /** How long ago it was made, ms: who reads what another one wrote, or reads it again, is told it later. */
  ageMs: number
}

export type Follower = (published: Published) => void | Promise<void>

/** Where the stream is read from: nothing of it is news. */
export interface Begun extends Published {
  /** Who was told something before stands in another stream, or cannot be told what came between. */
  breaks: 'nothing' | 'epoch' | 'gap'
}

export interface LogLimits {
  maxEntries: number
  /** Of JSON, over all entries. */
  maxBytes: number
}

const NOTHING_SAID: Note = { failure: null, isTick: true }

/**
 * The last updates as they were read from the log that all share, in memory, bounded in number and bytes; the oldest go first.
 * Whoever tells something follows it, and what was missed is answered from here: thousands resume at once.
 */
export class UpdateLog implements Reader<Findings, Note> {
  readonly #options: LogLimits
  readonly #followers: Array<{ next: Follower, begin: ((begun: Begun) => void | Promise<void>) | undefined }> = []
  /** The tick in which each open regression was told last. */
  readonly #toldIn = new Map<string, number>()
  #entries: LogEntry[] = []
  #note = NOTHING_SAID
  #epoch = ''
  #seq = 0
  #bytes = 0

  constructor (options: LogLimits) {
    this.#options = options
  }

  /** Random per stream: tells a client that `seq` says nothing about what it has had. */
  get epoch (): string {
    return this.#epoch
  }

  /** Counts the updates. */
  get seq (): number {
    return this.#seq
  }

  /** In which tick a regression that is open was told last; undefined where that is not known. */
  toldIn (id: string): number | undefined {
    return this.#toldIn.get(id)
  }

  async begin ({ position: { epoch, seq }, updates, note, ageMs }: History<Findings, Note>): Promise<void> {
    const breaks = this.#epoch === '' ? 'nothing' : this.#epoch === epoch ? 'gap' : 'epoch'
    this.#epoch = epoch
    this.#seq = seq
    this.#entries = []
    this.#bytes = 0
    this.#toldIn.clear()
    let tick: Tick | null = null
    for (const placed of updates) tick = this.#place(placed)
    for (const [id, toldIn] of updates.at(-1)?.update.toldIn ?? []) this.#toldIn.set(id, toldIn)
    this.#note = note ?? NOTHING_SAID
    await Promise.all(this.#followers.map(({ begin }) => begin?.({ tick, ...this.#note, ageMs, breaks })))
  }

  /** Nothing new can be told, as the log cannot be read; null: it can (again). */
  async turnAway (failure: Failure | null): Promise<void> {
    const { failure: told, isTick } = this.#note
    // Nobody is idle who cannot know.
    const published = failure === null ? { failure: told, isTick } : { failure, isTick: true }
    await Promise.all(this.#followers.map(({ next }) => next({ tick: null, ...published, ageMs: 0, isOwn: true })))
  }

  async next ({ seq, update, note, ageMs }: Read<Findings, Note>): Promise<void> {
    this.#seq = seq
    this.#note = note
    const tick = update === null ? null : this.#place({ seq, update })
    await Promise.all(this.#followers.map(({ next }) => next({ tick, ...note, ageMs })))
  }

  readAfter ({ epoch, seq }: Position): Missed {
    if (epoch !== this.epoch) return { unrecoverable: 'other_epoch' }
    if (seq > this.#seq) return { unrecoverable: 'unknown_seq' }
    const missed = this.#seq - seq
    if (missed > this.#entries.length) return { unrecoverable: 'too_old' }
    return { entries: this.last(missed) }
  }

  /** The entry that so many newer ones follow; undefined where the log ends. */
  fromEnd (newer: number): LogEntry | undefined {
    return this.#entries[this.#entries.length - 1 - newer]
  }

  /** The last `count` entries, or as many as there are, oldest first. */
  last (count: number): readonly LogEntry[] {
    return this.#entries.slice(Math.max(0, this.#entries.length - count))
  }

  /**
   * Calls `next` with everything from now on, one at a time, in the order in which they began to follow.
   * @param begin called with what there is to begin with, where reading begins, and where it begins anew
   */
  follow (next: Follower, begin?: (begun: Begun) => void | Promise<void>): void {
    this.#followers.push({ next, begin })
  }

  #place ({ seq, update }: Placed<Findings>): Tick {
    const tick = placeFindings(update, { epoch: this.#epoch, seq })
    this.#keep({
      seq,
      metrics: new SharedMessage({ ...tick.update, replay: true }),
      alerts: new AlertMessages(tick.content.alerts.map((alert) => ({ ...alert, replay: true })))
    })
    for (const { data: { id, state } } of tick.content.alerts) {
      if (state === 'resolved') this.#toldIn.delete(id)
      else this.#toldIn.set(id, seq)
    }
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
