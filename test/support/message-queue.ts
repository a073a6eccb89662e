import type { ServerMessage } from '../../lib/protocol/server-messages.ts'
import { validateServerMessage } from './validate.ts'

type MessageOf<Type extends ServerMessage['type']> = Extract<ServerMessage, { type: Type }>

interface Waiter {
  matches: (message: ServerMessage) => boolean
  resolve: (message: ServerMessage) => void
  reject: (error: Error) => void
}

/**
 * What a client of a test has received. It keeps every message until somebody asks for it, in order, and checks each
 * against the protocol's schemas: a message that does not fit fails the test that reads on.
 */
export class MessageQueue {
  readonly received: ServerMessage[] = []
  /** Called with each message after this is set, and with what is wrong with one. */
  onMessage: (message: ServerMessage) => void = () => {}
  onFault: (error: Error) => void = () => {}
  #queue: ServerMessage[] = []
  #waiters: Waiter[] = []
  #failure: Error | null = null

  /** The next message of this type that was not asked for yet; those before it are passed over. */
  next<Type extends ServerMessage['type']>(
    type: Type,
    where: (message: MessageOf<Type>) => boolean = () => true
  ): Promise<MessageOf<Type>> {
    const matches = (message: ServerMessage) => message.type === type && where(message as MessageOf<Type>)
    const index = this.#queue.findIndex(matches)
    if (index !== -1) return Promise.resolve(this.#queue.splice(0, index + 1).at(-1) as MessageOf<Type>)
    this.#queue = []
    if (this.#failure !== null) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#waiters.push({ matches, resolve: resolve as Waiter['resolve'], reject })
    })
  }

  protected receive (text: string): void {
    try {
      const message = JSON.parse(text) as ServerMessage
      validateServerMessage(message)
      this.received.push(message)
      const [waiter] = this.#waiters
      if (waiter === undefined) this.#queue.push(message)
      else if (waiter.matches(message)) this.#waiters.shift()?.resolve(message)
      this.onMessage(message)
    } catch (error) {
      this.onFault(error as Error)
      this.fail(error as Error)
    }
  }

  protected fail (error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#waiters.splice(0)) reject(error)
  }
}
