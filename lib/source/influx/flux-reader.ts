import type { InfluxConnection } from '../influx-connection.ts'
import type { PopPlace, ReadResult, TakeSample } from '../sample-source.ts'
import type { TimeRange } from '../time-range.ts'
import { FluxPlaces } from './flux-places.ts'
import { FluxScripts } from './flux-scripts.ts'
import { FluxTables, type OpenTable } from './flux-tables.ts'
import { LineSplitter } from './line-splitter.ts'
import { maxBytesOf, rowCounter, type SampleReader } from './reader.ts'
import { SampleAnswer } from './sample-answer.ts'
import type { SampleSchema } from './schema.ts'
import { MIN_CACHED_SERIES, SeriesCache } from './series-cache.ts'

/** Every table begins with an empty column (the annotation's name), `result` and `table`. */
const FIRST_COLUMN = 3
/** So far back fields are looked for, until the one that is wanted is there: each costs as much as all the samples in it. */
const FIELDS_SINCE = ['5m', '1h', '30d']
const NUMBERS: ReadonlySet<string> = new Set(['double', 'long', 'unsignedLong'])
const DIALECT = { header: true, delimiter: ',', annotations: ['datatype', 'group', 'default'] }

/** Reads samples with Flux (InfluxDB 2.x, 1.8). */
export class FluxReader implements SampleReader {
  readonly #connection: InfluxConnection
  readonly #org: string
  readonly #schema: SampleSchema
  readonly #scripts: FluxScripts
  readonly #maxRows: number
  readonly #cache: SeriesCache

  constructor (connection: InfluxConnection, org: string, schema: SampleSchema, maxRows: number) {
    this.#connection = connection
    this.#org = org
    this.#schema = schema
    this.#scripts = new FluxScripts(schema, maxRows)
    this.#maxRows = maxRows
    this.#cache = new SeriesCache(Math.max(maxRows, MIN_CACHED_SERIES))
  }

  async read (range: TimeRange, take: TakeSample): Promise<ReadResult> {
    const answer = new SampleAnswer(this.#schema, this.#cache, this.#maxRows, take)
    const bytes = await this.#query(this.#scripts.samples(range), (names, types) => {
      const columns = answer.columns(names, FIRST_COLUMN)
      const time = names.indexOf('_time')
      const value = names.indexOf('_value')
      const type = types[value] ?? ''
      if (!NUMBERS.has(type)) return () => answer.other(type)
      return (fields) => answer.sample(columns, fields, Date.parse(fields[time] ?? ''), numberOf(fields[value]))
    })
    return answer.result(bytes)
  }

  async places (range: TimeRange): Promise<Map<string, PopPlace>> {
    const places = new FluxPlaces(this.#schema)
    const countRow = rowCounter(this.#maxRows)
    await this.#query(this.#scripts.places(range), (names, types) => {
      const [pop, field, time, value] = [this.#schema.popTag, '_field', '_time', '_value'].map((name) => names.lastIndexOf(name))
      const isNumber = NUMBERS.has(types[value ?? -1] ?? '')
      return (fields) => {
        countRow()
        const at = (index = -1) => fields[index] ?? ''
        places.add(at(pop), at(field), Date.parse(at(time)), isNumber ? numberOf(at(value)) : NaN)
      }
    })
    return places.result()
  }

  buckets (): Promise<string[]> {
    return this.#names(this.#scripts.buckets)
  }

  measurements (): Promise<string[]> {
    return this.#names(this.#scripts.measurements)
  }

  async fields (wanted: string): Promise<string[]> {
    let found: string[] = []
    for (const since of FIELDS_SINCE) {
      found = await this.#names(this.#scripts.fields(since))
      if (found.includes(wanted)) break
    }
    return found
  }

  async tags (): Promise<string[]> {
    return (await this.#names(this.#scripts.tags)).filter((name) => !name.startsWith('_'))
  }

  tagValues (tag: string): Promise<string[]> {
    return this.#names(this.#scripts.tagValues(tag))
  }

  async newest (start: number): Promise<{ time: number, type: string } | null> {
    let newest: { time: number, type: string } | null = null
    await this.#query(this.#scripts.newest(start), (names, types) => (fields) => {
      const time = Date.parse(fields[names.indexOf('_time')] ?? '')
      const type = types[names.indexOf('_value')] ?? ''
      if (newest === null || time > newest.time) newest = { time, type: NUMBERS.has(type) ? 'number' : type }
    })
    return newest
  }

  async #names (script: string): Promise<string[]> {
    const found: string[] = []
    await this.#query(script, (names) => (fields) => { found.push(fields[names.indexOf('_value')] ?? '') })
    return found
  }

  /** @returns the answer's bytes */
  async #query (script: string, open: OpenTable): Promise<number> {
    const tables = new FluxTables(open)
    const lines = new LineSplitter((line) => tables.line(line))
    try {
      const bytes = await this.#connection.stream(
        `/api/v2/query?${new URLSearchParams({ org: this.#org })}`,
        JSON.stringify({ query: script, type: 'flux', dialect: DIALECT }),
        { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/csv' } },
        { maxBytes: maxBytesOf(this.#maxRows), take: (chunk) => lines.push(chunk) }
      )
      lines.end()
      return bytes
    } catch (error) {
      throw this.#connection.classify(error)
    }
  }
}

/** NaN where there is none. */
function numberOf (text = ''): number {
  return text === '' ? NaN : Number(text)
}
