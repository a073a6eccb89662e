/** Retried, but for what is among `terminal`; REJECTED and BAD_MESSAGE end nothing. */
export type PopcastErrorCode =
  | 'CONNECT_TIMEOUT'
  /** Ended before it began. A browser sees of a refused upgrade neither the status nor why. */
  | 'REFUSED'
  | 'CLOSED' | 'SHUTDOWN' | 'SLOW_CONSUMER' | 'RATE' | 'NO_PONG' | 'STALE_CONNECTION' | 'SERVER_ERROR' | 'LIMITS_CHANGED'
  /** The server refused a message; the subscription stays as it was. */
  | 'REJECTED'
  /** What came is not of the protocol; told, and ignored. */
  | 'BAD_MESSAGE'
  /** No token, or none that the server takes. Retried once with another one, if there is an option `token`. */
  | 'UNAUTHORIZED'
  | 'PROTOCOL' | 'MESSAGE_TOO_LARGE' | 'INVALID_MESSAGES' | 'UNSUPPORTED_VERSION'
  | 'ABORTED' | 'NO_WEBSOCKET' | 'ATTEMPTS_USED_UP'

const terminal: readonly PopcastErrorCode[] = [
  'UNAUTHORIZED', 'PROTOCOL', 'MESSAGE_TOO_LARGE', 'INVALID_MESSAGES', 'UNSUPPORTED_VERSION', 'ABORTED', 'NO_WEBSOCKET',
  'ATTEMPTS_USED_UP'
]

type Details = Partial<Pick<PopcastError, 'retryable' | 'closeCode' | 'serverCode' | 'retryAfterMs'>>

export class PopcastError extends Error {
  override readonly name = 'PopcastError'
  declare readonly code: PopcastErrorCode
  /** Whether the client goes on by itself; of a REJECTED, whether the same may succeed later. */
  declare readonly retryable: boolean
  readonly closeCode: number | null = null
  /** The server's own code of a REJECTED. */
  readonly serverCode: string | null = null
  /** In how long the server has said to come back. */
  readonly retryAfterMs: number | null = null

  constructor (code: PopcastErrorCode, message: string = code, details: Details = {}) {
    // A browser gives no reason where there is none.
    super(message || code)
    Object.assign(this, { code, retryable: !terminal.includes(code) }, details)
  }
}
