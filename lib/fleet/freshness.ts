import type { Clock } from '../clock.ts'

interface Advance {
  sampleTime: number
  /** On the monotonic clock. */
  at: number
}

/** Ages, since the monotonic clock of another process has another origin. Plain data: JSON takes it there and back. */
export type FreshnessSnapshot = ReadonlyArray<{ series: string, sampleTime: number, unchangedMs: number }>

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

  snapshot (): FreshnessSnapshot {
    return Array.from(this.#advances, ([series, { sampleTime }]) => ({
      series,
      sampleTime,
      unchangedMs: this.unchangedMs(series)
    }))
  }

  /** Goes on from there. The time from the snapshot to now does not count: nobody looked whether a series advanced. */
  restore (snapshot: FreshnessSnapshot): void {
    const now = this.#clock.monotonic()
    this.#advances = new Map(
      snapshot.map(({ series, sampleTime, unchangedMs }) => [series, { sampleTime, at: now - unchangedMs }])
    )
  }

  #advance (previous: Advance | undefined, sampleTime: number): Advance {
    const now = this.#clock.monotonic()
    // The first sample ever seen may be old already: it did not advance just because we looked.
    if (previous === undefined) return { sampleTime, at: now - Math.max(0, this.#clock.now() - sampleTime) }
    return { sampleTime, at: sampleTime > previous.sampleTime ? now : previous.at }
  }
}
