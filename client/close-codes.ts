import type { PopcastErrorCode } from './errors.ts'

/**
 * What the end of a connection means, by its close code (PROTOCOL.md, Close codes): whether it is retried is the error's to say.
 * A code that is not here is retried, but for 4500 to 4999, which popcast reserves for "do not come back".
 */
const meanings: Record<number, PopcastErrorCode> = {
  1001: 'SHUTDOWN',
  // The frames break RFC 6455, or the text is not UTF-8: the next connection would do the same.
  1002: 'PROTOCOL',
  1007: 'PROTOCOL',
  1008: 'PROTOCOL',
  1009: 'MESSAGE_TOO_LARGE',
  1011: 'SERVER_ERROR',
  4008: 'SLOW_CONSUMER',
  4012: 'STALE_CONNECTION',
  4013: 'RATE',
  4014: 'LIMITS_CHANGED',
  4015: 'SERVER_ERROR',
  4016: 'SERVER_ERROR',
  4500: 'UNAUTHORIZED'
}

/** @param otherwise what it is when the code says nothing */
export function meaningOf (closeCode: number, otherwise: PopcastErrorCode): PopcastErrorCode {
  return meanings[closeCode] ?? (closeCode >= 4500 && closeCode < 5000 ? 'INVALID_MESSAGES' : otherwise)
}
