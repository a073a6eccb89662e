import type { FunctionReading, Measurements, MetricsSource } from '../../lib/source/source.ts'

/** A source whose answers the test gives. */
export class FakeSource implements MetricsSource {
  readonly kind = 'influxdb'
  collects = 0
  pings = 0
  closed = false
  /** What `collect` does; by default it answers `measurements`. */
  onCollect: () => Promise<Measurements> = async () => this.measurements
  onPing: () => Promise<void> = async () => {}
  measurements: Measurements = { readings: [], baselines: new Map(), places: new Map() }

  collect (): Promise<Measurements> {
    this.collects++
    return this.onCollect()
  }

  ping (): Promise<void> {
    this.pings++
    return this.onPing()
  }

  async close (): Promise<void> {
    this.closed = true
  }
}

/** One reading; every field that does not matter to the test has a value. */
export function reading (fields: Partial<FunctionReading>): FunctionReading {
  return { pop: 'fra1', functionName: 'auth', value: 5, time: Date.UTC(2026, 0, 1), recentCount: 12, recentMean: 5, ...fields }
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
