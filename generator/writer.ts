import type { Cancel, Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { SourceError } from '../lib/source/source-error.ts'

/** A write carries at most this many lines (about 1 MB, some 50 kB on the wire): what InfluxDB's documentation recommends. */
export const BATCH_LINES = 5_000

const FIRST_DELAY_MS = 500
const MAX_DELAY_MS = 30_000
/** While it finishes there is no time for a long wait, but a database that refuses at once must not be hammered. */
const MAX_FINISHING_DELAY_MS = 1_000

/** One write, tried once. @throws {SourceError} */
export type WriteLines = (lines: readonly string[]) => Promise<void>

export interface LineWriter {
  /**
   * Resolves when the database has taken every line.
   * @throws {SourceError} when another attempt would not help (unauthorized,
   * bad_answer), or the deadline of `finishWithin` passed
   */
  write (lines: readonly string[]): Promise<void>
}

export interface RetryingWriterOptions {
  write: WriteLines
  /** Fails the write that is under way. */
  abort: () => void
  clock: Clock
  /** A number in [0, 1), for the jitter. */
  random: () => number
  log: Log
}

/**
 * Tries one write again and again, with exponential back-off and jitter, while it fails for a reason that may pass;
 * every failure and the recovery are said. A write whose answer was lost may reach the database twice, which does no
 * harm: the same series and time is the same point.
 */
export class RetryingWriter implements LineWriter {
  readonly #options: RetryingWriterOptions
  readonly #waiting = new Set<() => void>()
  #finishing = false
  #gaveUp = false

  constructor (options: RetryingWriterOptions) {
    this.#options = options
  }

  async write (lines: readonly string[]): Promise<void> {
    const { clock, log } = this.#options
    const begun = clock.monotonic()
    for (let failures = 0; ; failures++) {
      const failure = await this.#attempt(lines)
      if (failure === null) {
        if (failures > 0) {
          log.info({ event: 'write_recovered', failures, outageMs: Math.round(clock.monotonic() - begun) }, 'writing works again')
        }
        return
      }
      await this.#afterFailure(failure, lines.length, failures)
    }
  }

  /** No more waiting: what waits for its next attempt begins it now, and what is not written after `graceMs` fails. */
  finishWithin (graceMs: number): Cancel {
    this.#finishing = true
    for (const proceed of this.#waiting) proceed()
    return this.#options.clock.schedule(() => {
      this.#gaveUp = true
      this.#options.abort()
      for (const proceed of this.#waiting) proceed()
    }, graceMs)
  }

  async #attempt (lines: readonly string[]): Promise<SourceError | null> {
    if (this.#gaveUp) return new SourceError('unavailable', 'no time is left')
    try {
      await this.#options.write(lines)
      return null
    } catch (error) {
      if (error instanceof SourceError) return error
      throw error
    }
  }

  async #afterFailure (failure: SourceError, points: number, failures: number): Promise<void> {
    const { log, random } = this.#options
    const { reason, message: detail } = failure
    const hopeless = reason === 'unauthorized' || reason === 'bad_answer'
    if (hopeless || this.#gaveUp) throw failure
    const ceiling = Math.min(this.#finishing ? MAX_FINISHING_DELAY_MS : MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** failures)
    const retryInMs = Math.round(ceiling * (0.5 + random() / 2))
    log.warn({ event: 'write_failed', reason, detail, points, failures: failures + 1, retryInMs }, 'writing failed, trying again')
    await this.#wait(retryInMs)
  }

  #wait (delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const proceed = () => {
        cancel()
        this.#waiting.delete(proceed)
        resolve()
      }
      const cancel = this.#options.clock.schedule(proceed, delayMs)
      this.#waiting.add(proceed)
    })
  }
}
