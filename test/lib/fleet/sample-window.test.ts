import fc from 'fast-check'
import t from 'tap'
import { popPoints } from '../../../lib/fleet/points.ts'
import { SampleWindow } from '../../../lib/fleet/sample-window.ts'
import { NOWHERE } from '../../../lib/source/sample-source.ts'
import { seededRuns } from '../../support/seed.ts'

const START = Date.UTC(2026, 0, 1)
const MINUTE_MS = 60_000
const keyOf = (pop: string, functionName = 'auth', host = '') => ({ id: `${pop} ${functionName} ${host}`, pop, functionName })
const setUp = (options: Partial<ConstructorParameters<typeof SampleWindow>[0]> = {}) =>
  new SampleWindow({ spanMs: 10 * MINUTE_MS, maxRows: 1_000_000, maxBytes: 1_000_000_000, ...options })

/** All that is in it, by series, oldest first. */
function contents (window: SampleWindow): Record<string, Array<[time: number, value: number]>> {
  return Object.fromEntries(Array.from(window.series, (series) => [
    series.key.id,
    Array.from({ length: series.size }, (_, index): [number, number] =>
      [series.timeFromEnd(series.size - 1 - index), series.valueFromEnd(series.size - 1 - index)])
  ]))
}

t.test('whatever the order and the overlap in which samples are read, the window and the points are the same', async (t) => {
  const sample = fc.record({ pop: fc.nat({ max: 2 }), host: fc.nat({ max: 1 }), step: fc.nat({ max: 60 }) })
  fc.assert(fc.property(fc.array(sample, { maxLength: 200 }), fc.infiniteStream(fc.nat()), (samples, random) => {
    const read = (order: typeof samples) => {
      const window = setUp()
      for (const { pop, host, step } of order) {
        window.add(keyOf(`p${pop}`, 'auth', `${host}`), NOWHERE, START + step * 10_000, step * 10 + host)
      }
      const points = ['p0', 'p1', 'p2'].map((pop) => popPoints(window, pop, START, START + 5 * MINUTE_MS))
      return { contents: contents(window), points, rows: window.rows }
    }
    const sorted = samples.toSorted((a, b) => a.step - b.step)
    const again = [...samples, ...samples].map((one) => ({ one, at: random.next().value ?? 0 })).sort((a, b) => a.at - b.at)
    const [first, second] = [read(sorted), read(again.map(({ one }) => one))]
    t.strictSame(second.contents, first.contents)
    t.strictSame(second.points, first.points)
    t.equal(second.rows, first.rows)
  }), seededRuns(t, 200))
})

t.test('what is read again takes the place of what was there', async (t) => {
  const window = setUp()
  t.equal(window.add(keyOf('p'), NOWHERE, START, 1).isNew, true)
  t.equal(window.add(keyOf('p'), NOWHERE, START, 2).isNew, false)
  t.strictSame(Object.values(contents(window)), [[[START, 2]]])
  t.equal(window.rows, 1)
})

t.test('what is older than the window goes; of a slow series the last samples stay', async (t) => {
  const window = setUp()
  for (let minute = 0; minute < 120; minute++) {
    const time = START + minute * MINUTE_MS
    for (let second = 0; second < 60; second += 10) window.add(keyOf('fast'), NOWHERE, time + second * 1_000, 1)
    window.add(keyOf('slow'), NOWHERE, time, 1)
    if (minute % 5 === 0) window.add(keyOf('slowest'), NOWHERE, time, 1)
  }
  window.prune(START + 120 * MINUTE_MS)
  const sizes = Object.fromEntries(Object.entries(contents(window)).map(([id, { length }]) => [id, length]))
  t.strictSame(sizes, { 'fast auth ': 60, 'slow auth ': 18, 'slowest auth ': 18 })
  t.equal(window.rows, 96)
  window.prune(START + 129.9 * MINUTE_MS)
  t.strictSame(Array.from(window.codes), ['slowest'], 'what has ended is gone when the window is over, a slow one later')
})

t.test('a PoP of which nothing is left is gone', async (t) => {
  const window = setUp()
  window.add(keyOf('p', 'a'), NOWHERE, START, 1)
  window.add(keyOf('p', 'a', 'host'), NOWHERE, START, 1)
  window.add(keyOf('p', 'b'), NOWHERE, START, 1)
  window.prune(START + 11 * MINUTE_MS)
  t.strictSame([Array.from(window.codes), window.rows, window.bytes, window.oldestTime], [[], 0, 0, null])
})

t.test('rows and bytes are bounded: the oldest go first, and that is told', async (t) => {
  for (const limit of [{ maxRows: 1_000 }, { maxBytes: 40_000 }]) {
    const window = setUp(limit)
    for (let step = 0; step < 600; step++) {
      for (let pop = 0; pop < 10; pop++) window.add(keyOf(`p${pop}`), NOWHERE, START + step * 1_000, step)
    }
    t.ok(
      window.rows <= (limit.maxRows ?? Infinity) && window.bytes <= (limit.maxBytes ?? Infinity),
      `${window.rows} rows, ${window.bytes} bytes`
    )
    t.ok(window.rows > 500)
    t.equal(window.isCut, true)
    const series = Array.from(window.series)
    t.ok(series.length === 10 && series.every(({ newestTime }) => newestTime === START + 599_000), 'the newest are there')
    window.prune(START + 600_000)
    t.equal(window.isCut, true, 'so long as what was dropped would be there')
    window.prune(START + 1_300_000)
    t.equal(window.isCut, false)
  }
})

t.test('600,000 samples of 10,000 series are below 64 MB', async (t) => {
  const window = setUp({ maxBytes: 67_108_864 })
  const keys = Array.from({ length: 10_000 }, (_, index) => keyOf(`p${index % 2_000}`, `f${Math.floor(index / 2_000)}`))
  for (let step = 0; step < 60; step++) for (const key of keys) window.add(key, NOWHERE, START + step * 10_000, 5)
  t.equal(window.rows, 600_000)
  t.equal(window.isCut, false)
  t.ok(window.bytes < 64_000_000, `${window.bytes} bytes`)
})
