import type { ServerMessage } from '../lib/protocol/server-messages.ts'
import type { Connection } from './connection.ts'
import { PopcastError } from './errors.ts'
import type { Settings } from './options.ts'
import type { Held } from './store.ts'
import { changesBetween, queryOf, topicsOf, type Wishes } from './subscription.ts'
import type { Subscription } from './types.ts'

/** So many deltas that cannot be applied in so long are no accident: then the PoPs are asked for whole. */
const MAX_GAPS = 3
const GAPS_WITHIN_MS = 60_000

interface Waiter {
  resolve (): void
  reject (error: PopcastError): void
}

/** What is asked of the server, and whether it has agreed. */
export class Subscriber {
  wanted: Subscription
  readonly #settings: Settings
  readonly #connection: Connection
  readonly #held: () => Held
  #delta: boolean
  #gaps: number[] = []
  /** Until the next greeting confirms what its URL asked for. */
  #waiters: Waiter[] = []
  /** One change after the other. */
  #last: Promise<unknown> = Promise.resolve()

  /** @throws TypeError when nothing is subscribed to */
  constructor (subscription: Subscription, settings: Settings, connection: Connection, held: () => Held) {
    this.wanted = checked(subscription)
    this.#settings = settings
    this.#delta = settings.delta
    this.#connection = connection
    this.#held = held
  }

  query (): string {
    return queryOf(this.#wishes(), this.#held().position)
  }

  change (subscription: Subscription): Promise<void> {
    const changed = this.#last.then(() => this.#change(checked(subscription)))
    this.#last = changed.catch(() => {})
    return changed
  }

  /** The greeting is for what the URL asked for. */
  greeted (): void {
    for (const { resolve } of this.#waiters.splice(0)) resolve()
  }

  ended (error: PopcastError): void {
    for (const { reject } of this.#waiters.splice(0)) reject(error)
  }

  /** Asks for all PoPs. @returns what to tell when deltas do not work at all */
  repairPops (now: number): PopcastError | null {
    this.#gaps = [...this.#gaps.filter((at) => now - at < GAPS_WITHIN_MS), now]
    const isHopeless = this.#delta && this.#gaps.length >= MAX_GAPS
    if (isHopeless) this.#delta = false
    if (this.#connection.canAsk) {
      this.#connection.ask({ type: 'unsubscribe', topics: ['pops'] }, () => {})
      for (const message of changesBetween({ ...this.wanted, pops: false }, this.#wishes())) {
        this.#connection.ask(message, () => {})
      }
    } else this.#connection.renew()
    return isHopeless ? new PopcastError('BAD_MESSAGE', 'deltas that do not fit') : null
  }

  async #change (subscription: Subscription): Promise<void> {
    const before = this.wanted
    this.wanted = subscription
    const { name } = this.#connection.state
    if (name === 'idle' || name === 'failed') return
    if (!this.#connection.canAsk) {
      this.#connection.renew()
      return this.#greeting()
    }
    for (const message of changesBetween(before, this.#wishes())) {
      const answer = await new Promise<ServerMessage | null>((resolve) => this.#connection.ask(message, resolve))
      // The next URL asks for it.
      if (answer === null) return this.#greeting()
      if (answer.type === 'error') {
        this.wanted = before
        throw new PopcastError('REJECTED', answer.data.message, { serverCode: answer.code, retryable: answer.retryable })
      }
    }
  }

  #greeting (): Promise<void> {
    const { state } = this.#connection
    if (state.name === 'failed') return Promise.reject(state.cause)
    if (state.name === 'idle') return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  #wishes (): Wishes {
    const history = this.#held().history.length === 0 ? this.#settings.history : 0
    return { subscription: this.wanted, delta: this.#delta, history }
  }
}

function checked (subscription: Subscription): Subscription {
  if (topicsOf(subscription).length === 0) throw new TypeError('subscribe to metrics, alerts or pops')
  return subscription
}
