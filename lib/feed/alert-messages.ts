import type { AlertMessage } from '../protocol/server-messages.ts'
import { SharedMessage } from './shared-message.ts'

/**
 * The alerts of one tick as they are told. The `seq` of a message is the position of who gets it: that of the tick only
 * with the last one, and only to whom no update of the tick follows. So they are encoded once per position, which for
 * everybody who keeps up is the same.
 */
export class AlertMessages {
  readonly alerts: readonly AlertMessage[]
  #bytes: number | null = null
  readonly #byPosition = new Map<string, readonly SharedMessage[]>()

  /** @param alerts with the seq of their tick */
  constructor (alerts: readonly AlertMessage[]) {
    this.alerts = alerts
  }

  /** Of the JSON, up to the digits of the position. */
  get bytes (): number {
    this.#bytes ??= this.alerts.reduce((sum, alert) => sum + Buffer.byteLength(JSON.stringify(alert)), 0)
    return this.#bytes
  }

  /** @param endsTick nothing else of the tick follows for this client */
  at (position: number, endsTick: boolean): readonly SharedMessage[] {
    const key = `${position} ${endsTick}`
    const known = this.#byPosition.get(key)
    if (known !== undefined) return known
    const messages = this.alerts.map((alert, index) => {
      const isEnd = endsTick && index === this.alerts.length - 1
      return new SharedMessage({ ...alert, seq: isEnd ? alert.tickSeq : Math.min(position, alert.tickSeq) })
    })
    this.#byPosition.set(key, messages)
    return messages
  }
}
