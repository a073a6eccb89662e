import t from 'tap'
import { Mean } from '../../../lib/fleet/mean.ts'
import { clamp, round } from '../../../lib/fleet/rounding.ts'

const rounded: Array<{ name: string, value: number, decimals: number, expected: number }> = [
  { name: 'two decimals', value: 5.126, decimals: 2, expected: 5.13 },
  { name: 'half a unit is rounded up', value: 1.125, decimals: 2, expected: 1.13 },
  { name: 'one decimal', value: 146.912, decimals: 1, expected: 146.9 },
  { name: 'what overflows when it is scaled', value: 1e308, decimals: 2, expected: 1e308 },
  { name: 'the most there is', value: -Number.MAX_VALUE, decimals: 2, expected: -Number.MAX_VALUE }
]
for (const { name, value, decimals, expected } of rounded) t.test(name, async (t) => t.equal(round(value, decimals), expected))

t.test('clamp', async (t) => {
  t.strictSame([5, 11, -11, Infinity, -Infinity, NaN].map((value) => clamp(value, 10)), [5, 10, -10, 10, -10, NaN])
})

const MAX = Number.MAX_VALUE
const means: Array<{ name: string, values: number[], expected: number }> = [
  { name: 'of nothing', values: [], expected: NaN },
  { name: 'as exact as without scaling', values: [1, 1, 2], expected: 4 / 3 },
  { name: 'of two whose sum overflows', values: [1e308, 1e308], expected: 1e308 },
  { name: 'of the most there is', values: [MAX, MAX, MAX], expected: MAX },
  { name: 'of both ends', values: [MAX, -MAX], expected: 0 }
]
for (const { name, values, expected } of means) {
  t.test(`mean ${name}`, async (t) => {
    const mean = new Mean()
    for (const value of values) mean.add(value)
    t.strictSame(mean.value, expected)
  })
}

t.test('a mean of which a value is taken back', async (t) => {
  const mean = new Mean()
  mean.add(3, 4)
  mean.add(6, -1)
  t.equal(mean.value, 2)
})
