import type { Settings } from './options.ts'
import { openEventStream } from './sse.ts'
import type { Transport, TransportEvents } from './transport.ts'
import type { TransportKind } from './types.ts'
import { openWebSocket } from './websocket.ts'

/** The one transport that counts: what an earlier one still says is of no interest. */
export class Link {
  /** Resolves when the last one is closed. */
  closed: Promise<void> = Promise.resolve()
  readonly #settings: Settings
  readonly #events: TransportEvents
  #transport: Transport | null = null
  /** Stands for the transport, from before it is there. */
  #token = {}

  constructor (settings: Settings, events: TransportEvents) {
    this.#settings = settings
    this.#events = events
  }

  get kind (): TransportKind | undefined {
    return this.#transport?.kind
  }

  open (kind: TransportKind, urlFor: (kind: TransportKind) => Promise<string>): void {
    const token = this.#token = {}
    const { WebSocket, fetch, protocols } = this.#settings
    const ifCurrent = <Value> (listener: (value: Value) => void) => (value: Value) => {
      if (token === this.#token) listener(value)
    }
    const { message, heard, end } = this.#events
    const on = { message: ifCurrent(message), heard: ifCurrent<void>(heard), end: ifCurrent(end) }
    const open = async () => {
      const url = await urlFor(kind)
      const asked = kind === 'websocket' ? await protocols?.() ?? [] : []
      if (token !== this.#token) return
      this.#transport = kind === 'websocket' ? openWebSocket(url, asked, WebSocket!, on) : openEventStream(url, fetch!, on)
    }
    open().catch((error: unknown) => on.end({ reason: `${error}` }))
  }

  send (message: object): void {
    this.#transport?.send(message)
  }

  drop (): void {
    this.#token = {}
    this.closed = this.#transport?.close() ?? this.closed
    this.#transport = null
  }

  /** Whether the transport is still the same after `action`: whoever is told of something may close. */
  outlives (action: () => void): boolean {
    const token = this.#token
    action()
    return token === this.#token
  }
}
