import type { ServerMessage } from '../lib/protocol/server-messages.ts'
import { waitMs } from './backoff.ts'
import { meaningOf } from './close-codes.ts'
import { watchPage } from './environment.ts'
import { PopcastError, type PopcastErrorCode } from './errors.ts'
import { isUp, rowOf, stateOf, type Effect, type EventName } from './machine.ts'
import { openerOf } from './opener.ts'
import type { Settings } from './options.ts'
import { transportsFor } from './transport-choice.ts'
import type { End, Transport } from './transport.ts'
import type { ConnectionState, TransportKind } from './types.ts'

const PROTOCOL_VERSION = 1
/** After so many attempts in a row it is not known any more which transport passes. */
const DOUBT_AFTER_ATTEMPTS = 3
/** So many heartbeats of the server's may fail to come before a stream, which cannot be asked, is taken for dead. */
const SILENT_HEARTBEATS = 2.5
/** The close code. */
const UNAUTHORIZED = 4500
/** Of setTimeout. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

export interface ConnectionOwner {
  /** Where to, for this attempt. */
  urlFor (kind: TransportKind): Promise<string>
  /** @param isPrompt it answers what was asked a moment ago @throws when it is not of the protocol */
  message (message: ServerMessage, isPrompt: boolean): void
  badMessage (error: PopcastError): void
  /** When an update is late. */
  lateAt (): number
  /** Something has happened; `isNew`: the state is another one. */
  stepped (isNew: boolean): void
}

/** Answers a question; null: the connection has ended before. */
type Settle = (answer: ServerMessage | null) => void

/** Carries out what the machine says: the one connection there is, when it is given up, and when it is tried again. */
export class Connection {
  state: ConnectionState = { name: 'idle' }
  /** Resolves when the last transport is closed. */
  closed: Promise<void> | undefined
  readonly #settings: Settings
  readonly #owner: ConnectionOwner
  #transport: Transport | undefined
  #kind: TransportKind | undefined
  /** Stands for the transport that counts: what an earlier one still says is of no interest. */
  #token = {}
  #untried: TransportKind[] = []
  /** The transport that worked. */
  #known: TransportKind | undefined
  /** Attempts since it worked. */
  #refusals = 0
  #triedWebSocketAt = 0
  #failures = 0
  #giveUpAt = 0
  #openedAt = 0
  /** When the state has lasted long enough; Infinity: a live WebSocket is not waited for. */
  #deadline = Infinity
  #heartbeatMs = 0
  /** The last sign of life while live. */
  #heardAt = 0
  #askedAt = 0
  #lastId = 0
  /** Of the last question whether the server is still there. */
  #checkId = 0
  #questions = new Map<unknown, Settle>()
  #unwatchPage: (() => void) | undefined
  #renewal: unknown
  readonly #abort = () => this.#step('fatal', new PopcastError('ABORTED'))

  constructor (settings: Settings, owner: ConnectionOwner) {
    this.#settings = settings
    this.#owner = owner
    settings.signal?.addEventListener('abort', this.#abort)
  }

  connect (): void {
    const { signal } = this.#settings
    if (signal?.aborted) this.#abort()
    else if (transportsFor(this.#settings, undefined, 0).length > 0) this.#step('connect')
    else this.#step('fatal', new PopcastError('NO_WEBSOCKET'))
  }

  /** Somebody may be looking again. */
  wake (): void {
    const { state } = this
    // When the server has said to come back, it is not there earlier.
    if (state.name === 'live' || (state.name === 'waiting' && state.cause.retryAfterMs === null)) this.#step('connect')
  }

  /** What is asked for has changed, and can only be said in a URL. */
  renew (): void {
    this.#step('renew')
  }

  /** What came does not fit what is held. Not at once: it may be so for all of the server's clients. */
  comeBack (message: string): void {
    if (isUp(this.state)) this.#lost(new PopcastError('BAD_MESSAGE', message))
  }

  close (): void {
    this.#step('close')
  }

  /** Whether something can be asked. */
  get canAsk (): boolean {
    return this.state.name === 'live' && this.#kind === 'websocket'
  }

  ask (message: object, settle: Settle): void {
    this.#questions.set(++this.#lastId, settle)
    this.#transport?.send({ ...message, id: this.#lastId })
  }

  /** When something is to be done. */
  dueAt (): number {
    if (!this.canAsk || this.#deadline < Infinity) return this.#deadline
    const silentAt = Math.max(this.#heardAt, this.#askedAt) + this.#heartbeatMs
    const lateAt = this.#owner.lateAt()
    // Asked once per update that is late.
    return lateAt > this.#askedAt ? Math.min(silentAt, lateAt) : silentAt
  }

  /** Does what is due. It may be called at any time, and any number of times. */
  tick (): void {
    const now = this.#settings.now()
    if (now < this.dueAt()) return
    if (this.state.name === 'connecting') this.#ended({ reason: 'no welcome' }, 'CONNECT_TIMEOUT')
    else if (now >= this.#deadline && isUp(this.state)) this.#ended({ reason: 'silence' }, 'NO_PONG')
    else this.#step('connect')
  }

  #step (event: EventName, cause?: PopcastError): void {
    const [next, ...effects] = rowOf(this.state.name, event)
    for (const effect of effects) this.#effects[effect](cause)
    const retryAt = this.#settings.clock.now() + this.#deadline - this.#settings.now()
    const isNew = next !== this.state.name
    if (isNew) this.state = stateOf(next, { attempt: this.#failures, transport: this.#kind, retryAt, cause })
    this.#owner.stepped(isNew)
  }

  readonly #effects: Record<Effect, (cause?: PopcastError) => void> = {
    drop: () => {
      this.#token = {}
      this.closed = this.#transport?.close() ?? this.closed
      this.#transport = undefined
      this.#settings.clock.clearTimeout(this.#renewal)
      for (const settle of this.#questions.values()) settle(null)
      this.#questions.clear()
    },
    open: () => {
      const { wakeOnPageEvents, connectTimeoutMs, now, signal } = this.#settings
      signal?.addEventListener('abort', this.#abort)
      const leave = () => this.#step('lost', new PopcastError('CLOSED'))
      if (wakeOnPageEvents) this.#unwatchPage ??= watchPage(() => this.wake(), leave)
      this.#untried = transportsFor(this.#settings, this.#known, now() - this.#triedWebSocketAt)
      this.#giveUpAt = now() + connectTimeoutMs
      this.#effects.openNext()
    },
    openNext: () => {
      const kind = this.#kind = this.#untried.shift()!
      const now = this.#settings.now()
      if (kind === 'websocket') this.#triedWebSocketAt = now
      // As long as another one is left to try, this one gets its share of the time.
      this.#deadline = now + (this.#giveUpAt - now) / (this.#untried.length + 1)
      void this.#open(kind)
    },
    sendBarrier: () => {
      this.#openedAt = this.#settings.now()
      this.#deadline = this.#openedAt + this.#settings.connectTimeoutMs
      this.ask({ type: 'ping' }, (answer) => { if (answer && this.state.name === 'syncing') this.#step('synced') })
    },
    awaitUpdates: () => {
      this.#heardAt = this.#settings.now()
      this.#deadline = this.#kind === 'sse' ? this.#heardAt + SILENT_HEARTBEATS * this.#heartbeatMs : Infinity
    },
    check: () => {
      if (this.#deadline < Infinity) return
      this.#askedAt = this.#settings.now()
      this.#deadline = this.#askedAt + this.#settings.pongTimeoutMs
      this.ask({ type: 'ping' }, () => {})
      this.#checkId = this.#lastId
    },
    backOff: (cause) => {
      this.#deadline = this.#settings.now() + waitMs(this.#settings.backoff, this.#failures, cause!, this.#settings.random())
    },
    rest: () => {
      // One that lives longer must not hold what has ended.
      this.#settings.signal?.removeEventListener('abort', this.#abort)
      this.#unwatchPage?.()
      this.#unwatchPage = undefined
      this.#failures = 0
      this.#deadline = Infinity
    }
  }

  async #open (kind: TransportKind): Promise<void> {
    const token = this.#token
    const ifCurrent = <Value> (listener: (value: Value) => void) => (value: Value) => {
      if (token === this.#token) listener(value)
    }
    const end = ifCurrent((how: End) => this.#ended(how))
    const on = { message: ifCurrent((text: unknown) => this.#receive(text)), heard: ifCurrent<void>(() => this.#heard()), end }
    try {
      const open = await openerOf(kind)
      const url = await this.#owner.urlFor(kind)
      if (token !== this.#token) return
      const transport = await open(url, this.#settings, on)
      if (token === this.#token) this.#transport = transport
      else void transport.close()
    } catch (error) {
      end({ reason: `${error}` })
    }
  }

  #heard (): void {
    if (this.state.name === 'live') this.#effects.awaitUpdates()
    if (this.state.name === 'syncing') this.#deadline = this.#settings.now() + this.#settings.connectTimeoutMs
  }

  #receive (text: unknown): void {
    const token = this.#token
    const isInTime = this.#settings.now() < this.#deadline
    let message
    // A page that was frozen meanwhile reads a welcome that was made nobody knows when: the age of all that follows hangs on it.
    if (!isInTime && this.state.name === 'connecting') return this.tick()
    this.#heard()
    try {
      message = JSON.parse(text as string)
      // First who has asked: what the answer means may hang on what was asked.
      const settle = this.#questions.get(message.id)
      this.#questions.delete(message.id)
      settle?.(message)
      if (token !== this.#token) return
      this.#owner.message(message, isInTime && message.id === this.#checkId)
    } catch (error) {
      return this.#owner.badMessage(new PopcastError('BAD_MESSAGE', `${error}`))
    }
    // Whoever was told of it may have closed.
    if (token !== this.#token) return
    const { type } = message
    const { name } = this.state
    if (type === 'welcome' && name === 'connecting') {
      this.#heartbeatMs = message.heartbeatMs
      this.#known = this.#kind
      this.#refusals = 0
      if (message.protocol === PROTOCOL_VERSION) this.#step('welcome')
      else this.#lost(new PopcastError('UNSUPPORTED_VERSION'))
    }
    this.#renewIn(message.tokenExpiresInMs)
    if (type === 'auth_required') this.#ended({ closeCode: UNAUTHORIZED, reason: 'a token is wanted' })
    if (type === 'pong' && name === 'syncing' && this.#kind === 'sse') this.#step('synced')
    if (type === 'server_shutdown') this.#step('shutdown', shutdown(message.retryAfterMs))
    if (type === 'close') this.#ended({ closeCode: message.code, reason: message.reason })
  }

  /** Presents another token before the one that there is expires. A stream has to come back for that. */
  #renewIn (expiresInMs: number | undefined): void {
    const { token, clock, random } = this.#settings
    if (!token || !expiresInMs || this.#kind !== 'websocket') return
    clock.clearTimeout(this.#renewal)
    const held = this.#token
    // Not all of them at once, and in time.
    const renew = async () => {
      const another = await token()
      if (held === this.#token && this.canAsk) this.ask({ type: 'auth', token: another }, () => {})
    }
    // Without another one the server closes in its time, and the next attempt asks again.
    const inMs = Math.min(MAX_TIMEOUT_MS, expiresInMs * (0.7 + random() / 5))
    this.#renewal = clock.setTimeout(() => { renew().catch(() => {}) }, inMs)
  }

  #ended ({ reason, closeCode = 0, retryAfterMs = null }: End, code?: PopcastErrorCode): void {
    const isOpening = this.state.name === 'connecting'
    code ??= meaningOf(closeCode, isOpening ? 'REFUSED' : 'CLOSED')
    // Another one may be let in, by whatever transport.
    const isUnknown = code === 'UNAUTHORIZED'
    const retryable = isUnknown && this.#settings.token && this.#refusals < 1 ? { retryable: true } : {}
    if (isOpening && this.#untried.length > 0 && !isUnknown) this.#step('refused')
    else this.#lost(new PopcastError(code, reason, { closeCode, retryAfterMs, ...retryable }))
  }

  #lost (cause: PopcastError): void {
    const { name } = this.state
    const { attempts, resetAfterMs } = this.#settings.backoff
    const now = this.#settings.now()
    const isOpening = name === 'connecting'
    if (name === 'draining') cause = shutdown(Math.max(0, this.#deadline - now))
    const wasGood = !isOpening && (cause.code === 'NO_PONG' || cause.code === 'SHUTDOWN' || now - this.#openedAt >= resetAfterMs)
    this.#failures = wasGood ? 0 : this.#failures + 1
    if (isOpening && ++this.#refusals >= DOUBT_AFTER_ATTEMPTS) this.#known = undefined
    if (!cause.retryable) this.#step('fatal', cause)
    else if (this.#failures < attempts) this.#step('lost', cause)
    else this.#step('fatal', new PopcastError('ATTEMPTS_USED_UP', cause.message))
  }
}

function shutdown (retryAfterMs: number): PopcastError {
  return new PopcastError('SHUTDOWN', undefined, { retryAfterMs })
}
