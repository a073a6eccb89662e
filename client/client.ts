/// <reference lib="esnext.disposable" preserve="true" />
import type { ServerMessage } from '../lib/protocol/server-messages.ts'
import { parseAddress, urlFor, type Address } from './address.ts'
import { Connection } from './connection.ts'
import { Emitter } from './emitter.ts'
import { PopcastError } from './errors.ts'
import { EventQueue } from './event-queue.ts'
import { Feed } from './feed.ts'
import { settingsOf, type AbortSignalLike, type PopcastOptions, type Settings } from './options.ts'
import { Subscriber } from './subscriber.ts'
import { Stopwatch } from './time.ts'
import type { ConnectionState, Freshness, PopcastEvents, Snapshot, Subscription } from './types.ts'

/** The clocks are looked at so often: neither sleep nor a timer that was held up goes unnoticed for longer. */
const LOOK_EVERY_MS = 5_000
const CLOSE_WITHIN_MS = 1_000

interface Waiter {
  resolve (snapshot: Snapshot): void
  reject (error: PopcastError): void
}

/** The live feed of one server, kept up through whatever happens to connections. */
export class PopcastClient implements AsyncDisposable {
  readonly #settings: Settings
  readonly #emitter = new Emitter<PopcastEvents>()
  readonly #time: Stopwatch
  readonly #connection: Connection
  readonly #subscriber: Subscriber
  readonly #feed: Feed
  readonly #queues = new Set<EventQueue<any>>()
  #waiters: Waiter[] = []
  #state: ConnectionState = { name: 'idle' }
  #snapshot: Snapshot | null = null
  /** The last one that was told. */
  #told: Snapshot | null = null
  #isTelling = false
  #timer: unknown

  /**
   * @param url of the WebSocket, or what gives it: asked at every attempt
   * @throws TypeError when it is none, or nothing is subscribed to
   */
  constructor (url: Address | (() => Address | Promise<Address>), options: PopcastOptions = {}) {
    const settings = this.#settings = settingsOf(options)
    const { clock, signal, streamUrl } = settings
    if (typeof url !== 'function') parseAddress(url)
    this.#time = new Stopwatch(clock, () => clock.setTimeout(() => this.#connection.wake(), 0))
    this.#connection = new Connection(settings, this.#time, {
      urlFor: async (kind) => {
        const address = typeof url === 'function' ? await url() : url
        return urlFor(kind, address, streamUrl, this.#subscriber.query())
      },
      message: (message, roundTripMs) => this.#handle(message, roundTripMs),
      badMessage: (error) => this.#emitter.emit('error', error),
      lateAt: () => this.#feed.lateAt(),
      stepped: (state) => this.#stepped(state)
    })
    this.#feed = new Feed(settings, () => this.#subscriber.wanted, () => this.#connection.heardAt)
    this.#subscriber = new Subscriber(
      options.subscribe ?? { metrics: true, alerts: true }, settings, this.#connection, () => this.#feed.held
    )
    signal?.addEventListener('abort', () => this.#connection.abort(), { once: true })
    if (options.autoConnect ?? true) this.connect()
  }

  /** What is known now: the same object until something changes. Reading it looks at the clock. */
  get snapshot (): Snapshot {
    const now = this.#time.now()
    if (this.#snapshot === null || this.#snapshot.freshness.state !== this.#feed.state(now)) {
      this.#snapshot = this.#feed.snapshot(now, this.#state)
      this.#tellSoon()
    }
    return this.#snapshot
  }

  /** The ages as of now. */
  freshness (): Freshness {
    return this.#feed.freshness(this.#time.now(), this.#state)
  }

  /** For React's useSyncExternalStore and Preact's: (client.subscribe, () => client.snapshot). @returns ends it */
  readonly subscribe = (onChange: () => void): (() => void) => this.on('change', onChange)

  /** @returns ends it */
  on<Name extends keyof PopcastEvents> (name: Name, listener: (event: PopcastEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener)
  }

  /** Each event from now on; of more than `buffer` (100) unread ones the oldest give way, and are counted. Ends with close(). */
  events<Name extends keyof PopcastEvents> (
    name: Name, { buffer = 100, signal }: { buffer?: number, signal?: AbortSignalLike } = {}
  ): AsyncIterableIterator<PopcastEvents[Name]> & { readonly dropped: number } {
    const off = this.on(name, (event) => queue.push(event))
    const queue = new EventQueue<PopcastEvents[Name]>(buffer, () => {
      off()
      this.#queues.delete(queue)
    })
    this.#queues.add(queue)
    if (signal?.aborted) queue.end()
    signal?.addEventListener('abort', () => queue.end(), { once: true })
    return queue
  }

  /** Starts, starts again, or tries at once. */
  connect (): void {
    this.#connection.connect()
  }

  /** Resolves when it is live; rejects when it has failed, or is closed before. */
  ready (): Promise<Snapshot> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      if (this.#state.name !== 'idle') this.#settle()
    })
  }

  /**
   * Takes the place of the subscription, for good. Resolves when it is confirmed, or is kept for the next connect().
   * @throws PopcastError REJECTED: the subscription is as it was
   */
  setSubscription (subscription: Subscription): Promise<void> {
    return this.#subscriber.change(subscription)
  }

  /** Round trip, ms. Only a live WebSocket has one. */
  ping (): Promise<number> {
    return new Promise((resolve, reject) => {
      const end = () => reject(new PopcastError('CLOSED', 'there is no live WebSocket'))
      if (!this.#connection.canAsk) return end()
      this.#connection.ask({ type: 'ping' }, (answer, roundTripMs) => answer === null ? end() : resolve(roundTripMs))
    })
  }

  /** Resolves when the connection is closed, after 1 s at the latest. */
  async close (): Promise<void> {
    const closed = this.#connection.close()
    for (const queue of this.#queues) queue.end()
    const { clock } = this.#settings
    let timer
    await Promise.race([closed, new Promise<void>((resolve) => { timer = clock.setTimeout(resolve, CLOSE_WITHIN_MS) })])
    clock.clearTimeout(timer)
  }

  [Symbol.asyncDispose] (): Promise<void> {
    return this.close()
  }

  #handle (message: ServerMessage, roundTripMs: number): void {
    const received = this.#time.now()
    const events: Array<() => void> = []
    const hasChanged = this.#feed.handle(message, {
      received,
      prompt: roundTripMs <= this.#settings.pongTimeoutMs,
      tell: (name, event) => events.push(() => this.#emitter.emit(name, event)),
      gap: () => events.push(() => this.#repairPops(received))
    })
    if (hasChanged) this.#changed()
    if (message.type === 'subscription_confirmed' && message.id === undefined) this.#subscriber.greeted()
    if (message.type === 'error' && message.id === undefined && !message.code.startsWith('SOURCE_')) {
      const { code, retryable, data } = message
      events.push(() => this.#emitter.emit('error', new PopcastError('REJECTED', data.message, { serverCode: code, retryable })))
    }
    for (const tell of events) tell()
    this.#arm()
  }

  #repairPops (now: number): void {
    const error = this.#subscriber.repairPops(now)
    if (error !== null) this.#emitter.emit('error', error)
  }

  #stepped (state: ConnectionState): void {
    const isNew = state !== this.#state
    this.#state = state
    this.#arm()
    if (!isNew) return
    this.#changed()
    this.#settle()
    this.#emitter.emit('connection', state)
  }

  /** Whoever waits for what the state is now. */
  #settle (): void {
    const { name } = this.#state
    if (name === 'live') for (const { resolve } of this.#waiters.splice(0)) resolve(this.snapshot)
    if (name !== 'idle' && name !== 'failed') return
    const error = this.#state.name === 'failed' ? this.#state.cause : new PopcastError('ABORTED', 'closed')
    this.#subscriber.ended(error)
    for (const { reject } of this.#waiters.splice(0)) reject(error)
  }

  #changed (): void {
    this.#snapshot = null
    this.#tellSoon()
  }

  #tellSoon (): void {
    if (this.#isTelling) return
    this.#isTelling = true
    this.#settings.clock.setTimeout(() => {
      const { snapshot } = this
      this.#isTelling = false
      const before = this.#told
      this.#told = snapshot
      if (snapshot === before) return
      const { state } = snapshot.freshness
      if (state !== (before?.freshness.state ?? 'none')) this.#emitter.emit('freshness', state)
      this.#emitter.emit('change', snapshot)
    }, 0)
  }

  readonly #tick = (): void => {
    this.#connection.tick()
    // Tells what has become of it by the clock alone.
    void this.snapshot
    this.#arm()
  }

  #arm (): void {
    const { clock } = this.#settings
    clock.clearTimeout(this.#timer)
    const now = this.#time.now()
    const { name } = this.#state
    const at = Math.min(this.#connection.dueAt(), this.#feed.changesAt(now))
    const isOver = name === 'idle' || name === 'failed'
    if (isOver && at === Infinity) return
    this.#timer = clock.setTimeout(this.#tick, Math.ceil(Math.max(0, Math.min(at - now, LOOK_EVERY_MS))))
    // That data grows old is no reason to keep a script running.
    if (isOver) (this.#timer as { unref?: () => void }).unref?.()
  }
}
