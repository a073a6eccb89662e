import t from 'tap'
import { backfill } from '../../generator/backfill.ts'
import { BATCH_LINES } from '../../generator/writer.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { FakeDatabase, rejection } from '../support/fake-database.ts'

const NOW = Date.UTC(2026, 0, 1) + 3_000
const GRID_NOW = NOW - 3_000
const INTERVAL_MS = 10_000
const HOUR_MS = 3_600_000

function setup (linesPerTick = 100) {
  const clock = new FakeClock(NOW)
  const database = new FakeDatabase()
  const stop = new AbortController()
  const progress: Array<[written: number, total: number]> = []
  const linesAt = (time: number) => Array.from({ length: linesPerTick }, (_, index) => `${index} ${time}`)
  const start = (durationMs: number) => backfill({
    start: NOW - durationMs,
    intervalMs: INTERVAL_MS,
    linesAt,
    writer: database,
    clock,
    onProgress: (...state) => progress.push(state),
    stop: stop.signal
  })
  return { clock, database, stop, progress, start }
}

t.test('every point of the grid once, in order, up to now', async (t) => {
  const { database, progress, start } = setup()
  t.strictSame(await start(HOUR_MS), { written: 36_000, last: GRID_NOW })
  t.equal(database.lines.length, 36_000)
  t.equal(new Set(database.lines).size, 36_000)
  t.equal(database.lines[0], `0 ${GRID_NOW - HOUR_MS + INTERVAL_MS}`)
  t.equal(database.lines.at(-1), `99 ${GRID_NOW}`)
  t.strictSame(database.batches.map(({ length }) => length), [...Array(7).fill(BATCH_LINES), 1_000])
  t.strictSame([progress[0], progress[1], progress.at(-1)], [[0, 36_000], [BATCH_LINES, 36_000], [36_000, 36_000]])
})

t.test('a moment with more lines than a batch is split', async (t) => {
  const { database, start } = setup(2 * BATCH_LINES + 1)
  t.match(await start(INTERVAL_MS), { written: 2 * BATCH_LINES + 1 })
  t.strictSame(database.batches.map(({ length }) => length), [BATCH_LINES, BATCH_LINES, 1])
})

t.test('a history shorter than what lies before now on the grid is empty', async (t) => {
  const { database, start } = setup()
  t.strictSame(await start(2_000), { written: 0, last: GRID_NOW })
  t.equal(database.attempts, 0)
})

t.test('waits for the database: one write at a time, and no more than a batch made beside it', async (t) => {
  const { database, start } = setup()
  database.hangs = true
  const done = start(HOUR_MS)
  await settle()
  t.equal(database.attempts, 1)
  database.release()
  t.match(await done, { written: 36_000 })
})

t.test('ends at the now of its end', async (t) => {
  const { clock, database, progress, start } = setup()
  database.hangs = true
  const done = start(HOUR_MS)
  await clock.advance(60_000)
  database.release()
  t.strictSame(await done, { written: 36_600, last: GRID_NOW + 60_000 })
  t.strictSame(progress.at(-1), [36_600, 36_600])
})

t.test('a stop ends the making, what is made is written', async (t) => {
  const { database, stop, start } = setup()
  database.hangs = true
  const done = start(HOUR_MS)
  await settle()
  stop.abort()
  database.release()
  const { written, last } = await done
  t.equal(written, 2 * BATCH_LINES)
  t.equal(database.lines.at(-1), `99 ${last}`)
})

t.test('a failure for good ends it', async (t) => {
  const { database, start } = setup()
  database.failure = 'bad_answer'
  t.match(await rejection(start(HOUR_MS)), { reason: 'bad_answer' })
  t.equal(database.attempts, 1)
})
