import { SourceError } from '../source-error.ts'
import type { ReadResult, TakeSample } from '../sample-source.ts'
import { rowCounter } from './reader.ts'
import { converter, type SampleSchema } from './schema.ts'
import { tagColumns, type Fields, type SeriesCache, type TagColumns } from './series-cache.ts'

/** Hands on the rows of one answer as samples, and counts what it cannot. */
export class SampleAnswer {
  readonly #schema: SampleSchema
  readonly #cache: SeriesCache
  readonly #toMs: (value: number) => number
  readonly #countRow: () => void
  readonly #take: TakeSample
  #rows = 0
  #ignored = 0
  /** Rows whose value is of a type that is no number, and which. */
  #otherRows = 0
  #otherType = ''

  constructor (schema: SampleSchema, cache: SeriesCache, maxRows: number, take: TakeSample) {
    this.#schema = schema
    this.#cache = cache
    this.#toMs = converter(schema.unit)
    this.#countRow = rowCounter(maxRows)
    this.#take = take
  }

  columns (names: readonly string[], first: number): TagColumns {
    return tagColumns(names, first, this.#schema)
  }

  /**
   * @param time ms since the epoch
   * @param value as it is stored
   * @throws {SourceError} when there are too many
   */
  sample (columns: TagColumns, fields: Fields, time: number, value: number): void {
    this.#count()
    const ms = this.#toMs(value)
    // 1.8e308 is parsed as Infinity: one such value would spoil every mean that it goes into.
    if (!Number.isFinite(ms) || !Number.isFinite(time)) {
      this.#ignored++
      return
    }
    const known = this.#cache.find(columns, fields)
    if (known !== null) this.#take(known.series, known.place, time, ms)
  }

  /** A value that is no number. @throws {SourceError} when there are too many */
  other (type: string): void {
    this.#count()
    this.#ignored++
    this.#otherRows++
    this.#otherType = type
  }

  /** @throws {SourceError} when there was nothing but values of another type */
  result (bytes: number): ReadResult {
    if (this.#otherRows > 0 && this.#otherRows === this.#rows) {
      const { field, measurement } = this.#schema
      throw new SourceError(
        'bad_answer',
        `the field \`${field}\` of ${measurement} holds values of the type ${this.#otherType}, and no numbers`
      )
    }
    return { rows: this.#rows, bytes, ignored: this.#ignored }
  }

  #count (): void {
    this.#countRow()
    this.#rows++
  }
}
