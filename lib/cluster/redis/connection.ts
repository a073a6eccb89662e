import { createClient, ErrorReply } from '@redis/client'
import type { Cancel, Clock } from '../../clock.ts'
import { EngineError } from '../engine.ts'

export { ErrorReply }

/** What it says to a script that it does not know. */
export function isUnknownScript (error: unknown): boolean {
  return error instanceof ErrorReply && error.message.startsWith('NOSCRIPT')
}

/** What it says where the key is of another type. */
export function isWrongType (error: unknown): boolean {
  return error instanceof ErrorReply && error.message.startsWith('WRONGTYPE')
}

export type Reply = string | number | null | Reply[]
type Client = ReturnType<typeof connectable>

export interface ConnectionOptions {
  url: string
  clock: Clock
}

/** Reconnecting is ours: the client's own would hold commands back, and go on with them later. */
function connectable (url: string, timeoutMs: number) {
  return createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    socket: { connectTimeout: timeoutMs, reconnectStrategy: false }
  })
}

/**
 * One connection to the engine, made when it is needed. Each command has a deadline of ours until it is answered: that of the
 * client's ends when it is written, so a frozen engine would never be noticed. After one that failed the connection is given up,
 * also where the engine answers that it will not: that may be for who this is (WRONGPASS), or for what has become of the one at
 * the other end (READONLY, once another one is led to by the same name). What is said of a key or a script is of neither.
 */
export class RedisConnection {
  readonly #options: ConnectionOptions
  #client: { opened: Promise<Client>, client: Client } | null = null

  constructor (options: ConnectionOptions) {
    this.#options = options
  }

  /** @throws {EngineError} {ErrorReply} */
  async send (args: readonly string[], deadlineMs: number): Promise<Reply> {
    const used = this.#client ?? this.#connect(deadlineMs)
    try {
      const answer = used.opened.then((client) => client.sendCommand([...args]))
      return await this.#inTime(answer, deadlineMs) as unknown as Reply
    } catch (error) {
      if (isUnknownScript(error) || isWrongType(error)) throw error
      this.#drop(used)
      if (error instanceof ErrorReply) throw error
      throw new EngineError((error as Error).message || 'the connection failed', { cause: error })
    }
  }

  /** What is under way fails. */
  close (): void {
    if (this.#client !== null) this.#drop(this.#client)
  }

  #connect (timeoutMs: number) {
    const client = connectable(this.#options.url, timeoutMs)
    // Whoever sends is told.
    client.on('error', () => {})
    const made = { client, opened: client.connect().then(() => client) }
    made.opened.catch(() => {})
    this.#client = made
    return made
  }

  #drop (used: { client: Client }): void {
    if (this.#client === used) this.#client = null
    // One that never opened throws.
    try {
      used.client.destroy()
    } catch {}
  }

  async #inTime<T> (answer: Promise<T>, deadlineMs: number): Promise<T> {
    let cancel: Cancel = () => {}
    const late = new Promise<never>((_resolve, reject) => {
      cancel = this.#options.clock.schedule(() => reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs)
    })
    // It may fail after that.
    answer.catch(() => {})
    try {
      return await Promise.race([answer, late])
    } finally {
      cancel()
    }
  }
}
