import type { Cancel, Clock } from '../clock.ts'
import type { Log } from '../log.ts'

/** One end of a way between two processes, for plain data. It may fail at any time; what is told then is lost. */
export interface Port {
  send (message: unknown): void
  onMessage (listener: (message: unknown) => void): void
}

type Message =
  | { kind: 'ask', id: number, name: string, value: unknown }
  | { kind: 'answer', id: number, value: unknown }
  | { kind: 'failed', id: number, detail: string }
  | { kind: 'tell', name: string, value: unknown }

/** There was no answer, not in time, or it was that it failed. */
export class ChannelError extends Error {}

export interface ChannelOptions {
  port: Port
  clock: Clock
  log: Log
}

/** Questions with their answers, and what is only told, in both directions. */
export class Channel {
  readonly #options: ChannelOptions
  readonly #handlers = new Map<string, (value: never) => unknown>()
  readonly #asked = new Map<number, (answer: Message & { kind: 'answer' | 'failed' }) => void>()
  #asks = 0

  constructor (options: ChannelOptions) {
    this.#options = options
    options.port.onMessage((message) => { void this.#take(message as Message) })
  }

  /** What is answered to a question, or done with what is told. */
  on<Value> (name: string, handler: (value: Value) => unknown): void {
    this.#handlers.set(name, handler)
  }

  tell (name: string, value: unknown): void {
    this.#send({ kind: 'tell', name, value })
  }

  /** @throws {ChannelError} */
  async ask<Answer> (name: string, value: unknown, deadlineMs: number): Promise<Answer> {
    const id = ++this.#asks
    let cancel: Cancel = () => {}
    try {
      const answer = await new Promise<Message & { kind: 'answer' | 'failed' }>((resolve, reject) => {
        const late = () => reject(new ChannelError(`${name}: no answer within ${deadlineMs} ms`))
        cancel = this.#options.clock.schedule(late, deadlineMs)
        this.#asked.set(id, resolve)
        this.#send({ kind: 'ask', id, name, value })
      })
      if (answer.kind === 'failed') throw new ChannelError(`${name}: ${answer.detail}`)
      return answer.value as Answer
    } finally {
      cancel()
      this.#asked.delete(id)
    }
  }

  #send (message: Message): void {
    try {
      this.#options.port.send(message)
    } catch (err) {
      // The other one has ended: whoever asked finds out when its time is over.
      this.#options.log.debug({ event: 'channel_closed', err }, 'the other process is not there')
    }
  }

  async #take (message: Message): Promise<void> {
    if (message.kind === 'answer' || message.kind === 'failed') {
      this.#asked.get(message.id)?.(message)
      return
    }
    const { name, value } = message
    const isAsked = message.kind === 'ask'
    const handler = this.#handlers.get(name)
    if (handler === undefined) {
      // It has not come that far yet.
      if (isAsked) this.#send({ kind: 'failed', id: message.id, detail: 'nobody answers' })
      return
    }
    try {
      const answer = await handler(value as never)
      if (isAsked) this.#send({ kind: 'answer', id: message.id, value: answer })
    } catch (err) {
      this.#options.log.error({ event: 'task_failed', task: `channel ${name}`, err }, 'what the other process wants threw')
      if (isAsked) this.#send({ kind: 'failed', id: message.id, detail: (err as Error).message })
    }
  }
}
