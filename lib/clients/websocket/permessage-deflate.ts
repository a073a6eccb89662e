import { constants, deflateRawSync } from 'node:zlib'

/** What RFC 7692 7.1.2.1 allows at most, and means when nothing is said. */
const DEFAULT_WINDOW_BITS = 15
/** zlib's raw deflate cannot do 8 and takes 9 instead, which a client with a window of 8 bits could not read. */
const MIN_WINDOW_BITS = 9
/** Of a deflated message the empty block at its end is not sent: RFC 7692 7.2.1. */
const TAIL_BYTES = 4

/**
 * The window that messages to this client may be deflated with, read from the extensions that the handshake agreed on
 * (the value of the response's Sec-WebSocket-Extensions); 0 when they may not be deflated.
 */
export function agreedWindowBits (extensions: string): number {
  const [name, ...parameters] = extensions.split(';').map((part) => part.trim())
  if (name !== 'permessage-deflate') return 0
  const bits = parameters.find((parameter) => parameter.startsWith('server_max_window_bits='))?.split('=')[1]
  const windowBits = bits === undefined ? DEFAULT_WINDOW_BITS : Number(bits)
  return windowBits >= MIN_WINDOW_BITS ? windowBits : 0
}

/**
 * Deflates one message by itself (server_no_context_takeover), so that the same bytes are right for every client
 * with this window: RFC 7692 7.2.1.
 */
export function deflateMessage (payload: Buffer, windowBits: number): Buffer {
  const deflated = deflateRawSync(payload, { windowBits, finishFlush: constants.Z_SYNC_FLUSH })
  return deflated.subarray(0, deflated.length - TAIL_BYTES)
}
