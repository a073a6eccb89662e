import t from 'tap'
import type { GeneratorOptions } from '../../generator/arguments.ts'
import { run } from '../../generator/run.ts'
import { SimulatedFleet } from '../../lib/simulation/fleet.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { FakeLog } from '../support/fake-log.ts'
import { FakeDatabase } from '../support/fake-database.ts'

const GRID_NOW = Date.UTC(2026, 0, 1)
const INTERVAL_MS = 10_000
const POINTS_PER_TICK = 5
const names = { measurement: 'm', field: 'ms', popTag: 'pop', functionTag: 'fn' }

function setup (options: Partial<GeneratorOptions> = {}) {
  const clock = new FakeClock(GRID_NOW + 3_000)
  const log = new FakeLog()
  const database = new FakeDatabase()
  const stop = new AbortController()
  const shown: string[] = []
  const progress = {
    update: (written: number, total: number) => {
      shown.push(`${written}/${total}`)
    },
    end: () => {
      shown.push('end')
    },
    clear () {}
  }
  const all = { pops: 1, intervalMs: INTERVAL_MS, seed: 7, backfillMs: 0, incidents: false, regressions: [], ...options }
  const start = () =>
    run(all, {
      names,
      write: database.write,
      abort: database.abort,
      stop: stop.signal,
      progress,
      clock,
      random: Math.random,
      log
    })
  return { clock, log, database, stop, shown, start }
}

const timeOf = (line: string) => Number(line.split(' ').at(-1))
const valueOf = (line: string) => Number(/ms=([\d.]+)/.exec(line)?.[1])

t.test('live: the present moment at once, then one per interval; a stop ends it well', async (t) => {
  const { clock, log, database, stop, start } = setup()
  const complete = start()
  await clock.advance(25_000)
  stop.abort()
  t.equal(await complete, true)
  t.strictSame([...new Set(database.lines.map(timeOf))], [GRID_NOW, GRID_NOW + 10_000, GRID_NOW + 20_000])
  t.match(log.of('stopped'), [{ level: 'info', written: 3 * POINTS_PER_TICK }])
  t.equal(clock.pendingTimers, 0)
})

t.test('history and live phase meet without a gap and without an overlap', async (t) => {
  const { clock, log, database, stop, shown, start } = setup({ backfillMs: 60_000 })
  const complete = start()
  await clock.advance(15_000)
  stop.abort()
  t.equal(await complete, true)
  t.strictSame(
    database.lines.map(timeOf),
    Array.from({ length: 7 }, (_, tick) => Array(POINTS_PER_TICK).fill(GRID_NOW + (tick - 5) * INTERVAL_MS)).flat()
  )
  t.strictSame(shown, ['0/30', '30/30', 'end'])
  t.match(log.of('backfill_finished'), [{ points: 30 }])
})

t.test('regressions begin with the live phase and end on time', async (t) => {
  const { clock, database, stop, log, start } = setup({
    backfillMs: 20_000,
    regressions: [{ pop: 'fra1', factor: 3, durationMs: 20_000 }]
  })
  const complete = start()
  await clock.advance(40_000)
  stop.abort()
  await complete
  const fleet = new SimulatedFleet({ pops: 1, seed: 7, randomIncidents: false })
  const factors = database.lines.map((line, index) =>
    Math.round(valueOf(line) / fleet.coldStartMs(0, index % POINTS_PER_TICK, timeOf(line)))
  )
  t.strictSame(factors, [1, 1, 3, 3, 1, 1].flatMap((factor) => Array(POINTS_PER_TICK).fill(factor)))
  t.match(log.of('regression_started'), [{ pop: 'fra1', factor: 3, durationMs: 20_000 }])
})

t.test('an outage loses nothing', async (t) => {
  const { clock, log, database, stop, start } = setup()
  database.failure = 'unavailable'
  const complete = start()
  await clock.advance(60_000)
  database.failure = null
  await clock.advance(30_000)
  stop.abort()
  t.equal(await complete, true)
  t.strictSame(
    database.lines.map(timeOf),
    Array.from({ length: 10 }, (_, tick) => Array(POINTS_PER_TICK).fill(GRID_NOW + tick * INTERVAL_MS)).flat()
  )
  t.ok(log.of('write_failed').length > 1)
  t.match(log.of('write_recovered'), [{}])
})

t.test('points that were dropped in an outage are not forgotten at the stop', async (t) => {
  const { clock, log, database, stop, start } = setup({ pops: 2_000 })
  database.failure = 'unavailable'
  const complete = start()
  await clock.advance(260_000)
  database.failure = null
  stop.abort()
  t.equal(await complete, false)
  const dropped = log.of('points_dropped').reduce((sum, { points }) => sum + Number(points), 0)
  t.ok(dropped > 0)
  t.match(log.of('stopped'), [{ level: 'error', unwritten: 0, dropped, written: 27 * 10_000 - dropped }])
})

t.test('a stop during an outage gives up at its deadline and says what is lost', async (t) => {
  const { clock, log, database, stop, start } = setup()
  database.failure = 'unavailable'
  const complete = start()
  await clock.advance(15_000)
  stop.abort()
  await clock.advance(5_000)
  t.equal(await complete, false)
  t.match(log.of('stopped'), [{ level: 'error', reason: 'unavailable', written: 0, unwritten: 2 * POINTS_PER_TICK }])
  t.equal(clock.pendingTimers, 0)
})

t.test('a refused write ends the live phase', async (t) => {
  const { clock, log, database, start } = setup()
  database.failure = 'unauthorized'
  t.equal(await start(), false)
  t.match(log.of('stopped'), [
    { level: 'error', reason: 'unauthorized', detail: 'because of unauthorized', unwritten: POINTS_PER_TICK }
  ])
  t.equal(clock.pendingTimers, 0)
})

t.test('a refused write ends the history', async (t) => {
  const { log, database, shown, start } = setup({ backfillMs: 60_000 })
  database.failure = 'bad_answer'
  t.equal(await start(), false)
  t.match(log.of('stopped'), [{ level: 'error', reason: 'bad_answer', written: 0, of: 30 }])
  t.strictSame(shown, ['0/30', 'end'])
})

t.test('a stop during the history writes what is made, and says that it is not all', async (t) => {
  const { log, database, stop, start } = setup({ backfillMs: 100_000_000 })
  database.hangs = true
  const complete = start()
  await settle()
  stop.abort()
  database.release()
  t.equal(await complete, false)
  t.match(log.of('stopped'), [{ level: 'warn', written: 10_000, of: 50_000 }])
  t.equal(database.lines.length, 10_000)
})
