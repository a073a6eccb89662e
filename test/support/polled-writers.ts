import { Poller } from '../../lib/feed/poller.ts'
import { Schedule } from '../../lib/feed/schedule.ts'
import { WriterPhase } from '../../lib/feed/writer-phase.ts'
import { FakeClock } from './fake-clock.ts'
import type { FakeWriter } from './fake-writer.ts'

export const INTERVAL_MS = 10_000
/** The fake clock's wall time when a simulation begins. */
export const START_MS = Date.UTC(2026, 0, 1)
const QUERY_MS = 30

export interface Delivery {
  /** ms since the begin: when it was asked, and when the next poll was said to be. */
  askedAt: number
  nextPollAt: number
  /** Age of the newest sample when its result was there, ms. */
  age: number
}

/** The real poller on what some writers write for so many intervals, with phase alignment or on the plain grid. */
export async function poll (
  writers: readonly FakeWriter[],
  intervals: number,
  options: { intervalMs?: number, aligned?: boolean } = {}
) {
  const { intervalMs = INTERVAL_MS, aligned = true } = options
  const clock = new FakeClock(START_MS)
  const phase = new WriterPhase(intervalMs)
  const deliveries: Delivery[] = []
  const schedule = new Schedule({ intervalMs, clock, ...(aligned && { phase }) })
  const poller = new Poller({
    schedule,
    clock,
    isWanted: () => true,
    async tick () {
      const askedAt = clock.now() - START_MS
      const newest = Math.max(...writers.map((writer) => writer.newestAt(clock.now()) ?? -Infinity))
      clock.pass(QUERY_MS)
      phase.observe(clock.now(), Number.isFinite(newest) ? newest : null)
      deliveries.push({ askedAt, nextPollAt: schedule.nextPollAt - START_MS, age: clock.now() - newest })
    },
    idle () {},
    onError (error) {
      throw error
    }
  })
  poller.start()
  await clock.advance(intervals * intervalMs - 1)
  poller.stop()
  return { deliveries, phase }
}

/** The value below which the share `rank` of the values lies. */
export function quantile (values: readonly number[], rank: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(rank * values.length) - 1] as number
}
