import type { AllowedPops } from '../auth/grant.ts'
import type { Clock } from '../clock.ts'
import type { Regression } from '../fleet/regression-detector.ts'
import type { ClientErrorCode } from '../protocol/errors.ts'
import { errorMessage, type AlertMessage, type ErrorMessage } from '../protocol/server-messages.ts'
import { timestamp } from '../protocol/timestamp.ts'
import { ByPosition, MOST_LIMITS } from './alert-messages.ts'
import { alertMessage } from './alert.ts'
import { SharedMessage } from './shared-message.ts'
import { ageOf, Tick, type TickContent } from './tick.ts'
import type { Begun, Failure, Published, UpdateLog } from './update-log.ts'

/** Who asks for the newest within this time is told the same bytes: thousands may ask at once. */
const SAME_MOMENT_MS = 20

/**
 * Nothing was told for so long beyond three intervals, no tick and no reason for none: a poll may be shifted by most of an
 * interval, and until another one leads take some 6 s.
 */
const OVERDUE_MS = 10_000

/** What is said of a failure, but for the usual one. */
const FAILURES: Partial<Record<ClientErrorCode, string>> = {
  SOURCE_TIMEOUT: 'the metrics source did not answer in time',
  FEED_UNAVAILABLE: 'nothing new is to be had from the log that all instances share'
}

const NO_REGRESSIONS = { open: [], closed: [] }

export interface ViewOptions {
  updates: UpdateLog
  clock: Clock
  /** How often the source is asked, ms. */
  intervalMs: number
}

/** What is open: each alert again, and all of them as a set. */
export interface OpenAlertMessages {
  each: ReadonlyArray<{ id: string, message: SharedMessage }>
  set: SharedMessage
}

/** What is known now: it follows the log, and says of the newest entry how old it is whenever it is asked. */
export class View {
  readonly #options: ViewOptions
  #head: Tick | null = null
  /** The newest of the stream before, where this one has none yet. */
  #before: Tick | null = null
  /** When it was made, on the monotonic clock. */
  #headAt = 0
  #failure: Failure | null = null
  #latest: { tick: Tick, madeAt: number } | null = null
  #isIdle = false
  /** When anything was told last, on the monotonic clock; null: nothing was. */
  #heardAt: number | null = null
  #whenAsked: Array<() => void> = []
  /** By the PoPs that may be seen. */
  readonly #openMessages = new Map<string, ByPosition<OpenAlertMessages>>()

  constructor (options: ViewOptions) {
    this.#options = options
    options.updates.follow((published) => this.#take(published), (begun) => this.#begin(begun))
  }

  get epoch (): string {
    return this.#options.updates.epoch
  }

  /** Counts the updates that were published. */
  get seq (): number {
    return this.#options.updates.seq
  }

  /** Nobody wanted data lately, so the source was not asked: what is known is old, and nothing is wrong. */
  get isIdle (): boolean {
    return this.#isIdle
  }

  /** Whoever makes the ticks has said nothing for too long, not even that nobody wants one: it is not known why. */
  get isOverdue (): boolean {
    return this.silentMs >= 3 * this.#options.intervalMs + OVERDUE_MS
  }

  /** For how long nothing was told; 0 before anything was. */
  get silentMs (): number {
    return this.#heardAt === null ? 0 : this.#options.clock.monotonic() - this.#heardAt
  }

  /** The first update that is for those who come now: the newest, or the next one where that is old. */
  get firstSeq (): number {
    return this.#isIdle || this.#head?.seq !== this.seq ? this.seq + 1 : this.seq
  }

  /** Resolves when something is known that is not old, or that nothing can be; at the latest after so many ms. */
  async settled (timeoutMs: number): Promise<void> {
    if (!this.#isIdle && (this.#head !== null || this.#failure !== null)) return
    let cancel = () => {}
    await new Promise<void>((resolve) => {
      this.#whenAsked.push(resolve)
      cancel = this.#options.clock.schedule(resolve, timeoutMs)
    })
    cancel()
  }

  /** The newest tick as it was published, with its alerts; null before the first. */
  get head (): Tick | null {
    return this.#head
  }

  /** The same, also where it was told in a stream that has ended; who makes the next one goes on from it. */
  get lastKnown (): Tick | null {
    return this.#head ?? this.#before
  }

  /** When that was, on the monotonic clock. */
  get headAt (): number {
    return this.#headAt
  }

  /** Open oldest first, closed newest first. While a stream says nothing of them yet, what was so in the one before goes on. */
  get regressions (): { open: readonly Regression[], closed: readonly Regression[] } {
    return this.lastKnown?.content.regressions ?? NO_REGRESSIONS
  }

  /** The newest tick as it is to be told now, without the alerts, which were told; null before there was one. */
  latest (): Tick | null {
    if (this.#head === null) return null
    const now = this.#options.clock.monotonic()
    if (this.#latest === null || now - this.#latest.madeAt >= SAME_MOMENT_MS) {
      this.#latest = { tick: this.#asOfNow(this.#head.content), madeAt: now }
    }
    return this.#latest.tick
  }

  /**
   * What is open of PoPs that somebody may see, oldest first, as it is told to those who stand at this position; the same
   * messages for all of them.
   */
  openAlerts (position: number, allowed: AllowedPops | null): OpenAlertMessages {
    const key = allowed?.key ?? ''
    const known = this.#openMessages.get(key)
    const byPosition = known ?? new ByPosition<OpenAlertMessages>()
    if (known === undefined && this.#openMessages.size < MOST_LIMITS) this.#openMessages.set(key, byPosition)
    return byPosition.get(position, () => this.#openAlertsAt(position, allowed))
  }

  #openAlertsAt (position: number, allowed: AllowedPops | null): OpenAlertMessages {
    const at = { epoch: this.epoch, seq: position }
    const open = this.regressions.open.filter(({ pop }) => allowed?.codes.has(pop) ?? true)
    const { updates } = this.#options
    const alerts = open.map((regression): AlertMessage =>
      ({ ...alertMessage(regression, this.epoch, updates.toldIn(regression.id) ?? position), ...at, replay: true }))
    return {
      each: alerts.map((alert) => ({ id: alert.data.id, message: new SharedMessage(alert) })),
      set: new SharedMessage({ type: 'open_alerts', data: { alerts: alerts.map(({ data }) => data) }, ...at })
    }
  }

  /** The `error` that tells a client why there is nothing newer; null while the source answers. */
  currentError (): ErrorMessage | null {
    if (this.#failure === null) return null
    const { clock, intervalMs } = this.#options
    const { code, since } = this.#failure
    const text = FAILURES[code] ?? 'the metrics source is unavailable'
    const dataTime = this.lastKnown?.content.dataTime ?? null
    const ageMs = ageOf(dataTime, clock.now())
    return errorMessage(code, text, clock.now(), {
      retryAfterMs: intervalMs,
      ...(since !== undefined && { since: timestamp(since) }),
      ...(dataTime !== null && ageMs !== null && { dataTime: timestamp(dataTime), ageMs })
    })
  }

  #begin (begun: Begun): void {
    this.#before = this.#head ?? this.#before
    this.#head = null
    this.#openMessages.clear()
    this.#take(begun)
  }

  #take ({ tick, failure, isTick, ageMs }: Published): void {
    // That is what this process says itself.
    if (failure?.code !== 'FEED_UNAVAILABLE') this.#heardAt = this.#options.clock.monotonic()
    this.#failure = failure
    this.#latest = null
    this.#isIdle = !isTick
    const isKnown = tick !== null && !tick.content.isPast
    if (isTick && (isKnown || failure !== null)) for (const resolve of this.#whenAsked.splice(0)) resolve()
    if (!isKnown) return
    this.#head = tick
    this.#headAt = this.#options.clock.monotonic() - ageMs
    this.#openMessages.clear()
  }

  #asOfNow (content: TickContent): Tick {
    const { clock } = this.#options
    const { header, dataTime, oldInMs } = content
    const isOld = clock.monotonic() - this.#headAt >= oldInMs
    return new Tick({
      ...content,
      alerts: [],
      header: {
        ...header,
        ageMs: ageOf(dataTime, clock.now()),
        status: this.#failure !== null || isOld ? 'stale' : 'fresh',
        nextPollAt: timestamp(Math.max(Date.parse(header.nextPollAt), clock.now()))
      }
    })
  }
}
