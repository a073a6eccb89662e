import type { HistoryPoint } from '../client/index.ts'

const BARS = '\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588'
/** Points further apart than so many intervals have a gap between them: a PoP that is silent for so long has stopped. */
const GAP_INTERVALS = 2.5

export interface Sparkline {
  readonly text: string
  /** Of single updates; a bar is the mean of those of its column. */
  readonly lowMs: number
  readonly highMs: number
}

export interface Window {
  readonly columns: number
  readonly windowMs: number
  readonly intervalMs: number
  /** Its end, by the server's clock. */
  readonly now: number
}

/**
 * The mean over the window, a character per column; where there is none, a space. null: none is known.
 */
export function sparkline (history: readonly HistoryPoint[], { columns, windowMs, intervalMs, now }: Window): Sparkline | null {
  const sums = Array.from({ length: columns }, () => ({ sum: 0, count: 0 }))
  const columnOf = (time: number) => Math.min(columns - 1, Math.floor((time - now + windowMs) / windowMs * columns))
  let before: { time: number, value: number } | null = null
  let [lowMs, highMs] = [Infinity, -Infinity]
  for (const { dataTime, overview: { averageColdStart: value }, stale } of history) {
    const time = dataTime.getTime()
    // A stale one repeats what is old, and of no PoPs there is no mean.
    if (value === null || stale || time > now) continue
    const isJoined = before !== null && time - before.time <= GAP_INTERVALS * intervalMs
    // The window may have more columns than points.
    const first = isJoined ? columnOf(before!.time) + 1 : Infinity
    for (let column = first; column < columnOf(time); column++) add(sums[column], before!.value)
    add(sums[columnOf(time)], value)
    if (columnOf(time) >= 0) [lowMs, highMs] = [Math.min(lowMs, value), Math.max(highMs, value)]
    before = { time, value }
  }
  const values = sums.map(({ sum, count }) => count === 0 ? null : sum / count)
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return null
  const [lowest, highest] = [Math.min(...known), Math.max(...known)]
  const bar = (value: number) => BARS[Math.round((value - lowest) / ((highest - lowest) || 1) * (BARS.length - 1))] as string
  return { text: values.map((value) => value === null ? ' ' : bar(value)).join(''), lowMs, highMs }
}

/** Columns before the window are none. */
function add (column: { sum: number, count: number } | undefined, value: number): void {
  if (column === undefined) return
  column.sum += value
  column.count++
}
