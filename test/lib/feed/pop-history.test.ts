import t from 'tap'
import { HISTORY_MS, PopHistory } from '../../../lib/feed/pop-history.ts'
import { PopsSnapshot, type PopState } from '../../../lib/fleet/pop-state.ts'
import { SLOT_MS, SummaryStore } from '../../../lib/fleet/summary-store.ts'
import { findingsOf } from '../../support/clients.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { memoryLog } from '../../support/memory-logs.ts'
import { popState } from '../../support/pop-states.ts'

const START = Date.UTC(2026, 0, 1)
const MINUTE_MS = 60_000

function historyOf (intervalMs = 10_000) {
  const clock = new FakeClock(START)
  const store = new SummaryStore()
  const { updates, append } = memoryLog({ epoch: 'e1', maxEntries: 5, maxBytes: 1_048_576 })
  const history = new PopHistory({ updates, store, clock, intervalMs })
  const tell = (...states: Array<Partial<PopState>>) => append({
    update: { ...findingsOf(), pops: new PopsSnapshot(states.map(popState), null) },
    note: { failure: null, isTick: true }
  })
  const tellAt = async (time: number, coldStartMs: number) => {
    await clock.advance(time - clock.now())
    await tell({ coldStartMs, sampleTime: new Date(time).toISOString() })
  }
  return { clock, store, history, append, tell, tellAt }
}

t.test('the values that were told, oldest first, of so many last minutes', async (t) => {
  const { history, tellAt } = historyOf()
  for (let index = 0; index < 18; index++) await tellAt(START + index * 10_000, 5 + index / 100)
  t.strictSame(history.of('fra1', MINUTE_MS), [11, 12, 13, 14, 15, 16, 17].map((index) =>
    ({ time: START + index * 10_000, coldStartMs: 5 + index / 100, spanMs: 0 })))
  t.strictSame(history.of('ams1', MINUTE_MS), [], 'of a PoP that is not there')
})

t.test('an hour is kept, whatever the interval', async (t) => {
  for (const intervalMs of [200, 7_000, 10_000, 45_000, 90 * MINUTE_MS]) {
    const { history, tellAt } = historyOf(intervalMs)
    for (let time = START; time <= START + 2 * HISTORY_MS; time += intervalMs) await tellAt(time, 5)
    const values = history.of('fra1', HISTORY_MS)
    const times = values.map(({ time }) => time)
    t.ok(values.length <= 361, `${intervalMs} ms: ${values.length} values`)
    t.ok(values.length >= Math.floor(HISTORY_MS / Math.max(10_000, intervalMs)), `${intervalMs} ms: ${values.length} values`)
    t.strictSame(times, times.toSorted((a, b) => a - b))
  }
})

t.test('what is silent says nothing, and a sample that was told already nothing new', async (t) => {
  const { history, tell } = historyOf()
  const sampleTime = new Date(START).toISOString()
  await tell({ sampleTime, coldStartMs: 5 })
  await tell({ sampleTime, coldStartMs: 5 })
  await tell({ status: 'silent', sampleTime, coldStartMs: 7 })
  t.strictSame(history.of('fra1', HISTORY_MS), [{ time: START, coldStartMs: 5, spanMs: 0 }])
})

t.test('a failure of the source is no value', async (t) => {
  const { history, append } = historyOf()
  await append({ update: null, note: { failure: { code: 'SOURCE_TIMEOUT' }, isTick: true } })
  t.equal(history.size, 0)
})

t.test('of the time before popcast looked the medians that it has read', async (t) => {
  const { clock, store, history, tellAt } = historyOf()
  const slot = START - START % SLOT_MS
  const point = (value: number) => ({ value, time: START, samples: 1 })
  store.take('fra1', slot - 20 * SLOT_MS, [point(9)])
  store.take('fra1', slot - 2 * SLOT_MS, [point(4.123), point(4.456), point(9)])
  store.take('fra1', slot, [point(8)])
  await tellAt(START + 1_000, 6)
  t.strictSame(history.of('fra1', HISTORY_MS), [
    { time: slot - 1.5 * SLOT_MS, coldStartMs: 4.46, spanMs: SLOT_MS },
    { time: START + 1_000, coldStartMs: 6, spanMs: 0 }
  ], 'not of a slot of which it has told values')
  await clock.advance(10 * SLOT_MS)
  t.strictSame(history.of('fra1', 5 * SLOT_MS), [], 'only so many last minutes')
})

t.test('a median gives way to values that say as much, not to one of them', async (t) => {
  const slot = START - START % SLOT_MS
  const points = Array.from({ length: 30 }, () => ({ value: 8, time: START, samples: 1 }))
  const medians = async (count: number, offsets: readonly number[]) => {
    const { store, history, tellAt } = historyOf()
    store.take('fra1', slot, points.slice(0, count))
    for (const offset of offsets) await tellAt(slot + offset, 6)
    await tellAt(slot + SLOT_MS, 6)
    return history.of('fra1', HISTORY_MS).filter(({ spanMs }) => spanMs > 0).length
  }
  t.equal(await medians(30, []), 1)
  t.equal(await medians(30, [SLOT_MS - 10_000]), 1, 'popcast began to look at the end of it')
  t.equal(await medians(30, [0, 100_000]), 1)
  t.equal(await medians(30, [0, 100_000, 150_000]), 0, 'over half of it')
  t.equal(await medians(30, Array.from({ length: 15 }, (_, index) => index * 10_000)), 0, 'half of the points')
  t.equal(await medians(1, [200_000]), 0, 'a slow writer')
})

t.test('of a PoP that has gone nothing is kept when the hour is over', async (t) => {
  const { clock, history, tell } = historyOf()
  await tell({ code: 'fra1' }, { code: 'ams1' })
  t.equal(history.size, 2)
  await clock.advance(HISTORY_MS)
  await tell({ code: 'fra1', sampleTime: new Date(clock.now()).toISOString() })
  t.equal(history.size, 2)
  await clock.advance(1)
  await tell({ code: 'fra1', sampleTime: new Date(clock.now()).toISOString() })
  t.equal(history.size, 1)
})
