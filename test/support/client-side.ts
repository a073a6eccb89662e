import type { Test } from 'tap'
import { PopcastClient } from '../../client/index.ts'
import { openerOf } from '../../client/opener.ts'
import type { Clock, PopcastEvents, PopcastOptions, TransportKind } from '../../client/index.ts'
import { FakeClock, settle } from './fake-clock.ts'
import { confirmed, openAlerts, pong, update, welcome } from './feed-messages.ts'

// So that no file is read while the fake clock stands still.
await openerOf('sse')

/** As in Node 20, which has no WebSocket of its own. */
export function withoutWebSocket (t: Pick<Test, 'intercept'>): void {
  t.intercept(globalThis, 'WebSocket', { value: undefined })
}

interface Sent { type: string, id?: number, [field: string]: unknown }

/** The WebSocket of a client on a fake clock: the test is its server. */
export class FakeWebSocket {
  readonly kind: TransportKind = 'websocket'
  readonly url: URL
  readonly protocols: string[]
  readonly sent: Sent[] = []
  closedWith: number | undefined
  onmessage: ((event: { data: unknown }) => void) | null = null
  onerror: ((event: object) => void) | null = null
  onclose: ((event: { code: number, reason: string }) => void) | null = null

  constructor (url: string, protocols: string[] = []) {
    this.url = new URL(url)
    this.protocols = protocols
  }

  get isClosed (): boolean {
    return this.closedWith !== undefined
  }

  send (text: string): void {
    this.sent.push(JSON.parse(text))
  }

  close (code = 1005): void {
    if (this.isClosed) return
    this.closedWith = code
    // A peer that is gone answers no close frame: a browser tells the end much later, or never.
    void settle().then(() => this.onclose?.({ code, reason: '' }))
  }

  /** What the server sends. */
  receive (...messages: object[]): void {
    for (const message of messages) this.onmessage?.({ data: JSON.stringify(message) })
  }

  receiveText (data: unknown): void {
    this.onmessage?.({ data })
  }

  /** The server, or the network, ends it. */
  end (code = 1006, reason = ''): void {
    this.closedWith = code
    if (code === 1006) this.onerror?.({ message: 'it is gone' })
    this.onclose?.({ code, reason })
  }

  /** The id of the last message of this type that the client sent. */
  idOf (type: string): number | undefined {
    return this.sent.findLast((message) => message.type === type)?.id
  }
}

/** A stream of events that a client has fetched: the test is its server. */
export class FakeStream {
  readonly kind: TransportKind = 'sse'
  readonly url: URL
  readonly headers: Record<string, string>
  isClosed = false
  readonly response: Promise<Response>
  #respond!: (response: Response) => void
  #fail!: (error: Error) => void
  #controller!: ReadableStreamDefaultController<Uint8Array>
  readonly #encoder = new TextEncoder()

  constructor (url: string, { headers, signal }: { headers: Record<string, string>, signal: AbortSignal }) {
    this.url = new URL(url)
    this.headers = headers
    this.response = new Promise((resolve, reject) => {
      this.#respond = resolve
      this.#fail = reject
    })
    signal.addEventListener('abort', () => {
      this.#fail(new Error('aborted'))
      if (!this.isClosed) this.#controller?.error(new Error('aborted'))
      this.isClosed = true
    })
  }

  refuse (status: number, headers: Record<string, string> = {}): void {
    this.#respond(new Response('{}', { status, headers: { 'content-type': 'application/json', ...headers } }))
  }

  fail (): void {
    this.#fail(new TypeError('fetch failed'))
  }

  open (): void {
    const body = new ReadableStream<Uint8Array>({ start: (controller) => { this.#controller = controller } })
    this.#respond(new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } }))
  }

  receive (...messages: object[]): void {
    for (const message of messages) this.receiveText(`event: ${(message as Sent).type}\ndata: ${JSON.stringify(message)}\n\n`)
  }

  receiveText (text: string): void {
    this.#controller.enqueue(this.#encoder.encode(text))
  }

  end (): void {
    this.isClosed = true
    this.#controller.close()
  }
}

type Address = ConstructorParameters<typeof PopcastClient>[0]

/** A client whose clock, chance and network are the test's. */
export function clientSide (options: PopcastOptions = {}, url: Address = 'ws://popcast.test/ws') {
  const clock = new FakeClock()
  const sockets: FakeWebSocket[] = []
  const streams: FakeStream[] = []
  const given: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimeout: (callback, ms) => clock.schedule(callback, ms),
    clearTimeout: (cancel) => cancel?.()
  }
  class WebSocket extends FakeWebSocket {
    constructor (url: string, protocols?: string[]) {
      super(url, protocols)
      sockets.push(this)
    }
  }
  const fetch = (url: string, init: { headers: Record<string, string>, signal: AbortSignal }) => {
    const stream = new FakeStream(url, init)
    streams.push(stream)
    return stream.response
  }
  const client = new PopcastClient(url, { clock: given, random: () => 0.5, transport: 'websocket', WebSocket, fetch, ...options })
  const last = <Connection extends { isClosed: boolean }> (all: Connection[]): Connection => {
    const connection = all.at(-1)
    if (connection === undefined || connection.isClosed) throw new Error('the client has not connected')
    return connection
  }
  return {
    clock,
    client,
    sockets,
    streams,
    get socket () { return last(sockets) },
    get stream () { return last(streams) },
    get state () { return client.snapshot.connection.name },
    /** What was told so far, as far as one of these. */
    told: <Name extends keyof PopcastEvents> (name: Name): PopcastEvents[Name][] => {
      const events: PopcastEvents[Name][] = []
      client.on(name, (event) => events.push(event))
      return events
    }
  }
}

/** Answers the URL of a client that has no position, and its barrier. */
export async function greet (side: ReturnType<typeof clientSide>, ...present: object[]): Promise<FakeWebSocket> {
  await settle()
  const { socket } = side
  socket.receive(welcome(), confirmed(), ...present.length > 0 ? present : [update(), openAlerts([])])
  await synced(socket)
  return socket
}

/** The same of a stream. */
export async function greetStream (side: ReturnType<typeof clientSide>): Promise<FakeStream> {
  await settle()
  const { stream } = side
  stream.open()
  stream.receive(welcome(), confirmed(), update(), openAlerts([]), pong())
  await settle()
  return stream
}

/** Answers the last ping. */
export async function synced (socket: FakeWebSocket, fields: object = {}, now = 0): Promise<void> {
  socket.receive(pong({ id: socket.idOf('ping') as number, ...fields }, now))
  await settle()
}
