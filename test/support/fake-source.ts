import {
  NOWHERE,
  type PopPlace,
  type ReadResult,
  type SampleSource,
  type SeriesKey,
  type TakeSample
} from '../../lib/source/sample-source.ts'
import type { Clock } from '../../lib/clock.ts'
import type { TimeRange } from '../../lib/source/time-range.ts'

/** One sample of one writer. */
export interface Reading {
  pop: string
  functionName: string
  /** ms. */
  value: number
  /** ms since the epoch. */
  time: number
}

/** A source whose answers the test gives. */
export class FakeSource implements SampleSource {
  readonly kind = 'influxdb'
  collects = 0
  pings = 0
  closed = false
  /** What a query does; by default it answers `measurements`, whatever range was asked for. */
  onCollect: () => Promise<{ readings: Reading[] }> = async () => this.measurements
  onPing: () => Promise<void> = async () => {}
  measurements: { readings: Reading[] } = { readings: [] }
  places: () => Promise<Map<string, PopPlace>> = async () => new Map()
  explain: () => Promise<string | null> = async () => null
  readonly #series = new Map<string, SeriesKey>()

  async read (_range: TimeRange, take: TakeSample): Promise<ReadResult> {
    this.collects++
    const { readings } = await this.onCollect()
    for (const { pop, functionName, time, value } of readings) take(this.#keyOf(pop, functionName), NOWHERE, time, value)
    return { rows: readings.length, bytes: 0, ignored: 0 }
  }

  ping (): Promise<void> {
    this.pings++
    return this.onPing()
  }

  async close (): Promise<void> {
    this.closed = true
  }

  #keyOf (pop: string, functionName: string): SeriesKey {
    const id = JSON.stringify([pop, functionName])
    const known = this.#series.get(id) ?? { id, pop, functionName }
    this.#series.set(id, known)
    return known
  }
}

/** One sample; every field that does not matter to the test has a value. */
export function reading (fields: Partial<Reading>): Reading {
  return { pop: 'fra1', functionName: 'auth', value: 5, time: Date.UTC(2026, 0, 1), ...fields }
}

const FUNCTIONS = ['auth', 'images', 'rewrite', 'search', 'render']

/** Has a source answer with a sample per 10 s of five functions of one PoP, of all time until now. */
export function serveSamples (source: SampleSource, clock: Clock, valueAt: (time: number) => number): void {
  const keys = FUNCTIONS.map((functionName) => ({ id: functionName, pop: 'fra1', functionName }))
  source.read = async ({ start, stop }, take) => {
    let rows = 0
    for (let time = Math.ceil(start / 10_000) * 10_000; time < stop && time <= clock.now(); time += 10_000) {
      for (const key of keys) take(key, NOWHERE, time, valueAt(time))
      rows += keys.length
    }
    return { rows, bytes: 0, ignored: 0 }
  }
}

/** A promise and the two ways to settle it. */
export function deferred<T> (): { promise: Promise<T>, resolve: (value: T) => void, reject: (error: unknown) => void } {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((_resolve, _reject) => {
    resolve = _resolve
    reject = _reject
  })
  return { promise, resolve, reject }
}
