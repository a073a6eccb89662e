import type { ServerMessage } from '../lib/protocol/server-messages.ts'
import { Account } from '../test/support/account.ts'
import { TestClient } from '../test/support/client.ts'
import { EventClient } from '../test/support/event-client.ts'
import type { MessageQueue } from '../test/support/message-queue.ts'

export interface Where {
  port: number
  host?: string
  query?: string
  headers?: Record<string, string>
}

const QUERY = '?topics=metrics,alerts'

/** A client that does nothing wrong: whatever happens to others, it is to be served on the connection that it has. */
export class Observer extends Account {
  /** How its connection ended; null: it has not. */
  end: string | null = null
  shutdowns = 0
  /** Resolves when its connection has ended. */
  readonly ended: Promise<void>
  readonly #close: () => Promise<void>
  #isLeaving = false

  private constructor (told: Map<string, string>, client: MessageQueue, ended: Promise<string>, close: () => Promise<void>) {
    super(told)
    this.#close = close
    client.onMessage = (message) => this.#hear(message)
    for (const message of client.received) this.#hear(message)
    client.onFault = (error) => { if (!this.#isLeaving) this.faults.conflicts.push(error.message) }
    this.ended = ended.then((end) => { if (!this.#isLeaving) this.end = end })
  }

  static async open (told: Map<string, string>, where: Where): Promise<Observer> {
    const { port, host = '127.0.0.1', query = QUERY, headers = {} } = where
    const client = await TestClient.open(`ws://${host}:${port}/ws${query}`, { headers })
    // It is told by `closed` as well; a second one nobody would hear.
    client.socket.on('error', () => {})
    const ended = client.closed.then(({ code }) => `closed with ${code}`, (error: Error) => `cut off: ${error.message}`)
    return new Observer(told, client, ended, () => client.close())
  }

  /** One that listens to the event stream. */
  static async stream (told: Map<string, string>, where: Where): Promise<Observer> {
    const { port, host = '127.0.0.1', query = QUERY, headers = {} } = where
    const client = await EventClient.open(`http://${host}:${port}/api/stream${query}`, headers)
    if (client.status !== 200) throw new Error(`the stream was answered with ${client.status}`)
    return new Observer(told, client, client.ended.then(() => 'its stream ended'), () => client.close())
  }

  /** What is wrong with how it was served. */
  get complaints (): string[] {
    return [...(this.end === null ? [] : [`a good client was ${this.end}`]), ...this.contradictions]
  }

  async leave (): Promise<void> {
    if (this.end !== null) return
    this.#isLeaving = true
    await this.#close()
  }

  #hear (message: ServerMessage): void {
    if (message.type === 'server_shutdown') this.shutdowns++
    this.take(message)
  }
}
