/** Every `code` of an `error` message to a WebSocket client, and whether the same request may succeed later. */
export const clientErrors = {
  BAD_MESSAGE: { retryable: false },
  UNKNOWN_TYPE: { retryable: false },
  UNKNOWN_TOPIC: { retryable: false },
  UNKNOWN_POP: { retryable: false },
  TOO_MANY_FILTERS: { retryable: true },
  SOURCE_UNAVAILABLE: { retryable: true },
  SOURCE_TIMEOUT: { retryable: true },
  INTERNAL: { retryable: true }
} as const

export type ClientErrorCode = keyof typeof clientErrors

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
