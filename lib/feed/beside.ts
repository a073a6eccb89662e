import { wait, type Clock } from '../clock.ts'

/** So long after a start or an outage the queries beside the ticks may follow each other, to be of use soon. */
const EAGER_MS = 120_000
/** From then on there is one in this time. */
const EVERY_MS = 60_000
/** Over this time they may cost the source no more than the ticks do. */
const ACCOUNT_MS = 600_000

/** What is to be asked of the source beside the ticks. */
export interface BesideTask {
  readonly name: string
  /** See `Beside`. */
  readonly isUrgent?: boolean
  /** At most one query. @param onlyUrgent nothing else may be asked. @returns whether there was anything to do. Never rejects. */
  run (onlyUrgent: boolean): Promise<boolean>
}

export interface BesideOptions {
  clock: Clock
  intervalMs: number
  /** Whether anybody wants data. */
  isWanted: () => boolean
  /** What comes first is done first. */
  tasks: readonly BesideTask[]
  onError: (task: string, error: unknown) => void
}

/**
 * Runs what is not a tick's query, one at a time and between ticks, each followed by a pause as long as it took, and keeps count
 * of it: later than at first there is one a minute, and none after those of ten minutes took longer than the ticks' queries do.
 * Only what is urgent waits for neither, and is done though nobody wants data any more: it is counted all the same.
 */
export class Beside {
  readonly #options: BesideOptions
  #lastTickAt = -Infinity
  #eagerUntil = -Infinity
  #isRunning = false
  #stopped = false
  #notBefore = -Infinity
  /** Durations of queries, of ticks and beside them, with their times. */
  #account: Array<{ at: number, ms: number, isTick: boolean }> = []

  constructor (options: BesideOptions) {
    this.#options = options
  }

  /** A tick's query took so long. Resolves when what is due was run, unless that is under way already. Never rejects. */
  async ticked (queryMs: number): Promise<void> {
    const { clock } = this.#options
    const now = clock.monotonic()
    if (now - this.#lastTickAt > ACCOUNT_MS) this.#eagerUntil = now + EAGER_MS
    this.#lastTickAt = now
    this.#record(queryMs, true)
    if (this.#isRunning) return
    this.#isRunning = true
    while (!this.#stopped && await this.#first()) {
      if (!this.#isEager) this.#notBefore = clock.monotonic() + EVERY_MS
    }
    this.#isRunning = false
  }

  get isUrgent (): boolean {
    return this.#options.tasks.some(({ isUrgent }) => isUrgent)
  }

  stop (): void {
    this.#stopped = true
  }

  /** @returns whether one of them had anything to do */
  async #first (): Promise<boolean> {
    const { clock, tasks, isWanted, onError } = this.#options
    const mayAsk = isWanted() && clock.monotonic() >= this.#notBefore && this.#mayCost
    for (const task of mayAsk ? tasks : tasks.filter(({ isUrgent }) => isUrgent)) {
      const startedAt = clock.monotonic()
      try {
        if (!await task.run(!mayAsk)) continue
      } catch (error) {
        onError(task.name, error)
        return false
      }
      const besideMs = clock.monotonic() - startedAt
      this.#record(besideMs, false)
      // As long as it took nothing else is asked: half of the time is the ticks'.
      if (besideMs > 0) await wait(clock, besideMs)
      return true
    }
    return false
  }

  get #isEager (): boolean {
    return this.#options.clock.monotonic() < this.#eagerUntil
  }

  /** After a start there were few ticks yet: what counts is what they will have cost. */
  get #mayCost (): boolean {
    const ticks = this.#account.filter(({ isTick }) => isTick)
    const sum = (entries: ReadonlyArray<{ ms: number }>) => entries.reduce((total, { ms }) => total + ms, 0)
    const perTick = sum(ticks) / Math.max(1, ticks.length)
    return sum(this.#account) - sum(ticks) <= perTick * ACCOUNT_MS / this.#options.intervalMs
  }

  #record (ms: number, isTick: boolean): void {
    const now = this.#options.clock.monotonic()
    this.#account = [...this.#account.filter(({ at }) => now - at < ACCOUNT_MS), { at: now, ms, isTick }]
  }
}
