import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { SourceError, type SourceFailure } from './source-error.ts'

/** While nobody is connected the source is pinged at most this often. */
export const PROBE_INTERVAL_MS = 10_000

export interface Pingable {
  /** Whether it answers at all, without a query. @throws {SourceError} */
  ping (): Promise<void>
}

export interface SourceHealthOptions {
  source: Pingable
  clock: Clock
  log: Log
}

/** What is told of it. Plain data. Times are ms since the epoch. */
export interface SourceReport {
  healthy: boolean
  lastSuccess: number | null
  failure: SourceFailure | null
  consecutiveFailures: number
  /** When it began to fail. null: it does not. */
  failingSince?: number | null
}

/**
 * Whether the source answers, known from the last query or, while there are none, from a ping. The log has one line
 * per transition; what fails in between is counted and said when it ends.
 */
export class SourceHealth {
  readonly #options: SourceHealthOptions
  #known = false
  #failure: SourceError | null = null
  #failures = 0
  /** ms since the epoch, and on the monotonic clock, which nobody sets. */
  #failing: { since: number, at: number } | null = null
  #lastSuccess: number | null = null
  #lastContactAt = -Infinity
  #probing = false

  constructor ({ source, clock, log }: SourceHealthOptions) {
    this.#options = { source, clock, log }
  }

  /** Whether the source has answered or failed at all. */
  get isKnown (): boolean {
    return this.#known
  }

  /** The last failure, while it lasts. */
  get failure (): SourceError | null {
    return this.#failure
  }

  /** For `/health`: no word of the database's. Times are ms since the epoch. */
  get report (): SourceReport {
    return {
      healthy: this.#known && this.#failure === null,
      lastSuccess: this.#lastSuccess,
      failure: this.#failure?.reason ?? null,
      consecutiveFailures: this.#failures,
      failingSince: this.#failing?.since ?? null
    }
  }

  /** Takes what another process knows, which asks the source for this one as well. */
  adopt ({ healthy, lastSuccess, failure, consecutiveFailures, failingSince = null }: SourceReport): void {
    const { clock } = this.#options
    this.#known ||= healthy || failure !== null
    this.#failure = failure === null ? null : new SourceError(failure, 'as who leads says')
    this.#failures = consecutiveFailures
    this.#failing = failingSince === null
      ? null
      : { since: failingSince, at: clock.monotonic() - Math.max(0, clock.now() - failingSince) }
    this.#lastSuccess = lastSuccess
  }

  /** A query was answered. */
  succeeded (): void {
    this.#contact()
    this.#lastSuccess = this.#options.clock.now()
    if (this.#failure === null) return
    const { clock, log } = this.#options
    const downMs = Math.round(clock.monotonic() - (this.#failing?.at ?? clock.monotonic()))
    log.info({ event: 'source_recovered', failures: this.#failures, downMs }, 'metrics source answers again')
    this.#failure = null
    this.#failures = 0
    this.#failing = null
  }

  /** A query failed. */
  failed (error: SourceError): void {
    this.#contact()
    const { clock, log } = this.#options
    const previous = this.#failure
    this.#failing ??= { since: clock.now(), at: clock.monotonic() }
    this.#failure = error
    this.#failures++
    const fields = {
      event: 'source_failed',
      code: error.code,
      reason: error.reason,
      detail: error.message,
      failures: this.#failures
    }
    if (previous?.reason !== error.reason) log.warn(fields, 'metrics source failed')
    else log.debug(fields, 'metrics source still fails')
  }

  /**
   * Pings the source, unless it was heard of within `PROBE_INTERVAL_MS`. Never
   * rejects. @returns whether it did, once it knows more
   */
  async probe (): Promise<boolean> {
    if (this.#probing || this.#options.clock.monotonic() - this.#lastContactAt < PROBE_INTERVAL_MS) return false
    this.#probing = true
    await this.#ping()
    this.#probing = false
    return true
  }

  async #ping (): Promise<void> {
    try {
      await this.#options.source.ping()
    } catch (error) {
      this.failed(error instanceof SourceError ? error : new SourceError('unavailable', String(error)))
      return
    }
    // A ping asks for no data: that it is answered says nothing about a token or an answer that was refused.
    const { failure } = this
    if (failure === null || failure.reason === 'unavailable' || failure.reason === 'timeout') this.succeeded()
    else this.#contact()
  }

  #contact (): void {
    this.#known = true
    this.#lastContactAt = this.#options.clock.monotonic()
  }
}
