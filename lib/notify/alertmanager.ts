import { within, type Cancel, type Clock } from '../clock.ts'
import { timestamp } from '../protocol/timestamp.ts'
import { fingerprint, type Alert } from './alert.ts'
import type { Delivery } from './delivery.ts'
import { STOP_TIMEOUT_MS, type Change, type Receiver } from './receiver.ts'

/** What fires is told again so often ... */
export const REPEAT_MS = 60_000
/** ... and ends by itself, should nobody repeat it, after so long: as Prometheus does it, four times are missed then. */
export const VALID_MS = 4 * REPEAT_MS

export interface AlertmanagerOptions {
  /** One for each Alertmanager: all of a cluster are told, since any of them may be the one that is left. */
  deliveries: readonly Delivery[]
  /** Whether it is for this process to tell them; one that does not now knows what to say when it does. Absent: it is. */
  isTelling?: () => boolean
  clock: Clock
}

/**
 * Tells Alertmanagers what fires, by its API v2 (https://prometheus.io/docs/alerting/latest/alerts_api/): not events but what is
 * so now, again and again. So nothing queues up for one that is down, and one that was restarted soon knows all of it.
 */
export class AlertmanagerReceiver implements Receiver {
  readonly name = 'alertmanager'
  readonly hearsAll = true
  readonly #clock: Clock
  readonly #isTelling: () => boolean
  readonly #senders: readonly Sender[]
  readonly #firing = new Map<string, Alert>()
  /** With when they ended; told until they would have ended by themselves. */
  readonly #resolved = new Map<string, { alert: Alert, endsAt: number, told: number }>()

  constructor ({ deliveries, isTelling = () => true, clock }: AlertmanagerOptions) {
    this.#clock = clock
    this.#isTelling = isTelling
    this.#senders = deliveries.map((delivery) => new Sender({ delivery, clock, body: () => this.#body() }))
  }

  get waiting (): number {
    return this.#senders.filter(({ isBehind }) => isBehind).length
  }

  changed ({ state, alert, replaces, at }: Change): void {
    if (replaces !== null) this.#resolve(replaces, at)
    if (state === 'resolved') this.#resolve(alert, at)
    else {
      this.#resolved.delete(fingerprint(alert))
      this.#firing.set(fingerprint(alert), alert)
    }
    for (const sender of this.#senders) sender.wake()
  }

  /** The one that told them may have ended before it did. */
  takeOver (): void {
    for (const sender of this.#senders) sender.wake()
  }

  async stop (): Promise<void> {
    await within(this.#clock, STOP_TIMEOUT_MS, Promise.all(this.#senders.map((sender) => sender.stop())).then(() => {}))
  }

  #resolve (alert: Alert, at: number): void {
    const key = fingerprint(alert)
    this.#firing.delete(key)
    this.#resolved.set(key, { alert, endsAt: Math.max(at, alert.startsAt), told: this.#clock.monotonic() })
  }

  /** null: there is nothing to tell. */
  #body (): string | null {
    if (!this.#isTelling()) return null
    const now = this.#clock.monotonic()
    for (const [key, { told }] of this.#resolved) if (now - told >= VALID_MS) this.#resolved.delete(key)
    const alerts = [
      ...Array.from(this.#firing.values(), (alert) => described(alert, this.#clock.now() + VALID_MS)),
      ...Array.from(this.#resolved.values(), ({ alert, endsAt }) => described(alert, endsAt))
    ]
    return alerts.length === 0 ? null : JSON.stringify(alerts)
  }
}

function described ({ labels, annotations, startsAt, generatorURL }: Alert, endsAt: number) {
  return {
    labels,
    annotations,
    startsAt: timestamp(startsAt),
    endsAt: timestamp(endsAt),
    ...(generatorURL !== null && { generatorURL })
  }
}

interface SenderOptions {
  delivery: Delivery
  clock: Clock
  body: () => string | null
}

/** Tells one of them, when something is new, when it is time to repeat, and again after a failure. */
class Sender {
  readonly #options: SenderOptions
  #cancel: Cancel = () => {}
  #isSending = false
  #isNew = false
  #stopped = false
  #underWay: Promise<void> = Promise.resolve()
  #failed = false

  constructor (options: SenderOptions) {
    this.#options = options
  }

  /** It does not know yet what is so now. */
  get isBehind (): boolean {
    return this.#isNew || this.#isSending || this.#failed
  }

  /** Something is new; what comes in the same turn is told together. One that fails is not asked sooner for that. */
  wake (): void {
    this.#isNew = true
    if (!this.#isSending && !this.#failed) this.#arm(0)
  }

  /** What is new is still told, once. */
  async stop (): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#underWay
    if (this.#isNew && !this.#failed) await this.#send()
  }

  #arm (delayMs: number): void {
    this.#cancel()
    if (this.#stopped) return
    this.#cancel = this.#options.clock.schedule(() => { this.#underWay = this.#send() }, delayMs)
  }

  async #send (): Promise<void> {
    const { delivery, body } = this.#options
    const text = body()
    this.#isNew = false
    this.#failed = false
    if (text === null) return
    this.#isSending = true
    const outcome = await delivery.attempt(text)
    this.#isSending = false
    this.#failed = outcome !== 'delivered'
    // What came meanwhile is told at once, unless it has to wait for a failure.
    this.#arm(this.#failed ? delivery.pauseMs : this.#isNew ? 0 : REPEAT_MS)
  }
}
