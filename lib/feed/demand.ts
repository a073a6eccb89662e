import type { Clock } from '../clock.ts'

/** Who reads over HTTP is taken to come back within so many intervals. */
const INTERVALS = 3

export interface DemandOptions {
  /** `always`: regressions of the night are found with nobody looking. */
  poll: 'on-demand' | 'always'
  intervalMs: number
  clock: Clock
  /** Clients that are connected. */
  clients: () => number
  /** Whether other instances have somebody who does. */
  isWantedElsewhere: () => boolean
}

/** Whether anybody wants data. */
export class Demand {
  readonly #options: DemandOptions
  #readAt = -Infinity

  constructor (options: DemandOptions) {
    this.#options = options
  }

  get isWanted (): boolean {
    return this.isWantedHere || this.#options.isWantedElsewhere()
  }

  /** By clients of this process. */
  get isWantedHere (): boolean {
    const { poll, intervalMs, clock, clients } = this.#options
    return poll === 'always' || clients() > 0 || clock.monotonic() - this.#readAt < INTERVALS * intervalMs
  }

  /** Somebody reads the data over HTTP. */
  read (): void {
    this.#readAt = this.#options.clock.monotonic()
  }
}
