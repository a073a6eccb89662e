import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { SampleSchema } from '../lib/source/influx/schema.ts'
import { SimulatedFleet, type Incident } from '../lib/simulation/fleet.ts'
import type { GeneratorOptions } from './arguments.ts'
import { backfill } from './backfill.ts'
import { LiveTicks } from './live.ts'
import { fleetLines, onGrid, type LinesAt } from './points.ts'
import type { Progress } from './progress.ts'
import { WriteBuffer } from './write-buffer.ts'
import { RetryingWriter, type LineWriter, type WriteLines } from './writer.ts'
import { SourceError } from '../lib/source/source-error.ts'

/** What a stop may take. Docker and Kubernetes kill after 10 s and more. */
const FLUSH_DEADLINE_MS = 5_000
/** Some 50 MB: 7 hours of 20 PoPs, 4 minutes of 2,000. */
const MAX_BUFFERED_LINES = 250_000

export interface GeneratorDependencies {
  names: Pick<SampleSchema, 'measurement' | 'field' | 'popTag' | 'functionTag'>
  write: WriteLines
  /** Fails the write that is under way. */
  abort: () => void
  /** Aborted when the generator has to stop. */
  stop: AbortSignal
  progress: Progress
  clock: Clock
  random: () => number
  log: Log
}

/**
 * Writes the history, then a sample of everything per interval until stopped.
 * @returns whether everything asked for was written
 */
export async function run (options: GeneratorOptions, dependencies: GeneratorDependencies): Promise<boolean> {
  const { clock, stop } = dependencies
  const writer = new RetryingWriter(dependencies)
  let cancelDeadline = () => {}
  stop.addEventListener('abort', () => { cancelDeadline = writer.finishWithin(FLUSH_DEADLINE_MS) }, { once: true })
  try {
    const beforeNow = onGrid(clock.now(), options.intervalMs) - options.intervalMs
    const last = options.backfillMs > 0 ? await writeHistory(options, dependencies, writer) : beforeNow
    return last !== null && await feed(options, dependencies, writer, last)
  } finally {
    cancelDeadline()
  }
}

/** @returns the time of the newest sample, or null when there is a hole between it and now */
async function writeHistory (
  options: GeneratorOptions,
  dependencies: GeneratorDependencies,
  writer: LineWriter
): Promise<number | null> {
  const { clock, progress, stop, log } = dependencies
  const { intervalMs } = options
  const start = clock.now() - options.backfillMs
  const begun = clock.monotonic()
  let written = 0
  let total = 0
  const onProgress = (...state: [written: number, total: number]) => {
    ;[written, total] = state
    progress.update(...state)
  }
  log.info(
    { event: 'backfill_started', from: new Date(start).toISOString(), pops: options.pops, intervalMs },
    'writing the history'
  )
  try {
    const { last } = await backfill({
      start,
      intervalMs,
      linesAt: linesOf(options, dependencies, []),
      writer,
      clock,
      onProgress,
      stop
    })
    progress.end()
    const durationMs = Math.round(clock.monotonic() - begun)
    if (!stop.aborted) {
      log.info({ event: 'backfill_finished', points: written, durationMs }, 'the history is written')
      return last
    }
    log.warn(
      { event: 'stopped', written, of: total, historyUntil: new Date(last).toISOString() },
      'stopped, the history is INCOMPLETE'
    )
  } catch (error) {
    progress.end()
    log.error({ event: 'stopped', ...causeOf(error), written, of: total }, 'stopped, the history is INCOMPLETE')
  }
  return null
}

/** The live phase. @returns whether every sample was written */
async function feed (
  options: GeneratorOptions,
  dependencies: GeneratorDependencies,
  writer: LineWriter,
  after: number
): Promise<boolean> {
  const { clock, stop, log } = dependencies
  const { intervalMs } = options
  const incidents = options.regressions.map(({ pop, factor, durationMs }) => ({
    pop,
    factor,
    start: after + 1,
    stop: after + 1 + durationMs
  }))
  const linesAt = linesOf(options, dependencies, incidents)
  for (const { pop, factor, durationMs } of options.regressions) {
    log.info(
      { event: 'regression_started', pop, factor, ...(durationMs < Infinity && { durationMs }) },
      'this PoP is slow from now on'
    )
  }
  log.info(
    { event: 'live', pops: options.pops, intervalMs, seed: options.seed },
    'writing one sample of everything per interval, Ctrl-C stops'
  )
  const failed = new AbortController()
  const buffer = new WriteBuffer({ writer, maxLines: MAX_BUFFERED_LINES, onFailed: (error) => failed.abort(error), clock, log })
  const ticks = new LiveTicks({ intervalMs, after, tick: (time) => buffer.add(linesAt(time)), clock, log })
  ticks.start()
  await aborted(AbortSignal.any([stop, failed.signal]))
  ticks.stop()
  await buffer.flush()
  const { written, unwritten, dropped } = buffer
  const complete = unwritten === 0 && dropped === 0
  if (complete) log.info({ event: 'stopped', written }, 'stopped, everything is written')
  else {
    log.error(
      { event: 'stopped', ...(failed.signal.aborted && causeOf(failed.signal.reason)), written, unwritten, dropped },
      'stopped, the points not written are LOST'
    )
  }
  return complete
}

function linesOf (
  { pops, seed, incidents: randomIncidents }: GeneratorOptions,
  { names }: GeneratorDependencies,
  incidents: Incident[]
): LinesAt {
  return fleetLines(new SimulatedFleet({ pops, seed, randomIncidents, incidents }), names)
}

function aborted (signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** For the log. Whatever is not the database's failure is a defect of ours and is thrown on. */
function causeOf (error: unknown): { reason: string, detail: string } {
  if (!(error instanceof SourceError)) throw error
  return { reason: error.reason, detail: error.message }
}
