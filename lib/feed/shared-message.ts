import type { ServerMessage } from '../protocol/server-messages.ts'

/** How messages become bytes for those who need the same ones; they have the same object. */
export interface Encoding {
  readonly name: string
  encode (message: SharedMessage): Buffer
}

/** One message for many clients. It becomes JSON once, and bytes at most once for each encoding that somebody uses. */
export class SharedMessage {
  /** Of the JSON, as UTF-8. */
  readonly json: Buffer
  readonly message: ServerMessage
  readonly #encoded = new Map<Encoding, Buffer>()
  readonly #afterSkipping = new Map<number, SharedMessage>()

  constructor (message: ServerMessage) {
    this.message = message
    this.json = Buffer.from(JSON.stringify(message))
  }

  /** Length of the JSON. */
  get bytes (): number {
    return this.json.length
  }

  /** The same bytes for all who need them in this encoding. */
  as (encoding: Encoding): Buffer {
    const known = this.#encoded.get(encoding)
    if (known !== undefined) return known
    const encoded = encoding.encode(this)
    this.#encoded.set(encoding, encoded)
    return encoded
  }

  /** The same update for clients that skipped so many before it. */
  afterSkipping (skipped: number): SharedMessage {
    if (skipped === 0) return this
    const known = this.#afterSkipping.get(skipped)
    if (known !== undefined) return known
    const message = new SharedMessage({ ...this.message, skipped } as ServerMessage)
    this.#afterSkipping.set(skipped, message)
    return message
  }
}
