import { once } from 'node:events'
import { WebSocket, type ClientOptions } from 'ws'
import type { ServerMessage } from '../../lib/protocol/server-messages.ts'
import { validateServerMessage } from './validate.ts'

type MessageOf<Type extends ServerMessage['type']> = Extract<ServerMessage, { type: Type }>

interface Waiter {
  matches: (message: ServerMessage) => boolean
  resolve: (message: ServerMessage) => void
  reject: (error: Error) => void
}

/**
 * A WebSocket client for tests. It keeps every message until somebody asks for it, in order, and checks each
 * against the protocol's schemas: a message that does not fit fails the test that reads on.
 */
export class TestClient {
  readonly received: ServerMessage[] = []
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number, reason: string }>
  #queue: ServerMessage[] = []
  #waiters: Waiter[] = []
  #failure: Error | null = null

  private constructor (url: string, options: ClientOptions) {
    this.socket = new WebSocket(url, options)
    this.closed = once(this.socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }))
    this.socket.on('message', (data) => this.#receive(String(data)))
    this.closed.then(
      ({ code }) => this.#fail(new Error(`the connection was closed with ${code}`)),
      () => {}
    )
  }

  /** Resolves when the handshake is done. @throws when it is refused */
  static async open (url: string, options: ClientOptions = {}): Promise<TestClient> {
    const client = new TestClient(url, options)
    await once(client.socket, 'open')
    return client
  }

  send (message: unknown): void {
    this.socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message))
  }

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

  async close (): Promise<void> {
    this.socket.close()
    await this.closed
  }

  #receive (text: string): void {
    try {
      const message = JSON.parse(text) as ServerMessage
      validateServerMessage(message)
      this.received.push(message)
      const [waiter] = this.#waiters
      if (waiter === undefined) this.#queue.push(message)
      else if (waiter.matches(message)) this.#waiters.shift()?.resolve(message)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  #fail (error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#waiters.splice(0)) reject(error)
  }
}
