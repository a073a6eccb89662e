import type { GivenCode } from '../../protocol/close-codes.ts'

/** By the `code` of its error (https://github.com/websockets/ws/blob/master/doc/ws.md#error-codes); all others are 1002. */
const codes: Record<string, number> = {
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009
}

/**
 * What the WebSocket library has closed a connection with by itself, because of what the client sent. It says so to the client
 * alone: as it reads nothing more, its own 'close' event tells 1006, whatever comes back. null: the error closed nothing.
 */
export function givenByLibrary ({ code = '', message }: NodeJS.ErrnoException): GivenCode | null {
  if (code.startsWith('WS_ERR_')) return { code: codes[code] ?? 1002, reason: message }
  // zlib's: a message that cannot be inflated.
  return code.startsWith('Z_') ? { code: 1007, reason: message } : null
}
