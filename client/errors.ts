/** Retried, but for what is among `terminal`; REJECTED and BAD_MESSAGE end nothing. */
export type PopcastErrorCode =
  | 'CONNECT_TIMEOUT'
  /** Ended before it began. A browser sees of a refused upgrade neither the status nor why. */
  | 'REFUSED'
  | 'CLOSED' | 'SHUTDOWN' | 'SLOW_CONSUMER' | 'RATE' | 'NO_PONG' | 'STALE_CONNECTION' | 'SERVER_ERROR'
  /** The server refused a message; the subscription stays as it was. */
  | 'REJECTED'
  /** What came is not of the protocol; told, and ignored. */
  | 'BAD_MESSAGE'
  | TerminalCode

type TerminalCode =
  | 'PROTOCOL' | 'MESSAGE_TOO_LARGE' | 'INVALID_MESSAGES' | 'UNSUPPORTED_VERSION'
  | 'ABORTED' | 'NO_WEBSOCKET' | 'ATTEMPTS_USED_UP'

const terminal: Record<TerminalCode, true> = {
  PROTOCOL: true,
  MESSAGE_TOO_LARGE: true,
  INVALID_MESSAGES: true,
  UNSUPPORTED_VERSION: true,
  ABORTED: true,
  NO_WEBSOCKET: true,
  ATTEMPTS_USED_UP: true
}

export interface ErrorDetails {
  readonly closeCode?: number | null
  readonly serverCode?: string | null
  readonly retryAfterMs?: number | null
  readonly retryable?: boolean
}

export class PopcastError extends Error {
  override readonly name = 'PopcastError'
  readonly code: PopcastErrorCode
  /** Whether the client goes on by itself; of a REJECTED, whether the same may succeed later. */
  readonly retryable: boolean
  readonly closeCode: number | null
  /** The server's own code of a REJECTED. */
  readonly serverCode: string | null
  /** When the server has said to come back, after the loss. */
  readonly retryAfterMs: number | null

  constructor (
    code: PopcastErrorCode,
    message: string,
    { closeCode = null, serverCode = null, retryAfterMs = null, retryable = !(code in terminal) }: ErrorDetails = {}
  ) {
    super(message)
    this.code = code
    this.retryable = retryable
    this.closeCode = closeCode
    this.serverCode = serverCode
    this.retryAfterMs = retryAfterMs
  }
}
