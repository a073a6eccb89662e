import t from 'tap'
import { RateLimit } from '../../../lib/clients/rate-limit.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** How many of `tries` are let through. */
function taken (limit: RateLimit, tries: number): number {
  return Array.from({ length: tries }, () => limit.take()).filter((through) => through).length
}

t.test('a second\'s worth at once, then as many as time brings', async (t) => {
  const clock = new FakeClock()
  const limit = new RateLimit(10, clock)
  t.equal(taken(limit, 100), 10)
  await clock.advance(350)
  t.equal(taken(limit, 100), 3)
  await clock.advance(50)
  t.equal(taken(limit, 100), 1, 'fractions are kept')
  await clock.advance(60_000)
  t.equal(taken(limit, 100), 10, 'and never more than a second\'s worth')
})

t.test('0 is no limit', async (t) => {
  t.equal(taken(new RateLimit(0, new FakeClock()), 10_000), 10_000)
})
