import fc from 'fast-check'
import t from 'tap'
import { wait } from '../../lib/clock.ts'
import { Poller } from '../../lib/feed/poller.ts'
import { Schedule } from '../../lib/feed/schedule.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { seededRuns } from '../support/seed.ts'

const INTERVAL_MS = 1_000

type Step =
  | { do: 'wait', ms: number }
  | { do: 'pause', ms: number }
  | { do: 'come' | 'leave' | 'wake' }
  | { do: 'take', ms: number }
  | { do: 'fail', fails: boolean }
  | { do: 'set wall', ms: number }
  | { do: 'align', phase: number | null }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 5_000 }) }),
  fc.record({ do: fc.constant('pause' as const), ms: fc.nat({ max: 10_000 }) }),
  fc.record({ do: fc.constantFrom('come' as const, 'leave' as const, 'wake' as const) }),
  fc.record({ do: fc.constant('take' as const), ms: fc.nat({ max: 3_000 }) }),
  fc.record({ do: fc.constant('fail' as const), fails: fc.boolean() }),
  fc.record({ do: fc.constant('set wall' as const), ms: fc.integer({ min: -100_000, max: 100_000 }) }),
  fc.record({ do: fc.constant('align' as const), phase: fc.option(fc.nat({ max: INTERVAL_MS - 1 })) })
)

t.test('whatever happens: one tick at a time, no more than one per interval, none without demand, and they go on', async (t) => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
    const clock = new FakeClock()
    const state = {
      wanted: true,
      takes: 0,
      fails: false,
      phase: null as number | null,
      running: 0,
      ticks: [] as number[],
      fault: ''
    }
    const phase = {
      nextPoll: (notBefore: number) =>
        state.phase === null ? null : notBefore + ((state.phase - notBefore) % INTERVAL_MS + INTERVAL_MS) % INTERVAL_MS,
      observe () {}
    }
    const poller = new Poller({
      schedule: new Schedule({ intervalMs: INTERVAL_MS, clock, phase }),
      clock,
      isWanted: () => state.wanted,
      idle: () => { if (state.wanted) state.fault ||= 'idle with demand' },
      onError: () => {},
      async tick () {
        if (!state.wanted) state.fault ||= 'a tick without demand'
        if (++state.running > 1) state.fault ||= 'two ticks at once'
        state.ticks.push(clock.monotonic())
        if (state.takes > 0) await wait(clock, state.takes)
        state.running--
        if (state.fails) throw new Error('a defect')
      }
    })
    const steps1: Record<Step['do'], (step: never) => unknown> = {
      wait: ({ ms }: { ms: number }) => clock.advance(ms),
      pause: ({ ms }: { ms: number }) => clock.pause(ms),
      come: () => {
        state.wanted = true
        poller.wake()
      },
      leave: () => { state.wanted = false },
      wake: () => poller.wake(),
      take: ({ ms }: { ms: number }) => { state.takes = ms },
      fail: ({ fails }: { fails: boolean }) => { state.fails = fails },
      'set wall': ({ ms }: { ms: number }) => clock.setWall(clock.now() + ms),
      align: ({ phase }: { phase: number | null }) => { state.phase = phase }
    }
    poller.start()
    for (const step of steps) {
      await steps1[step.do](step as never)
      if (clock.pendingTimers > 2) state.fault ||= 'a timer leaked'
    }
    // It goes on: a tick within two intervals, once the one that may be under way has ended.
    state.wanted = true
    poller.wake()
    await clock.advance(3_000)
    const soFar = state.ticks.length
    await clock.advance(2 * INTERVAL_MS + state.takes)
    if (state.ticks.length === soFar) state.fault ||= 'it has stopped'
    poller.stop()
    await clock.advance(10_000)
    const after = state.ticks.length
    await clock.advance(10_000)
    if (state.ticks.length !== after) state.fault ||= 'a tick after stop'
    if (clock.pendingTimers > 0) state.fault ||= 'a timer is left'
    if (tooMany(state.ticks)) state.fault ||= `more than one tick per interval: ${state.ticks}`
    if (state.fault !== '') throw new Error(state.fault)
  }), seededRuns(t, 300))
})

/** One that came late, because the process was paused, may be followed by the next one on the grid; they do not add up. */
function tooMany (ticks: number[]): boolean {
  return ticks.some((first, index) => ticks.slice(index + 1).some((later, gap) => later - first < gap * 0.9 * INTERVAL_MS - 1e-6))
}
