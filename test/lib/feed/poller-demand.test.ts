import t from 'tap'
import { INTERVAL_MS, setUp } from '../../support/pollers.ts'

t.test('without demand there is an idle turn instead of a tick', async (t) => {
  const { clock, poller, state, ticks, idles } = setUp({ wanted: false })
  poller.start()
  await clock.advance(25_000)
  t.strictSame([ticks, idles], [[], [0, 10_000, 20_000]])
  state.wanted = true
  await clock.advance(10_000)
  t.strictSame([ticks, idles], [[30_000], [0, 10_000, 20_000]], 'demand is noticed on the grid also without a wake')
})

t.test('wake ticks at once and starts a new grid', async (t) => {
  const { clock, poller, state, ticks } = setUp({ wanted: false })
  poller.start()
  await clock.advance(13_000)
  state.wanted = true
  poller.wake()
  await clock.advance(0)
  t.strictSame(ticks, [13_000])
  await clock.advance(20_000)
  t.strictSame(ticks, [13_000, 23_000, 33_000])
})

t.test('wake does nothing while somebody is served', async (t) => {
  const { clock, poller, ticks } = setUp()
  poller.start()
  await clock.advance(5_000)
  await clock.pause(7_000)
  await clock.advance(1_000)
  poller.wake()
  await clock.advance(8_000)
  t.strictSame(ticks, [0, 12_000, 20_000], 'the grid is the old one')
})

t.test('1,000 wakes make one tick', async (t) => {
  const { clock, poller, state, ticks } = setUp({ wanted: false })
  poller.start()
  await clock.advance(1_000)
  state.wanted = true
  for (let client = 0; client < 1_000; client++) poller.wake()
  await clock.advance(9_000)
  t.strictSame(ticks, [1_000])
  t.equal(clock.pendingTimers, 1)
})

t.test('demand that comes and goes cannot make it tick more often than once per interval', async (t) => {
  const { clock, poller, state, ticks } = setUp()
  poller.start()
  for (let second = 0; second < 60; second++) {
    state.wanted = second % 3 !== 0
    if (state.wanted) poller.wake()
    await clock.advance(1_000)
  }
  const gaps = ticks.slice(1).map((at, index) => at - (ticks[index] as number))
  t.ok(ticks.length >= 4, `${ticks.length} ticks in a minute`)
  t.strictSame(gaps.filter((gap) => gap < INTERVAL_MS), [])
})

t.test('wake shortly after a tick that came late waits for the rest of the interval', async (t) => {
  const { clock, poller, state, ticks, idles } = setUp()
  poller.start()
  await clock.advance(5_000)
  await clock.pause(7_000)
  state.wanted = false
  await clock.advance(8_000)
  t.strictSame([ticks, idles], [[0, 12_000], [20_000]])
  state.wanted = true
  poller.wake()
  await clock.advance(1_999)
  t.strictSame(ticks, [0, 12_000])
  await clock.advance(1)
  t.strictSame(ticks, [0, 12_000, 22_000])
})
