import type { FanOut } from './broadcaster.ts'

const NAMES = ['ticks', 'failedTicks', 'sent', 'failed', 'held', 'skipped', 'bytes', 'queryMs', 'fanOutMs'] as const
type Counts = Record<typeof NAMES[number], number>
const noCounts = (): Counts =>
  ({ ticks: 0, failedTicks: 0, sent: 0, failed: 0, held: 0, skipped: 0, bytes: 0, queryMs: 0, fanOutMs: 0 })

/** What ticks and fan-outs did. */
export class TickStatistics {
  /** Since the process started; they never fall. Durations are sums, ms. */
  readonly totals: Counts = noCounts()
  /** The totals at the last summary, and the largest durations since then. */
  #before: Readonly<Counts> = noCounts()
  #longest = { queryMs: 0, fanOutMs: 0 }

  recordTick ({ sent, failed, held, skipped, bytes, durationMs }: FanOut, queryMs: number): void {
    this.totals.ticks++
    this.totals.sent += sent
    this.totals.failed += failed
    this.totals.held += held
    this.totals.skipped += skipped
    this.totals.bytes += bytes
    this.totals.queryMs += queryMs
    this.totals.fanOutMs += durationMs
    this.#longest.queryMs = Math.max(this.#longest.queryMs, queryMs)
    this.#longest.fanOutMs = Math.max(this.#longest.fanOutMs, durationMs)
  }

  recordFailedTick (): void {
    this.totals.failedTicks++
  }

  /** What is new since the last summary: counts, and mean and largest of the durations, ms, 1 decimal. */
  take () {
    const { queryMs, fanOutMs, ...counts } = difference(this.totals, this.#before)
    const longest = this.#longest
    this.#before = { ...this.totals }
    this.#longest = { queryMs: 0, fanOutMs: 0 }
    const summarize = (sum: number, max: number) => ({
      mean: round(counts.ticks === 0 ? 0 : sum / counts.ticks),
      max: round(max)
    })
    return { ...counts, queryMs: summarize(queryMs, longest.queryMs), fanOutMs: summarize(fanOutMs, longest.fanOutMs) }
  }
}

function difference (now: Counts, before: Readonly<Counts>): Counts {
  const result = { ...now }
  for (const name of NAMES) result[name] -= before[name]
  return result
}

function round (ms: number): number {
  return Math.round(ms * 10) / 10
}
