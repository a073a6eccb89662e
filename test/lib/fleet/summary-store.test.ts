import t from 'tap'
import { SLOT_MS, SummaryStore } from '../../../lib/fleet/summary-store.ts'
import { spread } from '../../support/points.ts'

const DAY_MS = 86_400_000
const NOW = Date.UTC(2026, 0, 15, 12, 2)
const slot = (time: number) => Math.floor(time / SLOT_MS) * SLOT_MS

t.test('keeps what a slot comes to', async (t) => {
  const store = new SummaryStore()
  const start = slot(NOW)
  store.take('fra1', start, spread(100, 10, start))
  const [summary, ...more] = store.slotsOf('fra1', { start, stop: start + 1 })
  t.match(summary, { start, count: 30, median: 100 })
  t.ok(Math.abs((summary?.quartile ?? 0) - 93.255) < 0.001)
  t.strictSame(more, [])
  store.take('fra1', start, spread(50, 5, start))
  t.match(Array.from(store.slotsOf('fra1', { start, stop: start + 1 })), [{ median: 50 }], 'seen again it is replaced')
  store.take('fra1', start, [])
  t.match(Array.from(store.slotsOf('fra1', { start, stop: start + 1 })), [{ median: 50 }])
  t.strictSame(Array.from(store.slotsOf('ams1', { start: 0, stop: NOW })), [])
})

t.test('a week is kept, and what is older is forgotten', async (t) => {
  const store = new SummaryStore()
  for (let time = slot(NOW - 9 * DAY_MS); time <= NOW; time += SLOT_MS) store.take('fra1', time, spread(time / DAY_MS, 0))
  const summaries = Array.from(store.slotsOf('fra1', { start: NOW - 9 * DAY_MS, stop: NOW }))
  t.equal(summaries.length, (7 * DAY_MS + 7_200_000) / SLOT_MS)
  t.ok(summaries.every(({ start, median }) => Math.abs(median - start / DAY_MS) < 0.01))
  store.take('fra1', slot(NOW - 8 * DAY_MS), spread(1, 0))
  t.equal(Array.from(store.slotsOf('fra1', { start: NOW - 9 * DAY_MS, stop: NOW })).length, summaries.length, 'nor taken later')
})

t.test('what is needed is wanted once, yesterday first, and ahead of its time', async (t) => {
  const store = new SummaryStore()
  const wantedAt = (now: number) => store.wanted(now).flatMap(({ slots }) => slots)
  const wanted = wantedAt(NOW)
  t.ok(wanted.every(({ start, stop }) => start % SLOT_MS === 0 && stop === start + SLOT_MS))
  t.equal(wanted[0]?.start, slot(NOW - DAY_MS - 7.5 * 60_000))
  const daysOf = (slots: typeof wanted) => Array.from(new Set(slots.map(({ start }) => Math.round((NOW - start) / DAY_MS))))
  t.strictSame(daysOf(wanted), [1, 0, 7, 2, 3, 4, 5, 6])
  for (const { daysAgo, slots } of store.wanted(NOW)) t.strictSame(daysOf(slots), [daysAgo])
  t.ok(wanted.some(({ start }) => start > NOW - DAY_MS + 15 * 60_000), 'before it is needed')
  t.ok(wanted.every(({ stop }) => stop <= NOW), 'nothing that is not over')
  for (const { start } of wanted) store.markKnown(start)
  t.strictSame(store.wanted(NOW), [])
  const later = wantedAt(NOW + SLOT_MS)
  t.equal(later.length, 8, 'then one per day and five minutes, and one of the hour')
})

t.test('the hour is known once two thirds of it were read or seen, or where nobody reads it', async (t) => {
  const store = new SummaryStore()
  const now = slot(NOW)
  t.equal(store.isHourKnown(now), true, 'nobody reads')
  store.waitForHour()
  t.equal(store.isHourKnown(now), false)
  // Of seven slots from 45 to 10 min before.
  for (const [index, minutes] of [45, 40, 35, 30, 25].entries()) {
    t.equal(store.isHourKnown(now), false, `${index} slots`)
    store.markKnown(now - minutes * 60_000)
  }
  t.equal(store.isHourKnown(now), true)
  t.equal(store.isHourKnown(now - 5 * 60_000), true, 'also of who has been silent for a while')
  t.equal(store.isHourKnown(now + SLOT_MS), false, 'it goes on')
})

t.test('2,000 PoPs and a week are below 100 MB, and PoPs that are gone are let go', async (t) => {
  const store = new SummaryStore()
  for (let pop = 0; pop < 2_000; pop++) store.take(`p${pop}`, slot(NOW), spread(5, 1, 0, 3))
  t.ok(store.bytes < 100_000_000, `${store.bytes} bytes`)
  store.prune()
  t.equal(store.pops, 2_000)
  store.take('stays', slot(NOW + 8 * DAY_MS), spread(5, 1, 0, 3))
  store.prune()
  t.equal(store.pops, 1)
})
