import { flux, fluxExpression, type ParameterizedQuery } from '@influxdata/influxdb-client'
import type { TimeRange } from '../time-range.ts'
import { MAX_NAMES } from './reader.ts'
import type { SampleSchema } from './schema.ts'

const HOUR_MS = 3_600_000
/** Each piece costs as much as a query. What is asked for lies in a few hours; what lies further ahead is the future. */
const MOST_PIECES = 4

/** The scripts of Flux. The `flux` tag writes names as string literals. */
export class FluxScripts {
  readonly #schema: SampleSchema
  readonly #limit: number

  constructor (schema: SampleSchema, maxRows: number) {
    this.#schema = schema
    this.#limit = maxRows + 1
  }

  /**
   * Time, value, and every tag there is. `group()` comes first: it is pushed down to the storage, and the script costs
   * 180 ms where it costs 410 ms with the columns dropped (or kept) before.
   */
  samples (range: TimeRange): string {
    return this.#eachPiece(range, (piece) => flux`${this.#rows(piece, [this.#schema.field])}
  |> group() |> drop(columns: ["_start", "_stop", "_measurement", "_field"]) |> limit(n: ${this.#limit})`)
  }

  /**
   * Of each PoP and field the newest row. Not in one table: fields may be of different types. In one piece, unlike `samples`:
   * what a change of type hides is seen again when the range has left it behind, and places may wait for so long.
   */
  places (range: TimeRange): string {
    const { field, latitude, longitude, popTag } = this.#schema
    const columns = [popTag, '_field']
    return String(flux`${this.#rows(range, [field, latitude, longitude])}
  |> group(columns: ${columns}) |> max(column: "_time") |> keep(columns: ${['_time', '_value', ...columns]})`)
  }

  newest (start: number): string {
    return String(flux`${this.#rows({ start }, [this.#schema.field])}
  |> group() |> max(column: "_time") |> keep(columns: ["_time", "_value"])`)
  }

  get buckets (): string {
    return 'buckets() |> rename(columns: {name: "_value"}) |> keep(columns: ["_value"])'
  }

  get measurements (): string {
    return this.#named(flux`v1.measurements(bucket: ${this.#schema.bucket})`)
  }

  get tags (): string {
    const { bucket, measurement } = this.#schema
    return this.#named(flux`v1.measurementTagKeys(bucket: ${bucket}, measurement: ${measurement})`)
  }

  /** Those that have a sample since so long, e.g. `5m`: `v1.measurementTagValues` of `_field` reads all samples of 30 days. */
  fields (since: string): string {
    const { bucket, measurement } = this.#schema
    return String(flux`from(bucket: ${bucket}) |> range(start: ${fluxExpression(`-${since}`)})
  |> filter(fn: (r) => r._measurement == ${measurement})
  |> group(columns: ["_field"]) |> first() |> keep(columns: ["_field"]) |> rename(columns: {_field: "_value"})
  |> group() |> limit(n: ${MAX_NAMES})`)
  }

  tagValues (tag: string): string {
    const { bucket, measurement } = this.#schema
    return this.#named(flux`v1.measurementTagValues(bucket: ${bucket}, measurement: ${measurement}, tag: ${tag})`)
  }

  #named (names: ParameterizedQuery): string {
    return String(flux`import "influxdata/influxdb/v1"
${names} |> limit(n: ${MAX_NAMES})`)
  }

  #rows ({ start, stop }: { start: number, stop?: number }, fields: readonly string[]): ParameterizedQuery {
    const { bucket, measurement, filter } = this.#schema
    const until = stop === undefined ? '' : `, stop: ${justBefore(stop)}`
    const conditions = [
      flux`r._measurement == ${measurement}`,
      anyOf(fields.map((field) => flux`r._field == ${field}`)),
      ...filter.map(({ tag, values }) => anyOf(values.map((value) => flux`r[${tag}] == ${value}`)))
    ]
    return flux`from(bucket: ${bucket}) |> range(start: ${new Date(start)}${fluxExpression(until)})
  |> filter(fn: (r) => ${fluxExpression(conditions.join(' and '))})`
  }

  /**
   * One result for each hour that the range touches. A shard begins with a full hour and has the field as one type;
   * of shards with different types one query gets the first one's samples alone (seen with 1.8.10).
   */
  #eachPiece ({ start, stop }: TimeRange, script: (piece: TimeRange) => ParameterizedQuery): string {
    const scripts: string[] = []
    for (let begin = start; begin < stop;) {
      const next = (Math.floor(begin / HOUR_MS) + 1) * HOUR_MS
      const end = scripts.length < MOST_PIECES - 1 ? Math.min(stop, next) : stop
      scripts.push(`${script({ start: begin, stop: end })} |> yield(name: "${scripts.length}")`)
      begin = end
    }
    return scripts.join('\n')
  }
}

/** The last time before `stop`: 1.8 takes a stop as the last time that counts where `group()` is pushed down, 2.x does not. */
function justBefore (stop: number): string {
  return new Date(stop - 1).toISOString().replace('Z', '999999Z')
}

function anyOf (conditions: ParameterizedQuery[]): string {
  return `(${conditions.join(' or ')})`
}
