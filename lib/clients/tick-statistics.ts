import type { FanOut } from './broadcaster.ts'

/** Mean and largest of some durations, ms, 1 decimal. */
class Durations {
  #sum = 0
  #count = 0
  #max = 0

  add (ms: number): void {
    this.#sum += ms
    this.#count++
    this.#max = Math.max(this.#max, ms)
  }

  get summary (): { mean: number, max: number } {
    const round = (ms: number) => Math.round(ms * 10) / 10
    return { mean: round(this.#count === 0 ? 0 : this.#sum / this.#count), max: round(this.#max) }
  }
}

const noCounts = () => ({ ticks: 0, failedTicks: 0, sent: 0, failed: 0, held: 0, skipped: 0, bytes: 0 })

/** What the ticks since the last summary did. */
export class TickStatistics {
  #counts = noCounts()
  #query = new Durations()
  #fanOut = new Durations()

  recordTick ({ sent, failed, held, skipped, bytes, durationMs }: FanOut, queryMs: number): void {
    this.#counts.ticks++
    this.#counts.sent += sent
    this.#counts.failed += failed
    this.#counts.held += held
    this.#counts.skipped += skipped
    this.#counts.bytes += bytes
    this.#query.add(queryMs)
    this.#fanOut.add(durationMs)
  }

  recordFailedTick (): void {
    this.#counts.failedTicks++
  }

  /** The summary, and a fresh start. */
  take () {
    const summary = { ...this.#counts, queryMs: this.#query.summary, fanOutMs: this.#fanOut.summary }
    this.#counts = noCounts()
    this.#query = new Durations()
    this.#fanOut = new Durations()
    return summary
  }
}
