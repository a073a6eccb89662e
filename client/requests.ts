import type { ServerMessage } from '../lib/protocol/server-messages.ts'

/** @param answer null: the connection has ended before */
export type Settle = (answer: ServerMessage | null, roundTripMs: number) => void

interface Request {
  readonly sentAt: number
  readonly settle: Settle
}

/** What was asked of the server and is not answered yet; answers name the `id` of the question. */
export class Requests {
  #lastId = 0
  readonly #open = new Map<unknown, Request>()

  /** @returns the id that the message has to be sent with */
  add (sentAt: number, settle: Settle): number {
    this.#open.set(++this.#lastId, { sentAt, settle })
    return this.#lastId
  }

  /** The question that this answers, which is not open any more then. */
  take (message: ServerMessage): Request | undefined {
    const id = 'id' in message ? message.id : undefined
    const request = this.#open.get(id)
    this.#open.delete(id)
    return request
  }

  abandon (): void {
    const requests = [...this.#open.values()]
    this.#open.clear()
    for (const { settle } of requests) settle(null, Infinity)
  }
}
