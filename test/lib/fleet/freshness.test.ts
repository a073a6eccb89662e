import t from 'tap'
import { Freshness } from '../../../lib/fleet/freshness.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function setUp () {
  const clock = new FakeClock()
  const freshness = new Freshness(clock)
  const start = clock.now()
  const observe = (...samples: Array<[series: string, sinceStart: number]>) =>
    freshness.observe(samples.map(([series, time]) => [series, start + time] as const))
  return { clock, freshness, observe }
}

t.test('a series is as old as the time since it last advanced', async (t) => {
  const { clock, freshness, observe } = setUp()
  t.equal(freshness.unchangedMs('a'), Infinity, 'never seen')
  observe(['a', 0])
  t.equal(freshness.unchangedMs('a'), 0)
  await clock.advance(10_000)
  observe(['a', 0], ['b', 4_000])
  t.strictSame([freshness.unchangedMs('a'), freshness.unchangedMs('b')], [10_000, 6_000], 'the first sample may be old already')
  await clock.advance(10_000)
  observe(['a', 1], ['b', 3_000])
  t.strictSame(
    [freshness.unchangedMs('a'), freshness.unchangedMs('b')],
    [0, 16_000],
    'a sample that is older than before is no advance'
  )
  observe(['b', 3_000])
  t.equal(freshness.unchangedMs('a'), Infinity, 'not there any more')
})

t.test('writers whose clocks are wrong, and a wall clock that jumps', async (t) => {
  const { clock, freshness, observe } = setUp()
  observe(['ahead', 3_600_000], ['behind', -3_600_000])
  t.strictSame([freshness.unchangedMs('ahead'), freshness.unchangedMs('behind')], [0, 3_600_000])
  clock.setWall(0)
  observe(['ahead', 3_610_000], ['behind', -3_590_000])
  t.strictSame([freshness.unchangedMs('ahead'), freshness.unchangedMs('behind')], [0, 0])
})
