/** Why the source failed, for the operator's log and `/health`. Clients are told only the `code` that it maps to. */
export type SourceFailure = 'unavailable' | 'timeout' | 'unauthorized' | 'bad_answer'

/**
 * A failed query or ping. `message` may hold words of the database: it is for the log, never for a client.
 */
export class SourceError extends Error {
  readonly reason: SourceFailure

  constructor (reason: SourceFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SourceError'
    this.reason = reason
  }

  get code (): 'SOURCE_UNAVAILABLE' | 'SOURCE_TIMEOUT' {
    return this.reason === 'timeout' ? 'SOURCE_TIMEOUT' : 'SOURCE_UNAVAILABLE'
  }
}
