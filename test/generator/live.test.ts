import t from 'tap'
import { LiveTicks } from '../../generator/live.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { FakeLog } from '../support/fake-log.ts'

const START = Date.UTC(2026, 0, 1)
const INTERVAL_MS = 10_000

function setup ({ now = START + 3_000, after = START - INTERVAL_MS } = {}) {
  const clock = new FakeClock(now)
  const log = new FakeLog()
  const times: number[] = []
  const ticks = new LiveTicks({
    intervalMs: INTERVAL_MS,
    after,
    tick: (time) => times.push((time - START) / INTERVAL_MS),
    clock,
    log
  })
  return { clock, log, ticks, times }
}

t.test('begins at once, then on every point of the grid', async (t) => {
  const { clock, ticks, times } = setup()
  ticks.start()
  t.strictSame(times, [0])
  await clock.advance(6_999)
  t.strictSame(times, [0])
  await clock.advance(1)
  t.strictSame(times, [0, 1])
  await clock.advance(20_000)
  t.strictSame(times, [0, 1, 2, 3])
  t.equal(clock.pendingTimers, 1)
})

t.test('does not serve again what is served', async (t) => {
  const { clock, ticks, times } = setup({ after: START })
  ticks.start()
  t.strictSame(times, [])
  await clock.advance(7_000)
  t.strictSame(times, [1])
})

t.test('makes up for what it missed, in order', async (t) => {
  const { clock, log, ticks, times } = setup()
  ticks.start()
  await clock.pause(35_000)
  t.strictSame(times, [0, 1, 2, 3])
  await clock.advance(2_000)
  t.strictSame(times, [0, 1, 2, 3, 4], 'back on the grid')
  t.strictSame(log.lines, [])
})

t.test('a timer that fires early waits for its moment', async (t) => {
  const { clock, ticks, times } = setup()
  ticks.start()
  clock.setWall(START + 2_999)
  await clock.advance(7_000)
  t.strictSame(times, [0])
  await clock.advance(1)
  t.strictSame(times, [0, 1])
})

t.test('a clock that is put back a little repeats nothing', async (t) => {
  const { clock, log, ticks, times } = setup()
  ticks.start()
  await clock.advance(7_000)
  clock.setWall(START + 9_000)
  await clock.advance(11_000)
  t.strictSame(times, [0, 1, 2])
  t.strictSame(log.lines, [])
})

t.test('a clock that is put back far, or forward far, is followed, and that is said', async (t) => {
  const { clock, log, ticks, times } = setup()
  ticks.start()
  clock.setWall(START - 3_600_000)
  await clock.advance(7_000)
  t.strictSame(times, [0, -360])
  clock.setWall(START + 86_400_000)
  await clock.advance(10_000)
  t.strictSame(times, [0, -360, 8_640, 8_641])
  t.match(log.of('clock_jumped'), [
    { level: 'warn', from: '2026-01-01T00:00:00.000Z', to: '2025-12-31T23:00:00.000Z' },
    { to: '2026-01-02T00:00:00.000Z' }
  ])
})

t.test('a stop is a stop', async (t) => {
  const { clock, ticks, times } = setup()
  ticks.start()
  ticks.stop()
  await clock.advance(60_000)
  t.strictSame(times, [0])
  t.equal(clock.pendingTimers, 0)
})
