import { SourceError } from '../errors.ts'
import type { FunctionReading, TimeRange, WindowStatistics } from './source.ts'

/** Where the samples are. */
export interface InfluxSchema {
  /** 2.x: a bucket. 1.x and 3.x: `database` or `database/retention-policy`. */
  bucket: string
  measurement: string
  field: string
  popTag: string
  functionTag: string
}

/** The two questions that popcast asks, in one query language; both are aggregated by the database. */
export interface InfluxQueries {
  /** One query. Newest sample per PoP and function in the overview window; count and mean over the recent window. @throws {SourceError} */
  readings (overview: TimeRange, recent: TimeRange): Promise<FunctionReading[]>
  /** One query. Statistics per PoP over one baseline window. @throws {SourceError} */
  baseline (range: TimeRange): Promise<Map<string, WindowStatistics>>
}

/** Counts rows and stops at the cap: a schema that explodes (a tag with a value per request) must not fill the memory. */
export function rowCounter (maxRows: number): () => void {
  let rows = 0
  return () => {
    if (++rows > maxRows) throw new SourceError('bad_answer', `the answer has more than ${maxRows} rows (INFLUXDB_MAX_ROWS)`)
  }
}
