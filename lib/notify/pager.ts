import { isDeepStrictEqual } from 'node:util'
import { repeat, type Cancel, type Clock } from '../clock.ts'
import type { Published, UpdateLog } from '../feed/update-log.ts'
import type { View } from '../feed/view.ts'
import type { Regression } from '../fleet/regressions.ts'
import type { Log } from '../log.ts'
import { fingerprint, type Alert, type AlertMaker } from './alert.ts'
import type { Change, Receiver } from './receiver.ts'

/** A feed that is not fresh for so many intervals wakes somebody: one query that failed does not. */
export const STALE_AFTER_INTERVALS = 3
/** What the alert of the feed is kept under; no regression has such an id. */
const FEED = ''

export interface PagerOptions {
  updates: UpdateLog
  /** Has to follow the log before. */
  view: View
  receivers: readonly Receiver[]
  alerts: AlertMaker
  source: string
  intervalMs: number
  /** Whether the source is still asked: else that there is nothing new says nothing. */
  isPolling: () => boolean
  /** Whether this process is the one that tells those who must not hear it from each. */
  isLeading?: () => boolean
  clock: Clock
  log: Log
}

/**
 * Follows the log and tells receivers what fires: a regression for as long as it is open, and the feed itself while it is
 * stale. Nothing is told to end but what has ended: who stops says nothing, and after a restart the same labels go on.
 */
export class Pager {
  readonly #options: PagerOptions
  readonly #firing = new Map<string, Alert>()
  /** By id. */
  #open: ReadonlyMap<string, Regression> = new Map()
  #hasLed = false
  /** Since when the feed is not fresh, on the monotonic clock; null: it is. */
  #notFreshSince: number | null = null
  #cancel: Cancel = () => {}

  constructor (options: PagerOptions) {
    this.#options = options
  }

  /** What fires now. */
  get firing (): Alert[] {
    return Array.from(this.#firing.values())
  }

  start (): void {
    const { updates, clock, intervalMs, log } = this.#options
    const failed = (err: unknown) => log.error({ event: 'task_failed', task: 'pager', err }, 'telling of alerts threw')
    // Who follows must not throw: the others would not be told.
    const take = ({ tick }: Published) => {
      try {
        this.#takeOver()
        if (tick !== null) this.#compare()
        this.#judge()
      } catch (error) {
        failed(error)
      }
    }
    updates.follow(take, take)
    this.#notFreshSince = clock.monotonic()
    this.#hasLed = this.#isLeading
    this.#cancel = repeat(clock, intervalMs, () => this.#judge(), failed)
  }

  /** Resolves when the receivers have ended what they had begun. */
  async stop (): Promise<void> {
    this.#cancel()
    await Promise.all(this.#options.receivers.map((receiver) => receiver.stop()))
  }

  /** What is open now with what was, by what it says: read from a log that processes share it is another object each time. */
  #compare (): void {
    const { view, alerts, clock } = this.#options
    const { open, closed } = view.regressions
    const pops = view.head?.content.pops
    const now = clock.now()
    const nowOpen = new Map(open.map((regression) => [regression.id, regression]))
    for (const [id, alert] of Array.from(this.#firing)) {
      if (id === FEED || nowOpen.has(id)) continue
      const end = closed.find((regression) => regression.id === id)
      // Under the labels that it was told with: the PoP may have gone.
      this.#resolve(id, end === undefined ? alert : { ...alerts.ofRegression(end, null, now), labels: alert.labels })
    }
    for (const regression of open) {
      if (isDeepStrictEqual(regression, this.#open.get(regression.id))) continue
      this.#fire(regression.id, alerts.ofRegression(regression, pops?.get(regression.pop) ?? null, now))
    }
    this.#open = nowOpen
  }

  /** Whether the feed itself is an alert. */
  #judge (): void {
    const { view, clock, intervalMs, isPolling, alerts, source } = this.#options
    this.#takeOver()
    if (!isPolling() || view.isIdle) return
    const latest = view.latest()?.content ?? null
    if (latest?.header.status === 'fresh') {
      const alert = this.#firing.get(FEED)
      this.#notFreshSince = null
      if (alert !== undefined) this.#resolve(FEED, alert)
      return
    }
    this.#notFreshSince ??= clock.monotonic()
    const staleMs = clock.monotonic() - this.#notFreshSince
    if (staleMs < STALE_AFTER_INTERVALS * intervalMs || this.#firing.has(FEED)) return
    const why = view.currentError()?.data.message ?? 'nothing new comes'
    this.#fire(FEED, alerts.ofStaleFeed(why, source, latest?.dataTime ?? null, clock.now() - staleMs))
  }

  /** Who led before may have ended before it was told: so it is told again, under the same id. */
  #takeOver (): void {
    const isLeading = this.#isLeading
    const at = this.#options.clock.now()
    if (isLeading && !this.#hasLed) {
      for (const alert of this.#firing.values()) this.#tell({ state: 'firing', alert, replaces: null, at }, false)
      for (const receiver of this.#options.receivers) receiver.takeOver?.()
    }
    this.#hasLed = isLeading
  }

  get #isLeading (): boolean {
    return this.#options.isLeading?.() ?? true
  }

  /** @param toAll also to those that all tell */
  #tell (change: Change, toAll = true): void {
    for (const receiver of this.#options.receivers) {
      if (receiver.hearsAll ? toAll : this.#isLeading) receiver.changed(change)
    }
  }

  #fire (id: string, alert: Alert): void {
    const before = this.#firing.get(id) ?? null
    this.#firing.set(id, alert)
    const replaces = before === null || fingerprint(before) === fingerprint(alert) ? null : before
    const at = this.#options.clock.now()
    this.#tell({ state: 'firing', alert, replaces, at })
  }

  #resolve (id: string, alert: Alert): void {
    this.#firing.delete(id)
    const at = this.#options.clock.now()
    this.#tell({ state: 'resolved', alert, replaces: null, at })
  }
}
