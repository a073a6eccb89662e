import { intakeSettings, type Config } from '../config.ts'
import type { Clock } from '../lib/clock.ts'
import { samplePipeline } from '../lib/feed/intake.ts'
import type { ReadingPlan } from '../lib/feed/reading-plan.ts'
import type { FleetReport } from '../lib/fleet/sample-fleet.ts'
import { lowerMedian } from '../lib/fleet/statistics.ts'
import { SummaryStore } from '../lib/fleet/summary-store.ts'
import type { SampleSource, TakeSample } from '../lib/source/sample-source.ts'
import { SourceError } from '../lib/source/source-error.ts'
import type { TimeRange } from '../lib/source/time-range.ts'
import { silentLog } from './silent-log.ts'

/** Of more samples than this the rest of the window is not read: what they say is known by then. */
const ENOUGH_ROWS = 200_000
/** What cannot be answered in time, or at all, is asked for in halves, as the service does from tick to tick. */
const TRIES = 4

/** What one look at the samples found. */
export interface Survey {
  report: FleetReport
  series: number
  functions: string[]
  /** Median over PoPs, ms; null: no series has two samples. */
  intervalMs: number | null
  slowestIntervalMs: number | null
  rows: number
  /** Read that are no finite numbers. */
  ignored: number
  /** How far back was read, ms. */
  spanMs: number
  /** The first query, ms. */
  queryMs: number
  /** Of PoPs whose samples say where they stand, by what they say. */
  placed: { city: number, country: number, tier: number, coordinates: number }
}

/** Reads the samples of the window once, newest first, by the plan and into the fleet of the service. @throws {SourceError} */
export async function survey (source: SampleSource, config: Config, clock: Clock): Promise<Survey> {
  const { window, fleet, plan } = samplePipeline(intakeSettings(config), { store: new SummaryStore(), clock, log: silentLog })
  const began = clock.now()
  const first = await readFirst(source, plan, fleet.take, clock)
  fleet.readingEnds()
  plan.done(first.reading, first.rows, fleet.newestTime)
  let { rows, ignored, reading: { range: { start } } } = first
  for (let range = plan.missing(began); range !== null && rows < ENOUGH_ROWS; range = plan.missing(began)) {
    const slice = await source.read(range, fleet.fill)
    plan.filled(range)
    rows += slice.rows
    ignored += slice.ignored
    start = range.start
  }
  const report = fleet.update()
  const pops = Array.from(window.pops)
  const intervals = pops.flatMap(({ byFunction }) => Array.from(byFunction.values()).flat())
    .flatMap(({ intervalMs }) => intervalMs ?? [])
  return {
    report,
    series: Array.from(window.series).length,
    functions: Array.from(new Set(pops.flatMap(({ byFunction }) => Array.from(byFunction.keys())))).sort(),
    intervalMs: intervals.length === 0 ? null : lowerMedian(intervals),
    slowestIntervalMs: intervals.length === 0 ? null : intervals.reduce((slowest, ms) => Math.max(slowest, ms), 0),
    rows,
    ignored,
    spanMs: began - start,
    queryMs: first.queryMs,
    placed: placedOf(report)
  }
}

async function readFirst (source: SampleSource, plan: ReadingPlan, take: TakeSample, clock: Clock) {
  for (let tried = 1; ; tried++) {
    const reading = plan.next(clock.now(), 0)
    const startedAt = clock.monotonic()
    try {
      const { rows, ignored } = await source.read(reading.range, take)
      return { reading, rows, ignored, queryMs: clock.monotonic() - startedAt }
    } catch (error) {
      if (tried === TRIES || !mayBeTooMuch(error)) throw error
      plan.failed(reading.range, clock.now())
    }
  }
}

function mayBeTooMuch (error: unknown): boolean {
  return error instanceof SourceError && (error.reason === 'timeout' || error.reason === 'bad_answer')
}

function placedOf ({ pops: { states } }: FleetReport): Survey['placed'] {
  const count = (of: 'city' | 'country' | 'tier' | 'latitude') => states.filter((pop) => pop[of] !== null).length
  return { city: count('city'), country: count('country'), tier: count('tier'), coordinates: count('latitude') }
}

/** The newest sample's time of each PoP, ms since the epoch. @throws {SourceError} */
export async function newestOf (source: SampleSource, range: TimeRange): Promise<Map<string, number>> {
  const places = await source.places(range)
  return new Map(Array.from(places, ([pop, { sampleTime }]) => [pop, sampleTime]))
}
