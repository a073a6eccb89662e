import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { BATCH_LINES, type LineWriter } from './writer.ts'

export interface WriteBufferOptions {
  writer: LineWriter
  /** Lines that may wait. Beyond it the oldest are dropped, and said. */
  maxLines: number
  /** Called once, when the writer has given up; nothing is written after that. */
  onFailed: (error: unknown) => void
  clock: Clock
  log: Log
}

/** Lines on their way to the database: what comes in while a write is under way (or being tried again) waits here. */
export class WriteBuffer {
  readonly #options: WriteBufferOptions
  #waiting: string[] = []
  #underWay = 0
  #pump: Promise<void> | null = null
  #failed = false
  #written = 0
  #dropped = 0

  constructor (options: WriteBufferOptions) {
    this.#options = options
  }

  /** Lines that the database has not taken (yet). */
  get unwritten (): number {
    return this.#waiting.length + this.#underWay
  }

  get written (): number {
    return this.#written
  }

  /** Lines that were given up because too many waited. */
  get dropped (): number {
    return this.#dropped
  }

  /** Never waits. Writing begins at once unless it is under way. */
  add (lines: readonly string[]): void {
    this.#waiting = this.#waiting.concat(lines)
    const excess = this.#waiting.length - this.#options.maxLines
    if (excess > 0) {
      this.#waiting.splice(0, excess)
      this.#dropped += excess
      this.#options.log.error(
        { event: 'points_dropped', points: excess, maxBuffered: this.#options.maxLines },
        'the buffer is full, the oldest points are LOST'
      )
    }
    if (!this.#failed && this.#waiting.length > 0) this.#pump ??= this.#drain()
  }

  /** Resolves when everything is written or the writer has given up. */
  async flush (): Promise<void> {
    await this.#pump
  }

  async #drain (): Promise<void> {
    try {
      while (this.#waiting.length > 0) await this.#writeBatch(this.#waiting.splice(0, BATCH_LINES))
    } catch (error) {
      this.#failed = true
      this.#options.onFailed(error)
    }
    this.#pump = null
  }

  async #writeBatch (batch: string[]): Promise<void> {
    const { writer, clock, log } = this.#options
    const begun = clock.monotonic()
    this.#underWay = batch.length
    await writer.write(batch)
    this.#underWay = 0
    this.#written += batch.length
    log.info(
      {
        event: 'written',
        points: batch.length,
        durationMs: Math.round(clock.monotonic() - begun),
        waiting: this.#waiting.length
      },
      'points written'
    )
  }
}
