import { Histogram } from '../histogram.ts'
import type { FanOut } from './broadcaster.ts'

const NAMES = ['ticks', 'succeededTicks', 'failedTicks', 'sent', 'failed', 'held', 'skipped', 'bytes', 'queryMs'] as const
type Counts = Record<typeof NAMES[number], number>
const noCounts = (): Counts =>
  ({ ticks: 0, succeededTicks: 0, failedTicks: 0, sent: 0, failed: 0, held: 0, skipped: 0, bytes: 0, queryMs: 0 })
/** 10,000 clients take some 100 ms. */
const FAN_OUT_BOUNDS_MS = [0.1, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500]
/** From a writer whose data is read as it lands, to one that sends every five minutes. */
const AGE_BOUNDS_MS = [250, 500, 1_000, 2_500, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 900_000]

/** What ticks and fan-outs did. */
export class TickStatistics {
  /** Since the process started; they never fall. Durations are sums, ms. */
  readonly totals: Counts = noCounts()
  /** Of what was told, ms. */
  readonly fanOut = new Histogram(FAN_OUT_BOUNDS_MS)
  readonly age = new Histogram(AGE_BOUNDS_MS)
  /** The totals at the last summary, and the largest durations since then. */
  #before: Readonly<Counts> = noCounts()
  #fanOutMsBefore = 0
  #longest = { queryMs: 0, fanOutMs: 0 }

  /** @param ageMs of the newest sample, as it was told; null: there is none */
  recordTick ({ sent, failed, held, skipped, bytes, durationMs }: FanOut, queryMs: number, ageMs: number | null): void {
    this.totals.ticks++
    this.totals.sent += sent
    this.totals.failed += failed
    this.totals.held += held
    this.totals.skipped += skipped
    this.totals.bytes += bytes
    this.totals.queryMs += queryMs
    this.fanOut.observe(durationMs)
    if (ageMs !== null) this.age.observe(ageMs)
    this.#longest.queryMs = Math.max(this.#longest.queryMs, queryMs)
    this.#longest.fanOutMs = Math.max(this.#longest.fanOutMs, durationMs)
  }

  /** The source was asked, and has answered or not. */
  recordOutcome (hasFailed: boolean): void {
    this.totals[hasFailed ? 'failedTicks' : 'succeededTicks']++
  }

  /** What is new since the last summary: counts, and mean and largest of the durations, ms, 1 decimal. */
  take () {
    const { queryMs, ...counts } = difference(this.totals, this.#before)
    const fanOutMs = this.fanOut.sum - this.#fanOutMsBefore
    const longest = this.#longest
    this.#before = { ...this.totals }
    this.#fanOutMsBefore = this.fanOut.sum
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
