import type { Clock } from '../clock.ts'
import { Counts } from '../counts.ts'
import { Histogram } from '../histogram.ts'
import { noTracer, type Tracer } from '../tracer.ts'
import type { PopPlace, ReadResult, SampleSource, TakeSample } from './sample-source.ts'
import { SourceError } from './source-error.ts'
import type { TimeRange } from './time-range.ts'

/** What the source is asked: samples (by ticks, and between them for what is missing), places, or why there are none. */
export const queryOperations = ['read', 'places', 'explain'] as const
type Operation = typeof queryOperations[number]
export const queryOutcomes = ['succeeded', 'unavailable', 'timeout', 'unauthorized', 'bad_answer', 'defect'] as const

/** From a demo to the default QUERY_TIMEOUT_MS and beyond. */
const BOUNDS_MS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000]

/** What the queries came to since the process started. */
export class QueryStatistics {
  readonly outcomes: Readonly<Record<Operation, Counts<typeof queryOutcomes[number]>>> =
    { read: new Counts(queryOutcomes), places: new Counts(queryOutcomes), explain: new Counts(queryOutcomes) }

  /** ms. */
  readonly durations: Readonly<Record<Operation, Histogram>> =
    { read: new Histogram(BOUNDS_MS), places: new Histogram(BOUNDS_MS), explain: new Histogram(BOUNDS_MS) }

  /** Of answers with samples: rows, bytes of the body, and samples that were no finite number. */
  rows = 0
  bytes = 0
  ignored = 0
}

export interface MeasuredSourceOptions {
  source: SampleSource
  statistics: QueryStatistics
  clock: Clock
  tracer?: Tracer
}

/** The same source, whose queries are counted and traced. */
export class MeasuredSource implements SampleSource {
  readonly #options: Required<MeasuredSourceOptions>

  constructor (options: MeasuredSourceOptions) {
    this.#options = { tracer: noTracer, ...options }
  }

  get kind (): SampleSource['kind'] {
    return this.#options.source.kind
  }

  async read (range: TimeRange, take: TakeSample): Promise<ReadResult> {
    const { source, statistics } = this.#options
    const result = await this.#measure('read', () => source.read(range, take), ({ rows }) => ({ rows }))
    statistics.rows += result.rows
    statistics.bytes += result.bytes
    statistics.ignored += result.ignored
    return result
  }

  places (range: TimeRange): Promise<ReadonlyMap<string, PopPlace>> {
    return this.#measure('places', () => this.#options.source.places(range), ({ size }) => ({ rows: size }))
  }

  explain (): Promise<string | null> {
    return this.#measure('explain', () => this.#options.source.explain())
  }

  ping (): Promise<void> {
    return this.#options.source.ping()
  }

  close (): Promise<void> {
    return this.#options.source.close()
  }

  #measure<T> (operation: Operation, query: () => Promise<T>, describe: (result: T) => object = () => ({})): Promise<T> {
    const { statistics, clock, tracer } = this.#options
    return tracer.span('query', async (span) => {
      const startedAt = clock.monotonic()
      span.set({ operation })
      let outcome: string = 'defect'
      try {
        const result = await query()
        outcome = 'succeeded'
        span.set({ ...describe(result) })
        return result
      } catch (error) {
        if (error instanceof SourceError) outcome = error.reason
        throw error
      } finally {
        statistics.outcomes[operation].add(outcome)
        statistics.durations[operation].observe(clock.monotonic() - startedAt)
      }
    })
  }
}
