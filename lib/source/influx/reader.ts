import type { PopPlace, ReadResult, TakeSample } from '../sample-source.ts'
import { SourceError } from '../source-error.ts'
import type { TimeRange } from '../time-range.ts'

/** What a database has, for an operator whose settings name something else. */
export interface Catalog {
  /** What `INFLUXDB_BUCKET` may be. @throws {SourceError} */
  buckets (): Promise<string[]>
  /** @throws {SourceError} */
  measurements (): Promise<string[]>
  /** Of the measurement, as far back as it takes to find this one. @throws {SourceError} */
  fields (wanted: string): Promise<string[]>
  /** Of the measurement. @throws {SourceError} */
  tags (): Promise<string[]>
  /** Of the measurement; as far as there are not too many. @throws {SourceError} */
  tagValues (tag: string): Promise<string[]>
  /** The newest sample since `start`, ms since the epoch, whatever its type; null without one. @throws {SourceError} */
  newest (start: number): Promise<{ time: number, type: string } | null>
}

/** The questions in one query language. Each is one request. */
export interface SampleReader extends Catalog {
  /** @throws {SourceError} */
  read (range: TimeRange, take: TakeSample): Promise<ReadResult>
  /** @throws {SourceError} */
  places (range: TimeRange): Promise<Map<string, PopPlace>>
}

/** So many names of one kind are looked at. */
export const MAX_NAMES = 1_000
/** As many bytes as this are taken for each row that an answer may have. */
const BYTES_PER_ROW = 1_024
const MIN_ANSWER_BYTES = 1_048_576

/** Counts rows and stops at the cap: a schema that explodes (a tag with a value per request) must not fill the memory. */
export function rowCounter (maxRows: number): () => void {
  let rows = 0
  return () => {
    if (++rows > maxRows) throw new SourceError('bad_answer', `the answer has more than ${maxRows} rows (INFLUXDB_MAX_ROWS)`)
  }
}

/** A bound on an answer's bytes that no answer with so many rows reaches. */
export function maxBytesOf (maxRows: number): number {
  return MIN_ANSWER_BYTES + maxRows * BYTES_PER_ROW
}
