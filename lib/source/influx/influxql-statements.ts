import type { TimeRange } from '../time-range.ts'
import { MAX_NAMES } from './reader.ts'
import type { SampleSchema } from './schema.ts'

/** The statements of InfluxQL. The database of each is a parameter of its request. */
export class InfluxqlStatements {
  readonly #schema: SampleSchema
  readonly #limit: number
  readonly #from: string
  /** `::field`, since a tag may have the same name; and a name of ours, for the same reason. */
  readonly #value: string

  constructor (schema: SampleSchema, maxRows: number) {
    this.#schema = schema
    this.#limit = maxRows + 1
    this.#from = `FROM ${identifier(schema.measurement)}`
    this.#value = `${identifier(schema.field)}::field`
  }

  /**
   * Time, value, and every tag there is. Without GROUP BY, which costs the database twice the time: the wildcard makes
   * the tags columns, and costs as little as their names would.
   */
  samples (range: TimeRange): string {
    return `SELECT ${this.#value} AS "_value", *::tag ${this.#from} ${this.#where(range)} LIMIT ${this.#limit}`
  }

  /** With one selector the time is its sample's, and the other fields are of the same sample. */
  places (range: TimeRange): string {
    const { popTag, latitude, longitude } = this.#schema
    return `SELECT last(${this.#value}) AS "_value", ${identifier(latitude)}::field AS "_latitude", ` +
      `${identifier(longitude)}::field AS "_longitude" ${this.#from} ${this.#where(range)} GROUP BY ${identifier(popTag)}`
  }

  newest (start: number): string {
    return `SELECT last(${this.#value}) AS "_value" ${this.#from} ${this.#where({ start })}`
  }

  get measurements (): string {
    return `SHOW MEASUREMENTS LIMIT ${MAX_NAMES}`
  }

  get fields (): string {
    return `SHOW FIELD KEYS ${this.#from} LIMIT ${MAX_NAMES}`
  }

  get tags (): string {
    return `SHOW TAG KEYS ${this.#from} LIMIT ${MAX_NAMES}`
  }

  tagValues (tag: string): string {
    return `SHOW TAG VALUES ${this.#from} WITH KEY = ${identifier(tag)} LIMIT ${MAX_NAMES}`
  }

  static identifier = identifier

  #where ({ start, stop }: { start: number, stop?: number }): string {
    const conditions = [
      `time >= ${Math.floor(start)}ms`,
      ...(stop === undefined ? [] : [`time < ${Math.floor(stop)}ms`]),
      ...this.#schema.filter.map(({ tag, values }) =>
        `(${values.map((value) => `${identifier(tag)}::tag = ${literal(value)}`).join(' OR ')})`)
    ]
    return `WHERE ${conditions.join(' AND ')}`
  }
}

// https://docs.influxdata.com/influxdb/v1/query_language/spec/#identifiers
function identifier (name: string): string {
  return `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

// https://docs.influxdata.com/influxdb/v1/query_language/spec/#strings
function literal (value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
