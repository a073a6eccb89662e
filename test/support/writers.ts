import type { SampleFleet } from '../../lib/fleet/sample-fleet.ts'
import { NOWHERE, type SeriesKey } from '../../lib/source/sample-source.ts'

/** One series, as somebody writes it. Times are ms. */
export interface Writer {
  pop: string
  functionName?: string
  host?: string
  intervalMs: number
  phaseMs?: number
  /** Its clock is ahead of ours by so much. */
  aheadMs?: number
  /** It sends what it has measured once in this time. */
  batchMs?: number
  /** By our clock, ms since the epoch. */
  stopsAtMs?: number
  startsAtMs?: number
  value?: (time: number) => number
}

interface Written {
  key: SeriesKey
  /** As it is stamped. */
  time: number
  /** When it can be read. */
  at: number
  value: number
}

/** All that these write between two times; ms since the epoch. */
export function writtenBy (writers: readonly Writer[], from: number, until: number): Written[] {
  return writers.flatMap((writer) => {
    const { pop, functionName = 'auth', host = '', intervalMs, phaseMs = 0, aheadMs = 0, batchMs = 0 } = writer
    const { startsAtMs = -Infinity, stopsAtMs = Infinity, value = () => 5 } = writer
    const key = { id: JSON.stringify([pop, functionName, host]), pop, functionName }
    const written: Written[] = []
    for (let time = Math.ceil((from - phaseMs) / intervalMs) * intervalMs + phaseMs; time <= until; time += intervalMs) {
      if (time >= stopsAtMs) break
      if (time >= startsAtMs) {
        written.push({
          key,
          time: time + aheadMs,
          at: batchMs === 0 ? time : Math.ceil(time / batchMs) * batchMs,
          value: value(time)
        })
      }
    }
    return written
  })
}

/** Hands over what came since the last reading, with an overlap, as the ticks do. */
export class Readings {
  readonly #fleet: SampleFleet
  readonly #written: Written[]
  #readAt: number | null = null

  constructor (fleet: SampleFleet, written: Written[]) {
    this.#fleet = fleet
    this.#written = written
  }

  read (now: number, windowMs = 600_000): ReturnType<SampleFleet['update']> {
    const from = this.#readAt === null ? now - windowMs : this.#readAt - Math.max(20_000, this.#fleet.latenessMs)
    for (const { key, time, at, value } of this.#written) {
      if (at <= now && time >= from) this.#fleet.take(key, NOWHERE, time, value)
    }
    this.#readAt = now
    this.#fleet.readingEnds()
    return this.#fleet.update()
  }
}
