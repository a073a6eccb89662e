import type { Clock } from '../lib/clock.ts'
import { onGrid, type LinesAt } from './points.ts'
import { BATCH_LINES, type LineWriter } from './writer.ts'

export interface BackfillOptions {
  /** Where the history begins, ms since the epoch; its first sample is on the next point of the grid. */
  start: number
  intervalMs: number
  linesAt: LinesAt
  writer: LineWriter
  clock: Clock
  /** Told at the begin and after every batch how many points the database has taken, and of how many. */
  onProgress: (written: number, total: number) => void
  /** Once aborted no further samples are made; those that exist are still written. */
  stop: AbortSignal
}

export interface BackfillResult {
  /** Points that the database has taken. */
  written: number
  /** The time of the newest sample, ms since the epoch. */
  last: number
}

/**
 * Writes the history up to now (the now of its end, so that nothing is missing before the live phase). One batch is
 * made while the one before it is written; it waits for the database, so it needs no buffer.
 * @throws {SourceError} what the writer throws; nothing is written after that
 */
export async function backfill (options: BackfillOptions): Promise<BackfillResult> {
  const { start, intervalMs, linesAt, writer, clock, onProgress, stop } = options
  const first = Math.ceil(start / intervalMs) * intervalMs
  const pointsPerTick = linesAt(first).length
  const result = { written: 0, last: first - intervalMs }
  let waiting: string[] = []
  let underWay = Promise.resolve()
  const send = async () => {
    await underWay
    const batch = waiting.splice(0, BATCH_LINES)
    underWay = writer.write(batch).then(() => {
      result.written += batch.length
      onProgress(result.written, total())
    })
  }
  const total = () => (onGrid(clock.now(), intervalMs) - first + intervalMs) / intervalMs * pointsPerTick
  onProgress(0, total())
  while (!stop.aborted && result.last + intervalMs <= clock.now()) {
    result.last += intervalMs
    waiting = waiting.concat(linesAt(result.last))
    while (waiting.length >= BATCH_LINES) await send()
  }
  while (waiting.length > 0) await send()
  await underWay
  return result
}
