import type { Clock } from '../clock.ts'
import type { Counts } from '../counts.ts'
import type { Log } from '../log.ts'
import { Outage } from '../outage.ts'
import { requestFailure } from '../request-failure.ts'
import { backOffMs } from './back-off.ts'
import type { Endpoint, Post } from './endpoint.ts'
import type { deliveryOutcomes, Receiver } from './receiver.ts'

export type DeliveryCounts = Counts<typeof deliveryOutcomes[number]>

export interface DeliveryOptions {
  receiver: Receiver['name']
  endpoint: Endpoint
  post: Post
  /** Uniform in [0, 1). */
  random: () => number
  counts: DeliveryCounts
  clock: Pick<Clock, 'monotonic'>
  log: Log
}

/** These may be answered otherwise in a while: RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4. */
const RETRYABLE = [408, 425, 429]

/**
 * Attempts to tell one endpoint, one after the other. The log has a line when it takes them no more, every few minutes while that
 * goes on, and when it does again; none has a word of the URL's path.
 */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #outage = new Outage()

  constructor (options: DeliveryOptions) {
    this.#options = options
  }

  /** After what was tried last, how long to wait; 0: it was delivered. */
  get pauseMs (): number {
    const { failures } = this.#outage
    return failures === 0 ? 0 : backOffMs(failures, this.#options.random())
  }

  /** One attempt, counted. Never rejects. @returns `rejected`: the same would be refused again */
  async attempt (body: string, headers: Readonly<Record<string, string>> = {}): Promise<'delivered' | 'failed' | 'rejected'> {
    const { endpoint, post } = this.#options
    let status: number
    try {
      status = await post(endpoint, body, headers)
    } catch (error) {
      this.#failed(requestFailure(error))
      return 'failed'
    }
    if (status >= 200 && status < 300) {
      this.#succeeded()
      return 'delivered'
    }
    this.#failed(`status ${status}`)
    return status < 400 || status >= 500 || RETRYABLE.includes(status) ? 'failed' : 'rejected'
  }

  #succeeded (): void {
    const { receiver, endpoint: { host }, counts, log } = this.#options
    counts.add('delivered')
    const failures = this.#outage.ended()
    if (failures > 0) log.info({ event: 'notify_recovered', receiver, host, failures }, 'alerts are taken again')
  }

  #failed (detail: string): void {
    const { receiver, endpoint: { host }, counts, clock, log } = this.#options
    counts.add('failed')
    const told = this.#outage.failed(clock.monotonic())
    const fields = { event: 'notify_failed', receiver, host, detail }
    if (told !== null) log.warn({ ...fields, ...told }, 'alerts are not taken')
    else log.debug({ ...fields, failures: this.#outage.failures }, 'alerts are still not taken')
  }
}
