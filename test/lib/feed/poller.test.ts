import t from 'tap'
import { settle } from '../../support/fake-clock.ts'
import { deferred } from '../../support/fake-source.ts'
import { setUp } from '../../support/pollers.ts'

t.test('ticks stand on the grid, however long each takes', async (t) => {
  const { clock, poller, options, ticks, takes } = setUp()
  options.work = takes(3_333)
  poller.start()
  await clock.advance(45_000)
  t.strictSame(ticks, [0, 10_000, 20_000, 30_000, 40_000])
})

t.test('a timer that fires late does not shift the grid', async (t) => {
  const { clock, poller, ticks } = setUp()
  poller.start()
  await clock.advance(5_000)
  await clock.pause(7_000)
  await clock.advance(20_000)
  t.strictSame(ticks, [0, 12_000, 20_000, 30_000])
})

t.test('a tick longer than the interval skips grid points, and there are never two at once', async (t) => {
  const { clock, poller, options, state, ticks, takes } = setUp()
  options.work = takes(25_000)
  poller.start()
  await clock.advance(70_000)
  t.strictSame(ticks, [0, 30_000, 60_000])
  t.equal(state.mostAtOnce, 1)
})

t.test('a tick that never ends holds back every other', async (t) => {
  const { clock, poller, options, ticks } = setUp()
  const hung = deferred<void>()
  options.work = () => hung.promise
  poller.start()
  await clock.advance(100_000)
  poller.wake()
  await clock.advance(100_000)
  t.strictSame(ticks, [0])
  hung.resolve()
  await clock.advance(10_000)
  t.strictSame(ticks, [0, 210_000])
})

t.test('a tick that fails is reported and the next one comes', async (t) => {
  const cases: Array<[name: string, fail: (error: Error) => Promise<void>]> = [
    ['throws', (error) => { throw error }],
    ['rejects', (error) => Promise.reject(error)]
  ]
  for (const [name, fail] of cases) {
    const { clock, poller, options, ticks, errors } = setUp()
    const error = new Error(name)
    options.work = () => fail(error)
    poller.start()
    await clock.advance(20_000)
    t.strictSame(ticks, [0, 10_000, 20_000], name)
    t.strictSame(errors, [error, error, error], name)
  }
})

t.test('stop', async (t) => {
  const cases: Array<{ name: string, wanted: boolean }> = [
    { name: 'while serving', wanted: true },
    { name: 'while idle', wanted: false }
  ]
  for (const { name, wanted } of cases) {
    const { clock, poller, state, ticks, idles } = setUp({ wanted })
    t.equal(poller.stopped, true, `${name}: stopped before it began`)
    poller.start()
    t.equal(poller.stopped, false, name)
    await clock.advance(5_000)
    poller.stop()
    t.equal(poller.stopped, true, name)
    state.wanted = true
    poller.wake()
    await clock.advance(50_000)
    t.equal(ticks.length + idles.length, 1, `${name}: nothing more`)
    t.equal(clock.pendingTimers, 0, name)
  }
})

t.test('stop during a tick: it ends, and no other begins', async (t) => {
  const { clock, poller, options, state, ticks } = setUp()
  const work = deferred<void>()
  options.work = () => work.promise
  poller.start()
  await clock.advance(0)
  poller.stop()
  work.resolve()
  await settle()
  t.equal(state.atOnce, 0)
  await clock.advance(50_000)
  t.strictSame(ticks, [0])
  t.equal(clock.pendingTimers, 0)
})

t.test('a restart during a tick waits for its end', async (t) => {
  const { clock, poller, options, state, ticks, takes } = setUp()
  options.work = takes(15_000)
  poller.start()
  await clock.advance(1_000)
  poller.stop()
  poller.start()
  await clock.advance(25_000)
  t.equal(state.mostAtOnce, 1)
  t.strictSame(ticks, [0, 21_000], 'on the grid of the restart')
})

t.test('a paused process makes up for nothing: one tick, then the grid', async (t) => {
  const { clock, poller, ticks } = setUp()
  poller.start()
  await clock.advance(1_000)
  await clock.pause(3_600_000)
  t.strictSame(ticks, [0, 3_601_000])
  await clock.advance(10_000)
  t.strictSame(ticks, [0, 3_601_000, 3_610_000])
})

t.test('the wall clock may jump', async (t) => {
  const { clock, poller, ticks, nextPolls } = setUp()
  poller.start()
  await clock.advance(15_000)
  clock.setWall(Date.UTC(2020, 0, 1))
  await clock.advance(10_000)
  clock.setWall(Date.UTC(2040, 0, 1))
  await clock.advance(10_000)
  t.strictSame(ticks, [0, 10_000, 20_000, 30_000])
  t.strictSame(nextPolls, [10_000, 10_000, 10_000, 10_000])
})

t.test('nextPollAt is the next grid point, also after a timer that came late', async (t) => {
  const { clock, poller, nextPolls } = setUp()
  poller.start()
  await clock.advance(5_000)
  await clock.pause(7_000)
  t.strictSame(nextPolls, [10_000, 8_000])
})

t.test('nextPollAt after a pause of many intervals', async (t) => {
  const { clock, poller, nextPolls } = setUp()
  poller.start()
  await clock.advance(1_000)
  await clock.pause(3_600_000)
  t.strictSame(nextPolls, [10_000, 9_000])
})
