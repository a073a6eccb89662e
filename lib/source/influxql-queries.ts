import type { InfluxDB } from '@influxdata/influxdb-client'
import { PLACE_FIELDS, PLACE_TAGS, placeOf, rowCounter, type InfluxQueries, type InfluxSchema } from './influx-queries.ts'
import { finiteBaselines, finiteReadings } from './finite-answers.ts'
import type { FunctionReading, Place, TimeRange, WindowStatistics } from './source.ts'
import { robustStatistics } from './statistics.ts'
import { SourceError } from './source-error.ts'

/** What `/query` answers: https://docs.influxdata.com/influxdb/v1/guides/query_data/ */
interface Answer {
  error?: string
  results?: Array<{ error?: string, partial?: boolean, series?: Series[] }>
}

interface Series {
  tags?: Record<string, string>
  columns: string[]
  values: Array<Array<number | string | null>>
  partial?: boolean
}

type Row = Record<string, number | null>

/**
 * The questions in InfluxQL (InfluxDB 1.x, 3.x), through the client's transport. Each is one statement: 3.x takes
 * no more than one per request, so the readings are one over the union of two subqueries.
 */
export class InfluxqlQueries implements InfluxQueries {
  readonly #client: InfluxDB
  readonly #schema: InfluxSchema
  readonly #maxRows: number

  constructor (client: InfluxDB, schema: InfluxSchema, maxRows: number) {
    this.#client = client
    this.#schema = schema
    this.#maxRows = maxRows
  }

  async readings (overview: TimeRange, recent: TimeRange): Promise<FunctionReading[]> {
    const { field, popTag, functionTag } = this.#schema
    const series = `${identifier(popTag)}, ${identifier(functionTag)}`
    const value = identifier(field)
    const found = await this.#query('SELECT latest, recent_count, recent_mean FROM ' +
      `(SELECT last(${value}) AS latest ${this.#samples(overview)} GROUP BY ${series}), ` +
      `(SELECT count(${value}) AS recent_count, mean(${value}) AS recent_mean ${this.#samples(recent)} GROUP BY ${series}) ` +
      `GROUP BY ${series}`)
    return finiteReadings(found.flatMap(({ tags, rows }) => {
      const latest = rows.find((row) => isNumber(row.latest))
      if (latest === undefined) return []
      const window = rows.find((row) => isNumber(row.recent_count))
      return [{
        pop: tags[popTag] ?? '',
        functionName: tags[functionTag] ?? '',
        value: Number(latest.latest),
        time: Number(latest.time),
        recentCount: window?.recent_count ?? 0,
        recentMean: window?.recent_mean ?? NaN
      }]
    }))
  }

  async baseline (range: TimeRange): Promise<Map<string, WindowStatistics>> {
    const { field, popTag } = this.#schema
    const value = identifier(field)
    const found = await this.#query(
      `SELECT count(${value}), median(${value}), percentile(${value}, 25) ${this.#samples(range)} GROUP BY ${identifier(popTag)}`
    )
    return finiteBaselines(found.flatMap(({ tags, rows: [row] }) => {
      if (!isNumber(row?.count)) return []
      const median = row.median ?? NaN
      // Of a few samples there is no quartile; such a baseline is too small to be used anyway.
      return [[tags[popTag] ?? '', robustStatistics(row.count, median, row.percentile ?? median)] as const]
    }))
  }

  async places (range: TimeRange): Promise<Map<string, Place>> {
    const { field, popTag } = this.#schema
    // The value's own field is asked for as well, so that a PoP without coordinates still has its tags.
    const fields = [...PLACE_FIELDS.map((name) => `last(${identifier(name)}) AS ${name}`), `last(${identifier(field)})`]
    const found = await this.#query(
      `SELECT ${fields.join(', ')} ${this.#samples(range)} GROUP BY ${[popTag, ...PLACE_TAGS].map(identifier).join(', ')}`
    )
    return new Map(found.map(({ tags, rows: [row] }) => [tags[popTag] ?? '', placeOf({ ...row, ...tags })]))
  }

  #samples ({ start, stop }: TimeRange): string {
    return `FROM ${identifier(this.#schema.measurement)} WHERE time >= ${Math.floor(start)}ms AND time < ${Math.floor(stop)}ms`
  }

  async #query (statement: string): Promise<Array<{ tags: Record<string, string>, rows: Row[] }>> {
    const parameters = new URLSearchParams({ ...databaseOf(this.#schema.bucket), epoch: 'ms', q: statement })
    const answer: Answer = await this.#client.transport.request(`/query?${parameters}`, '', {
      method: 'GET',
      headers: { accept: 'application/json' }
    })
    const result = answer?.results?.[0]
    const error = answer?.error ?? result?.error
    if (error !== undefined) throw new SourceError('bad_answer', `the query failed: ${error}`)
    if (result === undefined) throw new SourceError('bad_answer', 'the answer has no results')
    if (result.partial === true) throw new SourceError('bad_answer', 'the answer is partial (max-row-limit of the database)')
    const countRow = rowCounter(this.#maxRows)
    return (result.series ?? []).map(({ tags = {}, columns, values, partial }) => {
      if (partial === true) throw new SourceError('bad_answer', 'the answer is partial (max-row-limit of the database)')
      return {
        tags,
        rows: values.map((value) => {
          countRow()
          return Object.fromEntries(columns.map((column, index) => [column, value[index]])) as Row
        })
      }
    })
  }
}

/** `database` or `database/retention-policy` as query parameters. */
export function databaseOf (bucket: string): { db: string, rp?: string } {
  const slash = bucket.indexOf('/')
  return slash === -1 ? { db: bucket } : { db: bucket.slice(0, slash), rp: bucket.slice(slash + 1) }
}

// https://docs.influxdata.com/influxdb/v1/query_language/spec/#identifiers
function identifier (name: string): string {
  return `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function isNumber (value: number | null | undefined): value is number {
  return value !== null && value !== undefined
}
