import t from 'tap'
import { setUp } from '../../support/pollers.ts'

/** In phase: every time of the fake clock, which begins at a whole day, that ends in `phaseMs`. */
function inPhase (phaseMs: number) {
  return (notBefore: number) => Math.ceil((notBefore - phaseMs) / 10_000) * 10_000 + phaseMs
}

t.test('ticks get in phase by waiting, at most 1.9 intervals, and stay there', async (t) => {
  const cases: Array<{ name: string, phaseMs: number, ticks: number[] }> = [
    { name: 'later', phaseMs: 3_000, ticks: [0, 13_000, 23_000, 33_000] },
    { name: 'much later', phaseMs: 8_500, ticks: [0, 18_500, 28_500, 38_500] },
    { name: 'a little earlier', phaseMs: 9_200, ticks: [0, 9_200, 19_200, 29_200] },
    { name: 'in phase already', phaseMs: 0, ticks: [0, 10_000, 20_000, 30_000] }
  ]
  for (const { name, phaseMs, ticks: expected } of cases) {
    const { clock, poller, options, ticks, nextPolls } = setUp()
    options.align = inPhase(phaseMs)
    poller.start()
    await clock.advance(39_000)
    t.strictSame(ticks, expected, name)
    t.strictSame(
      nextPolls.slice(0, 3),
      expected.slice(1).map((at, index) => at - (expected[index] as number)),
      `${name}: as it was told`
    )
  }
})

t.test('without a pattern the plain grid goes on where alignment left it', async (t) => {
  const { clock, poller, options, ticks } = setUp()
  options.align = inPhase(3_000)
  poller.start()
  await clock.advance(20_000)
  options.align = () => null
  await clock.advance(30_000)
  t.strictSame(ticks, [0, 13_000, 23_000, 33_000, 43_000])
})

t.test('the tick itself teaches the phase: nextPollAt tells what it learned', async (t) => {
  const { clock, poller, options, ticks, nextPolls } = setUp()
  options.onTick = () => { options.align = inPhase(4_000) }
  poller.start()
  await clock.advance(20_000)
  t.strictSame([ticks, nextPolls], [[0, 14_000], [14_000, 10_000]])
})

t.test('whatever alignment wants, never sooner than 0.9 intervals after the last tick began, nor in the past', async (t) => {
  const { clock, poller, options, ticks, takes } = setUp()
  options.align = (notBefore) => notBefore
  poller.start()
  await clock.advance(20_000)
  t.strictSame(ticks, [0, 9_000, 18_000])
  options.work = takes(12_000)
  await clock.advance(30_000)
  t.strictSame(ticks, [0, 9_000, 18_000, 27_000, 39_000])
})

t.test('a tick longer than the interval: the next one in phase, and there are never two at once', async (t) => {
  const { clock, poller, options, state, ticks, takes } = setUp()
  options.align = inPhase(3_000)
  options.work = takes(25_000)
  poller.start()
  await clock.advance(70_000)
  t.strictSame(ticks, [0, 33_000, 63_000])
  t.equal(state.mostAtOnce, 1)
})

t.test('the wall clock is set: the phase is followed there, an interval is never shorter than 0.9', async (t) => {
  const { clock, poller, options, ticks } = setUp()
  options.align = inPhase(3_000)
  poller.start()
  await clock.advance(15_000)
  clock.setWall(clock.now() + 4_000)
  await clock.advance(40_000)
  t.strictSame(ticks, [0, 13_000, 23_000, 39_000, 49_000])
})

t.test('wake ticks at once, the one after it is in phase', async (t) => {
  const { clock, poller, options, state, ticks } = setUp({ wanted: false })
  options.align = inPhase(3_000)
  poller.start()
  await clock.advance(16_000)
  state.wanted = true
  poller.wake()
  await clock.advance(30_000)
  t.strictSame(ticks, [16_000, 33_000, 43_000])
})
