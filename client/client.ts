/// <reference lib="esnext.disposable" preserve="true" />
import type { ServerMessage } from '../lib/protocol/server-messages.ts'
import { Connection } from './connection.ts'
import { PopcastError } from './errors.ts'
import { Emitter, iterate, unseen } from './events.ts'
import { freshnessOf } from './freshness.ts'
import { isUp } from './machine.ts'
import { settingsOf, type AbortSignalLike, type Address, type PopcastOptions, type Settings } from './options.ts'
import { nothing, reduce, rejectedBy, type Position } from './store.ts'
import { askedOf, fieldsOf, parseAddress, topicsOf, urlFor, type Wishes } from './subscription.ts'
import type { ConnectionState, Freshness, PopcastEvents, Snapshot, Subscription } from './types.ts'

/** The clocks are looked at so often while there is a connection or one is wanted. */
const LOOK_EVERY_MS = 1_000
const CLOSE_WITHIN_MS = 1_000
/** So many deltas that cannot be applied in so long are no accident: then the PoPs are asked for whole. */
const MAX_GAPS = 3
const GAPS_WITHIN_MS = 60_000

interface Told extends PopcastEvents { end: void }

/** The live feed of one server, kept up through whatever happens to connections. */
export class PopcastClient implements AsyncDisposable {
  readonly #settings: Settings
  readonly #emitter = new Emitter<Told>()
  readonly #connection: Connection
  readonly #isNew = unseen()
  #held = nothing
  #subscription: Subscription
  /** One change of it after the other. */
  #changes: Promise<unknown> = Promise.resolve()
  #gaps: number[] = []
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
    const onSlept = () => settings.clock.setTimeout(() => this.#connection.wake(), 0)
    const settings = this.#settings = settingsOf(options, onSlept)
    const urlOf = typeof url === 'function' ? url : () => url
    if (urlOf !== url) parseAddress(url as Address)
    this.#subscription = checked(settings.subscribe)
    this.#connection = new Connection(settings, {
      urlFor: async (kind) => {
        // Whoever is asked may know this client, but not before it is made.
        await null
        return urlFor(kind, await urlOf(), settings.streamUrl, this.#wishes(), this.#position)
      },
      message: (message, isPrompt) => this.#handle(message, isPrompt),
      badMessage: (error) => this.#emitter.emit('error', error),
      lateAt: () => this.#measure().lateAt,
      stepped: (isNew) => this.#stepped(isNew)
    })
    if (settings.autoConnect) this.connect()
  }

  /** What is known now: the same object until something changes. Reading it looks at the clock. */
  get snapshot (): Snapshot {
    const freshness = this.freshness()
    if (this.#snapshot?.freshness.state !== freshness.state) {
      const { position, popsAt, basis, sourceError, doubted, serverAhead, ...shown } = this.#held
      this.#snapshot = { connection: this.#connection.state, freshness, ...shown }
      this.#tellSoon()
    }
    return this.#snapshot
  }

  /** The ages as of now. */
  freshness (): Freshness {
    const { dueAt, lateAt, ...freshness } = this.#measure()
    return { ...freshness, dueInMs: isUp(this.#connection.state) && lateAt < Infinity ? dueAt - this.#settings.now() : null }
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
    return iterate(this.#emitter, name, buffer, signal)
  }

  /** Starts, starts again, or tries at once. */
  connect (): void {
    this.#connection.connect()
  }

  /** Resolves when it is live; rejects when it has failed, or is closed before. */
  ready (): Promise<Snapshot> {
    return new Promise((resolve, reject) => {
      const look = (state: ConnectionState) => {
        if (state.name === 'live') resolve(this.snapshot)
        else if (state.name === 'failed') reject(state.cause)
        else if (state.name === 'idle') reject(new PopcastError('ABORTED', 'closed'))
        else return
        off()
      }
      const off = this.on('connection', look)
      const { state } = this.#connection
      if (state.name !== 'idle') look(state)
    })
  }

  /**
   * Takes the place of the subscription, for good. Resolves when it is confirmed, or is kept for the next connect(), also
   * because the client is closed or fails meanwhile.
   * @throws PopcastError REJECTED: the subscription is as it was
   */
  setSubscription (subscription: Subscription): Promise<void> {
    const change = this.#changes.then(() => this.#change(checked(subscription)))
    this.#changes = change.catch(() => {})
    return change
  }

  /** Round trip, ms. Only a live WebSocket has one. */
  async ping (): Promise<number> {
    const sentAt = this.#settings.now()
    if (await this.#ask({ type: 'ping' })) return this.#settings.now() - sentAt
    throw new PopcastError('CLOSED', 'no live WebSocket')
  }

  /** Resolves when the connection is closed, after 1 s at the latest. */
  async close (): Promise<void> {
    const { clock } = this.#settings
    this.#connection.close()
    this.#emitter.emit('end', undefined)
    let timer
    const late = new Promise<void>((resolve) => { timer = clock.setTimeout(resolve, CLOSE_WITHIN_MS) })
    await Promise.race([this.#connection.closed, late])
    clock.clearTimeout(timer)
  }

  [Symbol.asyncDispose] (): Promise<void> {
    return this.close()
  }

  async #change (subscription: Subscription): Promise<void> {
    const before = this.#subscription
    // Until the server has confirmed it, what comes is of the one before.
    const take = (answer: ServerMessage | null) => { if (answer?.type !== 'error') this.#subscription = subscription }
    if (this.#connection.canAsk) {
      const lost = topicsOf(askedOf(before)).filter((topic) => !askedOf(subscription)[topic])
      const answer = await this.#ask({ type: 'subscribe', ...fieldsOf({ ...this.#wishes(subscription), history: 0 }) }, take)
      if (answer?.type === 'error') throw rejectedBy(answer)
      // If the connection was lost meanwhile, the next URL says all of it.
      if (lost.length > 0) await this.#ask({ type: 'unsubscribe', topics: lost })
      // What came of the metrics until now was not kept.
      if (subscription.metrics && !before.metrics && this.#connection.canAsk) this.#connection.renew()
    } else {
      take(null)
      if (!this.#isOver) this.#connection.renew()
    }
    // If it ends meanwhile, that does not change what is kept.
    if (!this.#isOver) await this.ready().catch(() => {})
  }

  #ask (message: object, then = (_: ServerMessage | null) => {}): Promise<ServerMessage | null> {
    return new Promise((resolve) => {
      const settle = (answer: ServerMessage | null) => {
        then(answer)
        resolve(answer)
      }
      if (this.#connection.canAsk) this.#connection.ask(message, settle)
      else settle(null)
    })
  }

  #handle (message: ServerMessage, isPrompt: boolean): void {
    const received = this.#settings.now()
    const events: Array<() => void> = []
    this.#held = reduce(this.#held, message, {
      received,
      isPrompt,
      subscription: this.#subscription,
      historyLimit: this.#settings.history,
      isNew: this.#isNew,
      tell: (name, event) => events.push(() => (this.#emitter as Emitter<PopcastEvents>).emit(name, event)),
      gap: () => events.push(() => this.#repairPops(received))
    })
    if (message.type !== 'pong') this.#changed()
    for (const tell of events) tell()
    this.#emitter.emit('message', message)
    this.#arm()
  }

  /** Where to go on; null: from what is there now, with the history of what has not been shown until now. */
  get #position (): Position | null {
    const { basis, overview, position } = this.#held
    return this.#subscription.metrics && basis && !overview ? null : position
  }

  /** Asks for all PoPs, by coming back. */
  #repairPops (now: number): void {
    this.#gaps = [...this.#gaps.filter((at) => now - at < GAPS_WITHIN_MS), now]
    const message = 'deltas do not fit'
    if (this.#gaps.length === MAX_GAPS) this.#emitter.emit('error', new PopcastError('BAD_MESSAGE', message))
    this.#connection.comeBack(message)
  }

  #wishes (subscription = this.#subscription): Wishes {
    const { delta, history } = this.#settings
    return {
      subscription,
      delta: delta && this.#gaps.length < MAX_GAPS,
      history: this.#held.history.length > 0 ? 0 : history
    }
  }

  #stepped (isNew: boolean): void {
    if (isNew) {
      this.#changed()
      this.#emitter.emit('connection', this.#connection.state)
    }
    this.#arm()
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
      const { state } = snapshot.freshness
      const before = this.#told
      this.#told = snapshot
      this.#isTelling = false
      if (state !== (before?.freshness.state ?? 'none')) this.#emitter.emit('freshness', state)
      if (snapshot !== before) this.#emitter.emit('change', snapshot)
    }, 0)
  }

  #arm (): void {
    const { clock } = this.#settings
    // Told also when it has changed by the clock alone.
    const { state } = this.snapshot.freshness
    clock.clearTimeout(this.#timer)
    if (this.#isOver && (state === 'none' || state === 'stale')) return
    this.#timer = clock.setTimeout(() => {
      this.#connection.tick()
      this.#arm()
    }, Math.ceil(Math.min(Math.max(0, this.#connection.dueAt() - this.#settings.now()), LOOK_EVERY_MS)))
    // That data grows old is no reason to keep a script running.
    if (this.#isOver) (this.#timer as { unref?: () => void }).unref?.()
  }

  get #isOver (): boolean {
    const { name } = this.#connection.state
    return name === 'idle' || name === 'failed'
  }

  #measure () {
    return freshnessOf(this.#held, this.#settings.now(), this.#settings)
  }
}

function checked (subscription: Subscription): Subscription {
  if (topicsOf(subscription).length === 0) throw new TypeError('subscribe to metrics, alerts or pops')
  return subscription
}
