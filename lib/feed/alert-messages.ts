import type { AllowedPops } from '../auth/grant.ts'
import type { AlertMessage } from '../protocol/server-messages.ts'
import { SharedMessage } from './shared-message.ts'

/** Most clients stand at one of two positions; those that lag are at many, and are not worth the memory. */
const MOST_POSITIONS = 8
/** Of distinct limits of tokens, so many are remembered. */
export const MOST_LIMITS = 16

/** Remembers what was made for one position, so that all who stand there share it; for the last few positions only. */
export class ByPosition<T> {
  readonly #made = new Map<number, T>()

  get (position: number, make: () => T): T {
    const known = this.#made.get(position)
    if (known !== undefined) return known
    const made = make()
    const [oldest] = this.#made.keys()
    if (oldest !== undefined && this.#made.size >= MOST_POSITIONS) this.#made.delete(oldest)
    this.#made.set(position, made)
    return made
  }

  clear (): void {
    this.#made.clear()
  }
}

/**
 * The alerts of one tick as they are told. The `seq` of a message is the position of who gets it: that of the tick only
 * with the last one, and only to whom no update of the tick follows. So they are encoded once per position, which for
 * everybody who keeps up is the same.
 */
export class AlertMessages {
  readonly alerts: readonly AlertMessage[]
  #bytes: number | null = null
  readonly #followed = new ByPosition<readonly SharedMessage[]>()
  readonly #ending = new ByPosition<readonly SharedMessage[]>()
  readonly #within = new Map<string, AlertMessages>()

  /** @param alerts with the seq of their tick */
  constructor (alerts: readonly AlertMessage[]) {
    this.alerts = alerts
  }

  /** Of the JSON, up to the digits of the position. */
  get bytes (): number {
    this.#bytes ??= this.alerts.reduce((sum, alert) => sum + Buffer.byteLength(JSON.stringify(alert)), 0)
    return this.#bytes
  }

  /** Those of PoPs that somebody may see. */
  within (allowed: AllowedPops | null): AlertMessages {
    if (allowed === null || this.alerts.length === 0) return this
    const known = this.#within.get(allowed.key)
    if (known !== undefined) return known
    const some = new AlertMessages(this.alerts.filter(({ data }) => allowed.codes.has(data.pop)))
    // Beyond that each of them is made for one client.
    if (this.#within.size < MOST_LIMITS) this.#within.set(allowed.key, some)
    return some
  }

  /** @param endsTick nothing else of the tick follows for this client */
  at (position: number, endsTick: boolean): readonly SharedMessage[] {
    return (endsTick ? this.#ending : this.#followed).get(position, () => this.alerts.map((alert, index) => {
      const isEnd = endsTick && index === this.alerts.length - 1
      return new SharedMessage({ ...alert, seq: isEnd ? alert.tickSeq : Math.min(position, alert.tickSeq) })
    }))
  }
}
