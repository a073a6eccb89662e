/** Every `code` of an `error` message to a WebSocket client, and whether the same request may succeed later. */
export const clientErrors = {
  BAD_MESSAGE: { retryable: false },
  UNKNOWN_TYPE: { retryable: false },
  UNKNOWN_TOPIC: { retryable: false },
  UNKNOWN_POP: { retryable: false },
  TOO_MANY_FILTERS: { retryable: true },
  SOURCE_UNAVAILABLE: { retryable: true },
  SOURCE_TIMEOUT: { retryable: true },
  UNAUTHORIZED: { retryable: false },
  FORBIDDEN: { retryable: false },
  AUTH_UNAVAILABLE: { retryable: true },
  FEED_UNAVAILABLE: { retryable: true },
  INTERNAL: { retryable: true }
} as const

export type ClientErrorCode = keyof typeof clientErrors
