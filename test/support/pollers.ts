import { wait } from '../../lib/clock.ts'
import { Poller } from '../../lib/feed/poller.ts'
import { Schedule } from '../../lib/feed/schedule.ts'
import { FakeClock } from './fake-clock.ts'

export const INTERVAL_MS = 10_000

/** A poller, what it did and when (ms since the test began). */
export function setUp ({ wanted = true } = {}) {
  const clock = new FakeClock()
  const startedAt = clock.monotonic()
  const sinceStart = () => clock.monotonic() - startedAt
  const state = { wanted, atOnce: 0, mostAtOnce: 0 }
  const ticks: number[] = []
  const idles: number[] = []
  const errors: unknown[] = []
  const nextPolls: number[] = []
  const options = {
    clock,
    isWanted: () => state.wanted,
    idle: () => { idles.push(sinceStart()) },
    onError: (error: unknown) => { errors.push(error) },
    work: async () => {},
    onTick: () => {},
    align: (() => null) as (notBefore: number) => number | null
  }
  const phase = { nextPoll: (notBefore: number) => options.align(notBefore), observe () {} }
  const schedule = new Schedule({ intervalMs: INTERVAL_MS, clock, phase })
  const poller = new Poller({
    ...options,
    schedule,
    async tick () {
      ticks.push(sinceStart())
      options.onTick()
      nextPolls.push(schedule.nextPollAt - clock.now())
      state.mostAtOnce = Math.max(state.mostAtOnce, ++state.atOnce)
      try {
        await options.work()
      } finally {
        state.atOnce--
      }
    }
  })
  const takes = (ms: number) => () => wait(clock, ms)
  return { clock, poller, options, state, ticks, idles, errors, nextPolls, takes }
}
