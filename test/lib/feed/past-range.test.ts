import t from 'tap'
import { PastRange } from '../../../lib/feed/past-range.ts'
import { SLOT_MS } from '../../../lib/fleet/summary-store.ts'

const MINUTE_MS = 60_000

/** Slots, from the one of that number on. */
const slots = (first: number, count = 1) => Array.from({ length: count }, (_, index) => {
  const start = (first + index) * SLOT_MS
  return { start, stop: start + SLOT_MS }
})

t.test('after a failure one slot is asked for, a minute later; more only after ten answers, and a slot at a time', async (t) => {
  const range = new PastRange()
  t.equal(range.most, Infinity)
  range.failed(slots(0, 4), 'too slow', 0)
  t.match(range, { most: 1, trouble: 'too slow' }, 'of less nothing is known')
  t.equal(range.isDue(MINUTE_MS - 1), false)
  t.equal(range.isDue(MINUTE_MS), true)
  for (let count = 0; count < 9; count++) range.read(slots(count))
  t.equal(range.most, 1)
  range.read(slots(9))
  t.equal(range.most, 2)
  for (let count = 0; count < 30; count++) range.read(slots(count))
  t.equal(range.most, 2, 'single ones say nothing of two')
  for (let count = 0; count < 10; count++) range.read(slots(count, 2))
  t.equal(range.most, 3)
})

t.test('a slot more that is not answered is no trouble, and is tried half as often', async (t) => {
  const range = new PastRange()
  range.failed(slots(0, 4), 'too slow', 0)
  for (let count = 0; count < 10; count++) range.read(slots(count))
  range.failed(slots(10, 2), 'too slow', 0)
  t.match(range, { most: 1, trouble: null })
  t.equal(range.isDue(MINUTE_MS - 1), false)
  for (let count = 0; count < 19; count++) range.read(slots(count))
  t.equal(range.most, 1)
  range.read(slots(19))
  t.equal(range.most, 2)
  range.failed(slots(20), 'gone', 0)
  t.match(range, { most: 1, trouble: 'gone' }, 'what was answered before is')
})

for (const { longest, pauses } of [
  { longest: undefined, pauses: [1, 4, 16, 30, 30] },
  { longest: 4 * MINUTE_MS, pauses: [1, 4, 4, 4, 4] }
]) {
  t.test(`one slot that fails is tried more and more seldom, until it is answered: after ${pauses.join(', ')} min`, async (t) => {
    const range = new PastRange(longest)
    let now = 0
    t.strictSame(pauses.map(() => {
      range.failed(slots(0), 'too slow', now)
      const from = now
      while (!range.isDue(now)) now += MINUTE_MS
      return (now - from) / MINUTE_MS
    }), pauses)
    range.read(slots(1))
    range.failed(slots(2), 'too slow', now)
    t.equal(range.isDue(now + MINUTE_MS), true)
  })
}

t.test('the trouble lasts until what had failed was read, or is not wanted and something else was read', async (t) => {
  const range = new PastRange()
  range.want(slots(0, 4))
  range.failed(slots(1, 3), 'too slow', 0)
  range.read(slots(0))
  t.equal(range.trouble, 'too slow')
  range.read(slots(3))
  range.read(slots(2))
  t.equal(range.trouble, 'too slow')
  range.want(slots(4, 3))
  t.equal(range.trouble, 'too slow', 'that time has passed does not end it')
  range.read(slots(6))
  t.equal(range.trouble, null)
  range.failed(slots(5), 'too slow', 0)
  range.read(slots(5))
  t.equal(range.trouble, null)
  range.failed(slots(4), 'too slow', 0)
  range.want([])
  t.equal(range.trouble, null, 'all was seen')
})
