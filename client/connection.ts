import type { ServerMessage } from '../lib/protocol/server-messages.ts'
import { backoffMs, spreadMs } from './backoff.ts'
import { meaningOf } from './close-codes.ts'
import { watchPage } from './environment.ts'
import { PopcastError, type PopcastErrorCode } from './errors.ts'
import { Link } from './link.ts'
import { Liveness } from './liveness.ts'
import { describe, step, type Effect, type EventName } from './machine.ts'
import { parseMessage } from './messages.ts'
import type { Settings } from './options.ts'
import { Requests, type Settle } from './requests.ts'
import type { Stopwatch } from './time.ts'
import { TransportChoice } from './transport-choice.ts'
import type { End } from './transport.ts'
import type { ConnectionState, TransportKind } from './types.ts'

export interface ConnectionOwner {
  /** Where to, for this attempt. */
  urlFor (kind: TransportKind): Promise<string>
  /** @param roundTripMs of what it answers; Infinity when it answers nothing */
  message (message: ServerMessage, roundTripMs: number): void
  badMessage (error: PopcastError): void
  /** When an update is late. */
  lateAt (): number
  /** Something has happened to the connection; the state is the same object unless it is another one. */
  stepped (state: ConnectionState): void
}

/** Carries out what the machine says: the one connection there is, when it is given up, and when it is tried again. */
export class Connection {
  state: ConnectionState = { name: 'idle' }
  /** The last sign of life while live. */
  heardAt = 0
  readonly #settings: Settings
  readonly #time: Stopwatch
  readonly #owner: ConnectionOwner
  readonly #choice: TransportChoice
  readonly #liveness: Liveness
  readonly #requests = new Requests()
  readonly #link: Link
  #untried: TransportKind[] = []
  /** In a row. */
  #failures = 0
  #giveUpAt = 0
  #openedAt = 0
  /** When the state has lasted long enough; of `live`, see Liveness. */
  #deadline = Infinity
  #unwatchPage = () => {}

  constructor (settings: Settings, time: Stopwatch, owner: ConnectionOwner) {
    this.#settings = settings
    this.#time = time
    this.#owner = owner
    this.#liveness = new Liveness(settings.pongTimeoutMs)
    this.#choice = new TransportChoice(settings)
    this.#link = new Link(settings, {
      message: (text) => this.#receive(text),
      heard: () => this.#heard(),
      end: (how) => this.#ended(how)
    })
  }

  connect (): void {
    if (this.#settings.signal?.aborted) this.abort()
    else if (this.#choice.isEmpty) this.#step('fatal', new PopcastError('NO_WEBSOCKET', 'there is none: pass one'))
    else this.#step('connect')
  }

  /** What is asked for has changed, and can only be said in a URL. */
  renew (): void {
    this.#step('renew')
  }

  abort (): void {
    this.#step('fatal', new PopcastError('ABORTED', 'aborted'))
  }

  /** Resolves when the transport is closed. */
  close (): Promise<void> {
    this.#step('close')
    return this.#link.closed
  }

  /** Somebody may be looking again. */
  readonly wake = (): void => {
    // When the server has said to come back, it is not there earlier.
    const isTold = this.state.name === 'waiting' && this.state.cause.retryAfterMs !== null
    if (!isTold) this.#step('wake')
  }

  /** Whether it is live and something can be asked. */
  get canAsk (): boolean {
    return this.state.name === 'live' && this.state.transport === 'websocket'
  }

  ask (message: object, settle: Settle): void {
    this.#link.send({ ...message, id: this.#requests.add(this.#time.now(), settle) })
  }

  /** When something is to be done. */
  dueAt (): number {
    return this.state.name === 'live' ? this.#liveness.dueAt(this.#owner.lateAt(), this.canAsk) : this.#deadline
  }

  /** Does what is due. It may be called at any time, and any number of times. */
  tick (): void {
    if (this.#time.now() < this.dueAt()) return
    const { name } = this.state
    if (name === 'waiting' || name === 'draining') this.#step('due')
    else if (name === 'connecting') this.#ended({ reason: 'no welcome' }, 'CONNECT_TIMEOUT')
    else if (this.canAsk && !this.#liveness.isAsked) this.#effects.check(null)
    else this.#ended({ reason: 'no sign of life' }, 'NO_PONG')
  }

  #step (event: EventName, cause: PopcastError | null = null): void {
    const { next, effects } = step(this.state.name, event)
    for (const effect of effects) this.#effects[effect](cause)
    const retryAt = this.#settings.clock.now() + this.#deadline - this.#time.now()
    this.state = describe(this.state, next, { attempt: this.#failures, retryAt, transport: this.#link.kind, cause })
    this.#owner.stepped(this.state)
  }

  readonly #effects: Record<Effect, (cause: PopcastError | null) => void> = {
    watchPage: () => {
      if (!this.#settings.wakeOnPageEvents) return
      this.#unwatchPage = watchPage(this.wake, () => this.#step('leave', new PopcastError('CLOSED', 'the page is put away')))
    },
    open: () => {
      const now = this.#time.now()
      this.#untried = this.#choice.next(now)
      this.#giveUpAt = now + this.#settings.connectTimeoutMs
      this.#openNext()
    },
    openNext: () => this.#openNext(),
    drop: () => {
      this.#link.drop()
      this.#requests.abandon()
    },
    rest: () => {
      this.#unwatchPage()
      this.#failures = 0
      this.#deadline = Infinity
    },
    sendBarrier: () => {
      this.#openedAt = this.#time.now()
      this.#deadline = this.#openedAt + this.#settings.connectTimeoutMs
      this.ask({ type: 'ping' }, (answer) => { if (answer !== null) this.#step('synced') })
    },
    awaitUpdates: () => {
      this.heardAt = this.#time.now()
    },
    check: () => {
      if (!this.canAsk || this.#liveness.isAsked) return
      this.#liveness.asked(this.#time.now())
      this.ask({ type: 'ping' }, () => {})
    },
    backOff: (cause) => {
      const { backoff, random } = this.#settings
      const told = cause?.retryAfterMs ?? null
      this.#deadline = this.#time.now() +
        (told === null ? backoffMs(backoff, this.#failures, random()) : spreadMs(told, random()))
    },
    obey: (cause) => {
      this.#deadline = this.#time.now() + (cause?.retryAfterMs ?? 0)
    }
  }

  #openNext (): void {
    const kind = this.#untried.shift() as TransportKind
    const now = this.#time.now()
    this.#choice.trying(kind, now)
    // As long as another one is left to try, this one gets its share of the time.
    this.#deadline = now + (this.#giveUpAt - now) / (this.#untried.length + 1)
    this.#link.open(kind, (kind) => this.#owner.urlFor(kind))
  }

  #heard (): void {
    const now = this.#time.now()
    this.#liveness.heard(now)
    if (this.state.name === 'live') this.heardAt = now
    if (this.state.name === 'syncing') this.#deadline = now + this.#settings.connectTimeoutMs
  }

  #receive (text: unknown): void {
    const message = parseMessage(text)
    if (message instanceof PopcastError) return message.retryable ? this.#owner.badMessage(message) : this.#lost(message)
    if (message.type === 'close') return this.#ended({ closeCode: message.code, reason: message.reason })
    const request = this.#requests.take(message)
    const roundTripMs = request === undefined ? Infinity : this.#time.now() - request.sentAt
    const goesOn = this.#link.outlives(() => this.#owner.message(message, roundTripMs))
    request?.settle(goesOn ? message : null, roundTripMs)
    if (goesOn) this.#follow(message)
  }

  #follow (message: ServerMessage): void {
    const { name } = this.state
    if (message.type === 'welcome' && name === 'connecting') {
      this.#liveness.heartbeatMs = message.heartbeatMs
      this.#choice.worked(this.#link.kind)
      this.#step('welcome')
    } else if (message.type === 'pong' && name === 'syncing' && this.state.transport === 'sse') this.#step('synced')
    else if (message.type === 'server_shutdown') {
      this.#step('shutdown', new PopcastError('SHUTDOWN', message.data.message, { retryAfterMs: message.retryAfterMs }))
    }
  }

  #ended ({ reason, closeCode, retryAfterMs = null }: End, code?: PopcastErrorCode): void {
    const isOpening = this.state.name === 'connecting'
    if (isOpening) this.#choice.failed()
    if (isOpening && this.#untried.length > 0) this.#step('refused')
    else {
      code ??= meaningOf(closeCode ?? 0, isOpening ? 'REFUSED' : 'CLOSED')
      this.#lost(new PopcastError(code, reason || `closed with ${closeCode}`, { closeCode, retryAfterMs }))
    }
  }

  #lost (cause: PopcastError): void {
    const { state } = this
    const isGood = state.name === 'draining' || (state.name === 'live' && cause.code === 'NO_PONG') ||
      (state.name !== 'connecting' && this.#time.now() - this.#openedAt >= this.#settings.resetAfterMs)
    this.#failures = isGood ? 0 : this.#failures + 1
    if (!cause.retryable) this.#step('fatal', cause)
    else if (this.#failures < this.#settings.attempts) this.#step('lost', state.name === 'draining' ? state.cause : cause)
    else this.#step('fatal', new PopcastError('ATTEMPTS_USED_UP', cause.message, { closeCode: cause.closeCode }))
  }
}
