import t from 'tap'
import { DemoSource } from '../../../lib/source/demo-source.ts'
import type { Place, SeriesKey } from '../../../lib/source/sample-source.ts'
import type { TimeRange } from '../../../lib/source/time-range.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const NOW = Date.UTC(2026, 0, 1, 12) + 7_500
const MINUTE = 60_000

function setUp ({ pops = 20, seed = 1 } = {}) {
  const clock = new FakeClock(NOW)
  const source = new DemoSource({ pops, seed, clock })
  const read = async (range: TimeRange) => {
    const samples: Array<{ series: SeriesKey, place: Place, time: number, value: number }> = []
    const result = await source.read(range, (series, place, time, value) => samples.push({ series, place, time, value }))
    t.strictSame(result, { rows: samples.length, bytes: 0, ignored: 0 })
    return samples
  }
  return { clock, source, read }
}

t.test('a sample of every function of every PoP each 10 s', async (t) => {
  const { read } = setUp()
  const samples = await read({ start: NOW - MINUTE, stop: NOW + MINUTE })
  t.equal(samples.length, 6 * 100, 'none of the future')
  t.equal(new Set(samples.map(({ series }) => series)).size, 100)
  t.equal(new Set(samples.map(({ series }) => series.id)).size, 100)
  t.strictSame(samples.filter(({ time }) => time % 10_000 !== 0 || time < NOW - MINUTE || time > NOW), [])
  t.strictSame(samples.filter(({ value }) => !(value > 1)), [])
  t.strictSame(samples[0]?.place, { city: 'Frankfurt', country: 'DE', tier: '1', latitude: 50.11, longitude: 8.68 })
})

t.test('the ends of a range', async (t) => {
  const { read } = setUp({ pops: 1 })
  const at = Date.UTC(2026, 0, 1)
  const cases = [
    { name: 'start is in, stop is not', range: { start: at, stop: at + 20_000 }, times: [at, at + 10_000] },
    { name: 'just behind', range: { start: at + 1, stop: at + 20_001 }, times: [at + 10_000, at + 20_000] },
    { name: 'between two', range: { start: at + 1, stop: at + 9_999 }, times: [] },
    { name: 'empty', range: { start: at, stop: at }, times: [] }
  ]
  for (const { name, range, times } of cases) {
    t.strictSame([...new Set((await read(range)).map(({ time }) => time))], times, name)
  }
})

t.test('what is read again is the same, and another seed gives others', async (t) => {
  const range = { start: NOW - MINUTE, stop: NOW }
  const { clock, read } = setUp()
  const first = await read(range)
  await clock.advance(24 * 60 * MINUTE)
  const again = await read(range)
  t.strictSame(again, first)
  t.equal(again[0]?.series, first[0]?.series)
  t.equal(again[0]?.place, first[0]?.place)
  const other = await setUp({ seed: 2 }).read(range)
  t.strictSame(other.filter(({ value }, index) => value === first[index]?.value), [])
})

t.test('places', async (t) => {
  const { source } = setUp({ pops: 2 })
  t.strictSame([...await source.places({ start: NOW - MINUTE, stop: NOW })], [
    ['fra1', { sampleTime: NOW - 7_500, latitude: 50.11, longitude: 8.68 }],
    ['ams1', { sampleTime: NOW - 7_500, latitude: 52.37, longitude: 4.9 }]
  ])
  t.strictSame(await source.places({ start: NOW + MINUTE, stop: NOW + 2 * MINUTE }), new Map())
})

t.test('other work has its turns', async (t) => {
  const { source } = setUp({ pops: 2_000 })
  let inThisTurn = 0
  let most = 0
  let reading = true
  const turn = () => {
    inThisTurn = 0
    if (reading) setImmediate(turn)
  }
  setImmediate(turn)
  await source.read({ start: NOW - 20_000, stop: NOW }, () => { most = Math.max(most, ++inThisTurn) })
  reading = false
  t.ok(most <= 4_000, `${most} samples in one turn`)
})

t.test('nothing is missing, and ping and close have nothing to do', async (t) => {
  const { source } = setUp({ pops: 1 })
  t.equal(source.kind, 'demo')
  t.equal(await source.explain(), null)
  await t.resolves(source.ping())
  await t.resolves(source.close())
})
