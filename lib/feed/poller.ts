import type { Cancel, Clock } from '../clock.ts'

/** A poll that is moved to where the data lands comes at most this much sooner than the interval says. */
const SHORTEST_INTERVAL = 0.9

export interface PollerOptions {
  intervalMs: number
  clock: Clock
  /** Whether anybody wants the result. Asked before every tick; without demand there is no tick. */
  isWanted: () => boolean
  /** One tick; `nextPollAt` tells when the following one is planned, ms since the epoch. A rejection is a defect of the tick's. */
  tick: (nextPollAt: () => number) => Promise<void>
  /** Called instead of a tick while nobody wants one. */
  idle: () => void
  /** A tick that threw. The next one comes all the same. */
  onError: (error: unknown) => void
  /** The best time to poll from `notBefore` on, both ms since the epoch; null when one is as good as another. */
  align: (notBefore: number) => number | null
}

/**
 * Decides when. Ticks stand on a grid of `intervalMs` on the monotonic clock, so they do not drift; a tick that
 * takes longer than the interval skips grid points, so there are never two at once. The grid is moved to where the
 * data lands, by waiting: that adds no tick. `wake` starts a new grid when the poller was idle, but never sooner than
 * one interval after the last tick: clients that come and go cannot make it query more often.
 */
export class Poller {
  readonly #options: PollerOptions
  #cancel: Cancel = () => {}
  #due = 0
  #lastTickAt = -Infinity
  #running = false
  #stopped = true
  #idle = false

  constructor (options: PollerOptions) {
    this.#options = options
  }

  /** Begins with a tick (or an idle turn) at once. */
  start (): void {
    this.#stopped = false
    this.#arm(this.#options.clock.monotonic())
  }

  /** Somebody wants the result now. Cheap, and without effect unless the poller is idle. */
  wake (): void {
    if (!this.#idle || this.#stopped) return
    this.#idle = false
    const { clock, intervalMs } = this.#options
    this.#arm(Math.max(clock.monotonic(), this.#lastTickAt + intervalMs))
  }

  /** No further tick. One that is under way is left to end by its own deadline. */
  stop (): void {
    this.#stopped = true
    this.#cancel()
  }

  get stopped (): boolean {
    return this.#stopped
  }

  #arm (due: number): void {
    this.#cancel()
    this.#due = due
    this.#cancel = this.#options.clock.schedule(() => { this.#fire() }, Math.max(0, due - this.#options.clock.monotonic()))
  }

  async #fire (): Promise<void> {
    const { isWanted, idle, clock } = this.#options
    this.#idle = !isWanted()
    if (this.#idle) {
      this.#arm(this.#nextOnGrid())
      try {
        idle()
      } catch (error) {
        this.#options.onError(error)
      }
      return
    }
    if (this.#running) return
    this.#running = true
    this.#lastTickAt = clock.monotonic()
    await this.#tick(() => clock.now() + this.#nextAligned() - clock.monotonic())
    this.#running = false
    if (!this.#stopped) this.#arm(this.#nextAligned())
  }

  async #tick (nextPollAt: () => number): Promise<void> {
    try {
      await this.#options.tick(nextPollAt)
    } catch (error) {
      this.#options.onError(error)
    }
  }

  /** On the monotonic clock; what `align` says is on the wall clock. */
  #nextAligned (): number {
    const { clock, intervalMs, align } = this.#options
    const now = clock.monotonic()
    const earliest = Math.max(now, this.#lastTickAt + SHORTEST_INTERVAL * intervalMs)
    const wallAhead = clock.now() - now
    const aligned = align(earliest + wallAhead)
    return aligned === null ? this.#nextOnGrid() : aligned - wallAhead
  }

  #nextOnGrid (): number {
    const { clock, intervalMs } = this.#options
    const late = Math.max(0, clock.monotonic() - this.#due)
    return this.#due + intervalMs * (Math.floor(late / intervalMs) + 1)
  }
}
