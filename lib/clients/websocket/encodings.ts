import type { Encoding } from '../../feed/shared-message.ts'
import { encodeDeflatedText, encodeText } from './frame.ts'
import { deflateMessage } from './permessage-deflate.ts'

/** A text frame with the message as it is. */
export const PLAIN: Encoding = { name: 'plain', encode: ({ json }) => encodeText(json) }

/** The encodings of WebSockets: plain frames, and deflated ones for each window that a client agreed on. */
export class WebSocketEncodings {
  readonly #deflateFrom: number
  readonly #deflated = new Map<number, Encoding>()

  /** @param deflateFrom a message of fewer bytes is not worth deflating */
  constructor (deflateFrom: number) {
    this.#deflateFrom = deflateFrom
  }

  /** @param windowBits see `agreedWindowBits`; 0: not deflated */
  of (windowBits: number): Encoding {
    if (windowBits === 0) return PLAIN
    const known = this.#deflated.get(windowBits)
    if (known !== undefined) return known
    const encoding: Encoding = {
      name: `deflate-${windowBits}`,
      encode: (message) => message.bytes < this.#deflateFrom
        ? message.as(PLAIN)
        : encodeDeflatedText(deflateMessage(message.json, windowBits))
    }
    this.#deflated.set(windowBits, encoding)
    return encoding
  }
}
