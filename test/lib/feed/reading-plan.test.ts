import t from 'tap'
import { ReadingPlan } from '../../../lib/feed/reading-plan.ts'

const NOW = Date.UTC(2026, 0, 1)
const MINUTE_MS = 60_000
const WINDOW_MS = 10 * MINUTE_MS
const setUp = (maxRows = 1_000_000) => new ReadingPlan({ intervalMs: 10_000, windowMs: WINDOW_MS, maxRows })

/** Reads as at a tick. */
function tick (plan: ReadingPlan, now: number, { rows = 100, newest = now, latenessMs = 0 } = {}) {
  const reading = plan.next(now, latenessMs)
  plan.done(reading, rows, newest)
  return reading.range
}

/** Reads what is missing, slice by slice. @returns the slices as seconds before `now` */
function fill (plan: ReadingPlan, now: number): Array<[from: number, to: number]> {
  const slices: Array<[number, number]> = []
  for (let range = plan.missing(now); range !== null; range = plan.missing(now)) {
    slices.push([(now - range.start) / 1_000, (now - range.stop) / 1_000])
    plan.filled(range)
  }
  return slices
}

t.test('the first reading is a slice of the newest, the rest of the window follows newest first', async (t) => {
  const plan = setUp()
  const { start, stop } = tick(plan, NOW, { rows: 60_000 })
  t.equal(NOW - start, MINUTE_MS)
  t.ok(stop > NOW + MINUTE_MS, 'a clock that is somewhat ahead is read')
  t.notOk(plan.covers({ start: NOW - 5 * MINUTE_MS, stop: NOW }))
  t.strictSame(
    fill(plan, NOW),
    [
      [180, 60],
      [300, 180],
      [420, 300],
      [540, 420],
      [600, 540]
    ],
    'four times the rows of a tick are the most'
  )
  t.ok(plan.covers({ start: NOW - WINDOW_MS, stop: NOW }))
})

t.test('a small database is asked once for all of it', async (t) => {
  const plan = setUp()
  tick(plan, NOW, { rows: 30 })
  t.strictSame(fill(plan, NOW), [[600, 60]])
})

t.test('then what is new since the last reading, with an overlap', async (t) => {
  const plan = setUp()
  tick(plan, NOW)
  fill(plan, NOW)
  t.equal(tick(plan, NOW + 10_000).start, NOW - 20_000, 'two intervals at first')
  t.equal(tick(plan, NOW + 20_000, { latenessMs: 45_000 }).start, NOW + 10_000 - 45_000, 'then the lateness that was seen')
  t.equal(tick(plan, NOW + 30_000, { latenessMs: 500_000 }).start, NOW + 20_000 - 60_000, 'at most a minute')
  t.equal(plan.missing(NOW + 30_000), null)
})

t.test('writers whose clock is behind are followed', async (t) => {
  const plan = setUp()
  const behind = 5 * MINUTE_MS
  tick(plan, NOW, { newest: NOW - behind })
  const at = NOW + 10_000
  t.equal(tick(plan, at, { newest: at - behind }).start, NOW - behind - 20_000)
  t.equal(tick(plan, at + 60_000, { newest: at - behind }).start, at - behind - 20_000, 'also while they pause')
})

t.test('after an outage the newest comes first, then what is missing', async (t) => {
  const plan = setUp()
  tick(plan, NOW, { rows: 60_000 })
  fill(plan, NOW)
  const later = NOW + 5 * MINUTE_MS
  const { start } = tick(plan, later, { rows: 140_000 })
  t.equal(later - start, 2 * MINUTE_MS + 20_000, 'no more than a query should have')
  t.strictSame(fill(plan, later), [[260, 140], [300, 260]])
  const muchLater = later + 60 * MINUTE_MS
  tick(plan, muchLater, { rows: 140_000 })
  const slices = fill(plan, muchLater)
  t.equal(slices.at(-1)?.[0], 600, 'nothing that the window does not hold')
})

t.test('a reading that failed is made up for by the next', async (t) => {
  const plan = setUp()
  tick(plan, NOW)
  plan.next(NOW + 10_000, 0)
  t.equal(tick(plan, NOW + 20_000).start, NOW - 20_000)
})

t.test('a clock that is set back reads on from there', async (t) => {
  const plan = setUp()
  tick(plan, NOW)
  t.ok(tick(plan, NOW - 60 * MINUTE_MS).start <= NOW - 60 * MINUTE_MS - 20_000)
})

t.test('a window that grows is read further back, once', async (t) => {
  const plan = setUp()
  plan.widen(20 * MINUTE_MS)
  tick(plan, NOW, { rows: 6 })
  fill(plan, NOW)
  plan.widen(20 * MINUTE_MS)
  plan.widen(15 * MINUTE_MS)
  t.strictSame(fill(plan, NOW), [[1_200, 600]])
})

t.test('no slice has more rows than the source answers', async (t) => {
  const plan = setUp(100_000)
  tick(plan, NOW, { rows: 60_000 })
  t.strictSame(fill(plan, NOW)[0], [130, 60])
})

t.test('what could not be read is tried in shorter pieces, until it can be', async (t) => {
  const plan = setUp()
  for (const seconds of [60, 30, 15, 10, 10]) {
    const { range } = plan.next(NOW, 0)
    t.equal((NOW - range.start) / 1_000, seconds)
    plan.failed(range, NOW)
  }
  tick(plan, NOW, { rows: 10_000 })
  const slice = plan.missing(NOW)
  t.strictSame([(NOW - (slice?.start ?? 0)) / 1_000, (NOW - (slice?.stop ?? 0)) / 1_000], [30, 10])
})
