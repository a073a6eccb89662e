import fc from 'fast-check'
import t from 'tap'
import { Histogram } from '../../lib/histogram.ts'

const cases: Array<{ name: string, values: number[], cumulative: number[], count: number, sum: number }> = [
  { name: 'nothing', values: [], cumulative: [0, 0, 0], count: 0, sum: 0 },
  { name: 'on a bound it is in the bucket below', values: [1], cumulative: [1, 1, 1], count: 1, sum: 1 },
  { name: 'beyond the last it is in none', values: [101], cumulative: [0, 0, 0], count: 1, sum: 101 },
  { name: 'each counts for all bounds above', values: [0, 5, 50, 50, 500], cumulative: [1, 2, 4], count: 5, sum: 605 }
]

for (const { name, values, ...expected } of cases) {
  t.test(name, async (t) => {
    const histogram = new Histogram([1, 10, 100])
    for (const value of values) histogram.observe(value)
    const { cumulative, count, sum } = histogram
    t.strictSame({ cumulative, count, sum }, expected)
  })
}

t.test('each bound counts what is no larger, whatever came', async () => {
  const bounds = [0, 1, 5, 25]
  fc.assert(fc.property(fc.array(fc.integer({ min: -5, max: 40 })), (values) => {
    const histogram = new Histogram(bounds)
    for (const value of values) histogram.observe(value)
    const expected = bounds.map((bound) => values.filter((value) => value <= bound).length)
    return JSON.stringify(histogram.cumulative) === JSON.stringify(expected) && histogram.count === values.length
  }))
})
