import type { InfluxConnection } from '../influx-connection.ts'
import type { PopPlace, ReadResult, TakeSample } from '../sample-source.ts'
import type { TimeRange } from '../time-range.ts'
import { InfluxqlAnswer, type InfluxqlSeries, type Value } from './influxql-answer.ts'
import { InfluxqlStatements } from './influxql-statements.ts'
import { LineSplitter } from './line-splitter.ts'
import { maxBytesOf, rowCounter, type SampleReader } from './reader.ts'
import { SampleAnswer } from './sample-answer.ts'
import { databaseOf, type SampleSchema } from './schema.ts'
import { MIN_CACHED_SERIES, SeriesCache } from './series-cache.ts'

/** Rows of one JSON document of an answer: some 60 kB, parsed in a millisecond. */
const CHUNK_ROWS = 1_000
/** Columns of a sample before its tags. */
const TIME = 0
const VALUE = 1
const FIRST_TAG = 2

/** Reads samples with InfluxQL (InfluxDB 1.x, 3.x): one statement per request, since 3.x takes no more. */
export class InfluxqlReader implements SampleReader {
  readonly #connection: InfluxConnection
  readonly #schema: SampleSchema
  readonly #statements: InfluxqlStatements
  readonly #maxRows: number
  readonly #cache: SeriesCache

  constructor (connection: InfluxConnection, schema: SampleSchema, maxRows: number) {
    this.#connection = connection
    this.#schema = schema
    this.#statements = new InfluxqlStatements(schema, maxRows)
    this.#maxRows = maxRows
    this.#cache = new SeriesCache(Math.max(maxRows, MIN_CACHED_SERIES))
  }

  async read (range: TimeRange, take: TakeSample): Promise<ReadResult> {
    const answer = new SampleAnswer(this.#schema, this.#cache, this.#maxRows, take)
    const bytes = await this.#query(this.#statements.samples(range), ({ columns: names, values }) => {
      const columns = answer.columns(names, FIRST_TAG)
      for (const row of values) {
        const value = row[VALUE]
        if (typeof value === 'number') answer.sample(columns, row, Number(row[TIME]), value)
        else answer.other(typeof value)
      }
    })
    return answer.result(bytes)
  }

  async places (range: TimeRange): Promise<Map<string, PopPlace>> {
    const places = new Map<string, PopPlace>()
    const countRow = rowCounter(this.#maxRows)
    await this.#query(this.#statements.places(range), ({ tags = {}, values }) => {
      const pop = tags[this.#schema.popTag] ?? ''
      for (const [time, , latitude, longitude] of values) {
        countRow()
        if (pop !== '') places.set(pop, { sampleTime: Number(time), ...coordinates({ latitude, longitude }) })
      }
    })
    return places
  }

  async buckets (): Promise<string[]> {
    const { db, rp } = databaseOf(this.#schema.bucket)
    const databases = await this.#names('SHOW DATABASES')
    if (rp === undefined || !databases.includes(db)) return databases
    return (await this.#names(`SHOW RETENTION POLICIES ON ${InfluxqlStatements.identifier(db)}`)).map((name) => `${db}/${name}`)
  }

  measurements (): Promise<string[]> {
    return this.#names(this.#statements.measurements)
  }

  fields (): Promise<string[]> {
    return this.#names(this.#statements.fields)
  }

  tags (): Promise<string[]> {
    return this.#names(this.#statements.tags)
  }

  tagValues (tag: string): Promise<string[]> {
    return this.#names(this.#statements.tagValues(tag), 1)
  }

  async newest (start: number): Promise<{ time: number, type: string } | null> {
    const [row] = await this.#rows(this.#statements.newest(start))
    return row === undefined ? null : { time: Number(row[TIME]), type: typeof row[VALUE] }
  }

  async #names (statement: string, column = 0): Promise<string[]> {
    return Array.from(new Set((await this.#rows(statement)).map((row) => String(row[column]))))
  }

  async #rows (statement: string): Promise<Value[][]> {
    const rows: Value[][] = []
    await this.#query(statement, ({ values }) => { rows.push(...values) })
    return rows
  }

  /** @returns the answer's bytes */
  async #query (statement: string, take: (series: InfluxqlSeries) => void): Promise<number> {
    const parameters = new URLSearchParams({
      ...databaseOf(this.#schema.bucket), epoch: 'ms', chunked: 'true', chunk_size: String(CHUNK_ROWS), q: statement
    })
    const answer = new InfluxqlAnswer(take)
    const lines = new LineSplitter((line) => answer.line(line))
    try {
      const bytes = await this.#connection.stream(`/query?${parameters}`, '', {
        method: 'GET',
        headers: { accept: 'application/json' }
      }, { maxBytes: maxBytesOf(this.#maxRows), take: (chunk) => lines.push(chunk) })
      lines.end()
      answer.end()
      return bytes
    } catch (error) {
      throw this.#connection.classify(error)
    }
  }
}

/** Those that are numbers. */
function coordinates (said: Record<'latitude' | 'longitude', Value | undefined>): Partial<PopPlace> {
  return Object.fromEntries(Object.entries(said).filter(([, degrees]) => typeof degrees === 'number'))
}
