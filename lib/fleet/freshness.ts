import type { Clock } from '../clock.ts'

interface Advance {
  sampleTime: number
  /** On the monotonic clock. */
  at: number
}

/**
 * When the sample times of some series last advanced. It is told on the monotonic clock of this process: whether a
 * series still reports does not depend on whether its writer's clock is right.
 */
export class Freshness {
  readonly #clock: Clock
  #advances = new Map<string, Advance>()

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** Takes the newest sample time (ms since the epoch) of each series there is; others are forgotten. */
  observe (sampleTimes: Iterable<readonly [series: string, sampleTime: number]>): void {
    const advances = new Map<string, Advance>()
    for (const [series, sampleTime] of sampleTimes) advances.set(series, this.#advance(this.#advances.get(series), sampleTime))
    this.#advances = advances
  }

  /** ms since the sample time of this series advanced; infinite when there is no such series. */
  unchangedMs (series: string): number {
    return this.#clock.monotonic() - (this.#advances.get(series)?.at ?? -Infinity)
  }

  #advance (previous: Advance | undefined, sampleTime: number): Advance {
    const now = this.#clock.monotonic()
    // The first sample ever seen may be old already: it did not advance just because we looked.
    if (previous === undefined) return { sampleTime, at: now - Math.max(0, this.#clock.now() - sampleTime) }
    return { sampleTime, at: sampleTime > previous.sampleTime ? now : previous.at }
  }
}
