const FIN = 0x80
/** RFC 7692 6: the message is deflated. */
const RSV1 = 0x40
const TEXT = 0x1
const PING = 0x9
const PONG = 0xa

/**
 * One unmasked, final frame of a server: RFC 6455 5.2. It is built once and the same bytes are written to every
 * socket, which is why this does not go through a WebSocket's own `send`.
 */
function encodeFrame (firstByte: number, payload: Buffer): Buffer {
  const { length } = payload
  const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerLength + length)
  frame[0] = firstByte
  if (headerLength === 2) {
    frame[1] = length
  } else if (headerLength === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  payload.copy(frame, headerLength)
  return frame
}

/** A text frame with a JSON document (or any other UTF-8). */
export function encodeText (payload: Buffer): Buffer {
  return encodeFrame(FIN | TEXT, payload)
}

/** A text frame with a payload that is deflated: RFC 7692 7.2.1. */
export function encodeDeflatedText (deflated: Buffer): Buffer {
  return encodeFrame(FIN | RSV1 | TEXT, deflated)
}

/** A pong that answers a ping with the ping's payload, at most 125 bytes: RFC 6455 5.5.3. */
export function encodePong (payload: Buffer): Buffer {
  return encodeFrame(FIN | PONG, payload)
}

/** A ping without payload: RFC 6455 5.5.2. The same for every connection. */
export const PING_FRAME = encodeFrame(FIN | PING, Buffer.alloc(0))
