import type { Clock } from '../../clock.ts'
import type { InfluxConnection } from '../influx-connection.ts'
import type { PopPlace, ReadResult, SampleSource, TakeSample } from '../sample-source.ts'
import type { TimeRange } from '../time-range.ts'
import { explain } from './explanation.ts'
import type { SampleReader } from './reader.ts'
import type { SampleSchema } from './schema.ts'

export interface InfluxSampleSourceOptions {
  connection: InfluxConnection
  reader: SampleReader
  schema: SampleSchema
  /** `explain` tells of a newest sample that is older than this, ms. */
  windowMs: number
  clock: Pick<Clock, 'now'>
}

/** Samples from InfluxDB. */
export class InfluxSampleSource implements SampleSource {
  readonly kind = 'influxdb'
  readonly #options: InfluxSampleSourceOptions

  constructor (options: InfluxSampleSourceOptions) {
    this.#options = options
  }

  async read (range: TimeRange, take: TakeSample): Promise<ReadResult> {
    if (range.start >= range.stop) return { rows: 0, bytes: 0, ignored: 0 }
    return this.#options.reader.read(range, take)
  }

  async places (range: TimeRange): Promise<ReadonlyMap<string, PopPlace>> {
    if (range.start >= range.stop) return new Map()
    return this.#options.reader.places(range)
  }

  explain (): Promise<string | null> {
    const { reader: catalog, schema, windowMs, clock } = this.#options
    return explain({ catalog, schema, windowMs, now: clock.now() })
  }

  async ping (): Promise<void> {
    await this.#options.connection.ping()
  }

  close (): Promise<void> {
    return this.#options.connection.close()
  }
}
