import type { FunctionReading, Place, TimeRange, WindowStatistics } from './source.ts'
import { SourceError } from './source-error.ts'

/** Where the samples are. */
export interface InfluxSchema {
  /** 2.x: a bucket. 1.x and 3.x: `database` or `database/retention-policy`. */
  bucket: string
  measurement: string
  field: string
  popTag: string
  functionTag: string
}

/** The questions that popcast asks, in one query language; all are aggregated by the database. */
export interface InfluxQueries {
  /**
   * One query. Newest sample per PoP and function in the overview window; count
   * and mean over the recent window. @throws {SourceError}
   */
  readings (overview: TimeRange, recent: TimeRange): Promise<FunctionReading[]>
  /** One query. Statistics per PoP over one baseline window. @throws {SourceError} */
  baseline (range: TimeRange): Promise<Map<string, WindowStatistics>>
  /** One query. Where each PoP stands that reported in this range. @throws {SourceError} */
  places (range: TimeRange): Promise<Map<string, Place>>
}

/** What says where a PoP stands; a measurement that has none of them is served without. */
export const PLACE_TAGS = ['city', 'country', 'tier'] as const
export const PLACE_FIELDS = ['latitude', 'longitude'] as const

/** A `Place` from whatever a row has of it. */
export function placeOf (values: Record<string, unknown>): Place {
  const text = (value: unknown) => typeof value === 'string' && value !== '' ? value : null
  const degrees = (value: unknown) => typeof value === 'number' && Number.isFinite(value) ? value : null
  return {
    city: text(values.city),
    country: text(values.country),
    tier: text(values.tier),
    latitude: degrees(values.latitude),
    longitude: degrees(values.longitude)
  }
}

/** Counts rows and stops at the cap: a schema that explodes (a tag with a value per request) must not fill the memory. */
export function rowCounter (maxRows: number): () => void {
  let rows = 0
  return () => {
    if (++rows > maxRows) throw new SourceError('bad_answer', `the answer has more than ${maxRows} rows (INFLUXDB_MAX_ROWS)`)
  }
}
