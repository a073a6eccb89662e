import { encodeDeflatedText, encodeText } from '../clients/websocket/frame.ts'
import { deflateMessage } from '../clients/websocket/permessage-deflate.ts'
import type { ServerMessage } from '../protocol/server-messages.ts'

/**
 * One message for many clients. It becomes JSON once, and a frame at most once for each way in which somebody needs
 * it: plain, deflated (per window), and each of these after so many skipped updates. All who need the same get the
 * same bytes.
 */
export class SharedMessage {
  readonly #message: ServerMessage
  readonly #payload: Buffer
  readonly #deflateFrom: number
  readonly #frames = new Map<number, Buffer>()
  readonly #afterSkipping = new Map<number, SharedMessage>()

  /** @param deflateFrom a payload of fewer bytes is not worth deflating */
  constructor (message: ServerMessage, deflateFrom: number) {
    this.#message = message
    this.#payload = Buffer.from(JSON.stringify(message))
    this.#deflateFrom = deflateFrom
  }

  /** Length of the JSON. */
  get bytes (): number {
    return this.#payload.length
  }

  /** The frame for a client that agreed on this window (0: none). */
  frame (windowBits: number): Buffer {
    const bits = this.#payload.length < this.#deflateFrom ? 0 : windowBits
    const known = this.#frames.get(bits)
    if (known !== undefined) return known
    const frame = bits === 0 ? encodeText(this.#payload) : encodeDeflatedText(deflateMessage(this.#payload, bits))
    this.#frames.set(bits, frame)
    return frame
  }

  /** The same update for clients that skipped so many before it. */
  afterSkipping (skipped: number): SharedMessage {
    if (skipped === 0) return this
    const known = this.#afterSkipping.get(skipped)
    if (known !== undefined) return known
    const message = new SharedMessage({ ...this.#message, skipped } as ServerMessage, this.#deflateFrom)
    this.#afterSkipping.set(skipped, message)
    return message
  }
}
