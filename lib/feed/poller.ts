import type { Cancel, Clock } from '../clock.ts'
import type { Schedule } from './schedule.ts'

export interface PollerOptions {
  schedule: Schedule
  clock: Clock
  /** Whether anybody wants the result. Asked before every tick; without demand there is no tick. */
  isWanted: () => boolean
  /** One tick. A rejection is a defect of the tick's. */
  tick: () => Promise<void>
  /** Called instead of a tick while nobody wants one. */
  idle: () => void
  /** A tick that threw. The next one comes all the same. */
  onError: (error: unknown) => void
}

/**
 * Makes a tick whenever the schedule says that one is due and somebody wants it; there are never two at once. `wake` starts
 * a new grid when the poller was idle, but never sooner than one interval after the last tick: clients that come and go
 * cannot make it query more often.
 */
export class Poller {
  readonly #options: PollerOptions
  #cancel: Cancel = () => {}
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
    this.#arm(this.#options.schedule.soonest)
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
    const { clock, schedule } = this.#options
    this.#cancel()
    schedule.plan(due)
    this.#cancel = clock.schedule(() => { void this.#fire() }, Math.max(0, due - clock.monotonic()))
  }

  async #fire (): Promise<void> {
    const { isWanted, schedule } = this.#options
    this.#idle = !isWanted()
    if (this.#idle) return this.#turnIdle()
    if (this.#running) return
    this.#running = true
    schedule.began()
    await this.#tick()
    this.#running = false
    if (!this.#stopped) this.#arm(schedule.next)
  }

  #turnIdle (): void {
    const { idle, schedule, onError } = this.#options
    this.#arm(schedule.nextOnGrid)
    try {
      idle()
    } catch (error) {
      onError(error)
    }
  }

  async #tick (): Promise<void> {
    try {
      await this.#options.tick()
    } catch (error) {
      this.#options.onError(error)
    }
  }
}
