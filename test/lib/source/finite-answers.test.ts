import t from 'tap'
import { finiteBaselines, finiteReadings } from '../../../lib/source/finite-answers.ts'
import { robustStatistics } from '../../../lib/source/statistics.ts'
import type { FunctionReading } from '../../../lib/source/source.ts'
import { reading } from '../../support/fake-source.ts'

const readings: Array<{ name: string, fields: Partial<FunctionReading>, expected: Partial<FunctionReading> | null }> = [
  { name: 'finite', fields: { value: 1e308 }, expected: { value: 1e308 } },
  { name: 'an infinite value', fields: { value: Infinity }, expected: null },
  { name: 'a negative infinite value', fields: { value: -Infinity }, expected: null },
  { name: 'no number', fields: { value: NaN }, expected: null },
  { name: 'no time', fields: { time: NaN }, expected: null },
  { name: 'an infinite count', fields: { recentCount: Infinity }, expected: { recentCount: 0 } },
  { name: 'an infinite mean', fields: { recentMean: Infinity }, expected: { recentMean: NaN } }
]
for (const { name, fields, expected } of readings) {
  t.test(name, async (t) => {
    const other = reading({ functionName: 'images' })
    t.strictSame(finiteReadings([reading(fields), other]), [
      ...(expected === null ? [] : [reading({ ...fields, ...expected })]),
      other
    ])
  })
}

t.test('baselines', async (t) => {
  const good = { count: 12, center: 5, deviation: 1 }
  const bad = [{ count: Infinity }, { center: NaN }, { center: Infinity }, { deviation: Infinity }]
  t.strictSame(
    finiteBaselines([['good', good], ...bad.map((fields, index) => [`bad${index}`, { ...good, ...fields }] as const)]),
    new Map([['good', good]])
  )
})

t.test('quartiles far apart', async (t) => {
  t.equal(robustStatistics(12, 1e308, -1e308).deviation, Number.MAX_VALUE)
})
