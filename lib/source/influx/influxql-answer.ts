import { SourceError } from '../source-error.ts'

export type Value = number | string | boolean | null

/** One series of an answer, or, of a chunked one, the next rows of it. */
export interface InfluxqlSeries {
  tags?: Record<string, string>
  columns: string[]
  values: Value[][]
  partial?: boolean
}

/** What `/query` answers: https://docs.influxdata.com/influxdb/v1/guides/query_data/ */
interface Answer {
  error?: string
  results?: Array<{ error?: string, partial?: boolean, series?: InfluxqlSeries[] }>
}

/**
 * Reads the answer to one statement with `chunked=true`: a JSON document a line, each with the next rows. A document
 * that more of its statement's rows follow says `partial`; so the last one must not.
 */
export class InfluxqlAnswer {
  readonly #take: (series: InfluxqlSeries) => void
  #answered = false
  #partial = false

  constructor (take: (series: InfluxqlSeries) => void) {
    this.#take = take
  }

  /** @throws {SourceError} when the document tells of a failure, as it may after others that did not */
  line (line: string): void {
    if (line === '') return
    const answer: Answer = JSON.parse(line)
    const result = answer?.results?.[0]
    const error = answer?.error ?? result?.error
    if (error !== undefined) throw new SourceError('bad_answer', `the query failed: ${error}`)
    if (result === undefined) throw new SourceError('bad_answer', 'the answer has no results')
    this.#answered = true
    const all = result.series ?? []
    // Where `max-row-limit` cut an answer that is not chunked, only the series says so.
    this.#partial = result.partial === true || all.some(({ partial }) => partial === true)
    for (const series of all) this.#take(series)
  }

  /** The answer has ended. @throws {SourceError} when it was not whole */
  end (): void {
    if (!this.#answered) throw new SourceError('bad_answer', 'the answer has no results')
    if (this.#partial) throw new SourceError('bad_answer', 'the answer is partial (max-row-limit of the database)')
  }
}
