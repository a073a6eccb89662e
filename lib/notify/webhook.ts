import { within, type Cancel, type Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { timestamp } from '../protocol/timestamp.ts'
import type { Delivery, DeliveryCounts } from './delivery.ts'
import { STOP_TIMEOUT_MS, type Change, type Receiver } from './receiver.ts'
import { signatureHeaders } from './signature.ts'

/** Changes that wait; beyond it the oldest are dropped: what is newest is what somebody has to know. */
export const MAX_WAITING = 1_000
/** What could not be told for so long is not news any more. */
export const MAX_AGE_MS = 15 * 60_000

export interface WebhookOptions {
  delivery: Delivery
  counts: DeliveryCounts
  key: Buffer
  /** An id that no other change has, and the same one has whoever tells it. */
  idOf: (change: Change) => string
  clock: Clock
  log: Log
}

interface Message {
  id: string
  body: string
  /** On the monotonic clock. */
  since: number
}

type DropReason = 'queue_full' | 'too_old' | 'rejected' | 'shutdown'

/** Tells a webhook each change, in order, one at a time; the same again until it is taken, refused or too old. */
export class WebhookReceiver implements Receiver {
  readonly name = 'webhook'
  readonly hearsAll = false
  readonly #options: WebhookOptions
  readonly #waiting: Message[] = []
  #cancel: Cancel = () => {}
  #isRunning = false
  #stopped = false
  #underWay: Promise<void> = Promise.resolve()

  constructor (options: WebhookOptions) {
    this.#options = options
  }

  get waiting (): number {
    return this.#waiting.length
  }

  changed (change: Change): void {
    const { idOf, clock } = this.#options
    if (this.#stopped) return
    // The first may be under way.
    if (this.#waiting.length >= MAX_WAITING) this.#drop(this.#waiting.splice(1, 1), 'queue_full')
    this.#waiting.push({ id: idOf(change), body: bodyOf(change), since: clock.monotonic() })
    if (this.#isRunning) return
    this.#isRunning = true
    this.#underWay = this.#run()
  }

  async stop (): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await within(this.#options.clock, STOP_TIMEOUT_MS, this.#underWay)
    this.#drop(this.#waiting.splice(0), 'shutdown')
  }

  /** Until nothing waits, or what was tried has to wait. */
  async #run (): Promise<void> {
    const { delivery, clock } = this.#options
    for (let [message] = this.#waiting; message !== undefined; [message] = this.#waiting) {
      if (clock.monotonic() - message.since > MAX_AGE_MS) {
        this.#drop(this.#waiting.splice(0, 1), 'too_old')
        continue
      }
      const outcome = await this.#attempt(message)
      if (outcome !== 'failed') this.#waiting.shift()
      if (outcome === 'rejected') this.#drop([message], 'rejected')
      if (outcome === 'delivered') continue
      if (!this.#stopped) this.#cancel = clock.schedule(() => { this.#underWay = this.#run() }, delivery.pauseMs)
      return
    }
    this.#isRunning = false
  }

  #attempt ({ id, body }: Message): ReturnType<Delivery['attempt']> {
    const { delivery, clock, key } = this.#options
    return delivery.attempt(body, signatureHeaders(key, id, Math.floor(clock.now() / 1_000), body))
  }

  #drop (messages: readonly Message[], reason: DropReason): void {
    if (messages.length === 0) return
    const { counts, log } = this.#options
    counts.add('dropped', messages.length)
    const fields = { receiver: this.name, reason, count: messages.length, dropped: counts.get('dropped') }
    log.warn({ event: 'notify_dropped', ...fields }, 'changes of alerts were not told')
  }
}

/** What is posted: an event in the form of https://github.com/standard-webhooks/standard-webhooks. */
function bodyOf ({ state, alert, at }: Change): string {
  const { labels, annotations, startsAt, generatorURL, regression } = alert
  return JSON.stringify({
    type: `alert.${state}`,
    timestamp: timestamp(at),
    data: {
      status: state,
      labels,
      annotations,
      startsAt: timestamp(startsAt),
      endsAt: state === 'resolved' ? timestamp(at) : null,
      generatorURL,
      regression
    }
  })
}
