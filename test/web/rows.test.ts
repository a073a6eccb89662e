import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { sortKeys, type Sort } from '../../web/state/address.ts'
import { nextSort, sorted, visibleRows } from '../../web/state/rows.ts'
import { alertOf, alertsOf, popOf } from '../support/client-values.ts'
import { seededRuns } from '../support/seed.ts'

const pops = [
  popOf({ code: 'fra10', city: 'Zürich', country: null, tier: '10', coldStartMs: 9, baselineMs: null, sampleTime: '' }),
  popOf({
    code: 'fra2',
    city: 'Élancourt',
    country: 'NL',
    tier: '2',
    coldStartMs: 10,
    baselineMs: 5,
    status: 'silent',
    sampleTime: '2026-01-01T10:00:00.000Z'
  }),
  popOf({ code: 'ams1', city: null, country: 'DE', tier: null, coldStartMs: 100, baselineMs: 40, regression: 'critical' }),
  popOf({ code: 'Ber1', city: 'Berlin', country: 'DE', tier: '1', coldStartMs: 9, baselineMs: 10, regression: 'not_enough_data' })
]
const alerts = alertsOf(alertOf({ pop: 'ams1', since: '2026-01-01T10:38:00.000Z' }))

const orders: Array<{ by: Sort['key'], ascending: string[], descending: string[] }> = [
  { by: 'code', ascending: ['ams1', 'Ber1', 'fra2', 'fra10'], descending: ['fra10', 'fra2', 'Ber1', 'ams1'] },
  { by: 'city', ascending: ['Ber1', 'fra2', 'fra10', 'ams1'], descending: ['fra10', 'fra2', 'Ber1', 'ams1'] },
  { by: 'country', ascending: ['ams1', 'Ber1', 'fra2', 'fra10'], descending: ['fra2', 'ams1', 'Ber1', 'fra10'] },
  { by: 'tier', ascending: ['Ber1', 'fra2', 'fra10', 'ams1'], descending: ['fra10', 'fra2', 'Ber1', 'ams1'] },
  { by: 'value', ascending: ['fra10', 'Ber1', 'fra2', 'ams1'], descending: ['ams1', 'fra2', 'fra10', 'Ber1'] },
  { by: 'baseline', ascending: ['fra2', 'Ber1', 'ams1', 'fra10'], descending: ['ams1', 'Ber1', 'fra2', 'fra10'] },
  { by: 'change', ascending: ['Ber1', 'fra2', 'ams1', 'fra10'], descending: ['ams1', 'fra2', 'Ber1', 'fra10'] },
  { by: 'state', ascending: ['ams1', 'fra2', 'Ber1', 'fra10'], descending: ['fra10', 'Ber1', 'fra2', 'ams1'] },
  { by: 'since', ascending: ['fra2', 'ams1', 'fra10', 'Ber1'], descending: ['ams1', 'fra2', 'fra10', 'Ber1'] },
  { by: 'sample', ascending: ['fra2', 'ams1', 'Ber1', 'fra10'], descending: ['ams1', 'Ber1', 'fra2', 'fra10'] }
]

for (const { by, ascending, descending } of orders) {
  t.test(`by ${by}: numbers as numbers, what is not known last, equals as they were`, async (t) => {
    for (const [isDescending, codes] of [[false, ascending], [true, descending]] as const) {
      t.strictSame(sorted(pops, alerts, { key: by, descending: isDescending }).map(({ pop }) => pop.code), codes)
    }
  })
}

t.test('every order that a link can ask for has been looked at', async (t) => {
  t.strictSame(orders.map(({ by }) => by), [...sortKeys])
})

t.test('a PoP stands as its alert says', async (t) => {
  const pop = popOf({ coldStartMs: 9, baselineMs: null })
  const [standing] = sorted([pop], alertsOf(alertOf()), { key: 'code', descending: false })
  t.match(standing, { condition: 'critical', baselineMs: 4.5, changePercent: 100, since: Date.parse('2026-01-01T10:38:00.000Z') })
  const [zero] = sorted([popOf({ baselineMs: 0 })], new Map(), { key: 'code', descending: false })
  t.equal(zero?.changePercent, null, 'there is no percentage of nothing')
})

t.test('a click on the name of a column', async (t) => {
  t.strictSame(nextSort({ key: 'code', descending: false }, 'code'), { key: 'code', descending: true })
  t.strictSame(nextSort({ key: 'code', descending: true }, 'code'), { key: 'code', descending: false })
  t.strictSame(nextSort({ key: 'code', descending: true }, 'change'), { key: 'change', descending: true })
  t.strictSame(nextSort({ key: 'change', descending: true }, 'city'), { key: 'city', descending: false })
})

const windows: Array<{ name: string, given: Parameters<typeof visibleRows>, expected: ReturnType<typeof visibleRows> }> = [
  { name: 'the top', given: [0, 400, 40, 2_000], expected: { first: 0, end: 21 } },
  { name: 'the middle', given: [40_000, 400, 40, 2_000], expected: { first: 990, end: 1_021 } },
  { name: 'the end', given: [79_600, 400, 40, 2_000], expected: { first: 1_980, end: 2_000 } },
  { name: 'a list that has become shorter', given: [79_600, 400, 40, 50], expected: { first: 30, end: 50 } },
  { name: 'not measured yet', given: [0, 0, 44, 2_000], expected: { first: 0, end: 11 } },
  { name: 'bounced above the top', given: [-90, 400, 40, 2_000], expected: { first: 0, end: 21 } },
  { name: 'nothing', given: [0, 400, 40, 0], expected: { first: 0, end: 0 } },
  { name: 'no number', given: [NaN, NaN, 0, 3], expected: { first: 0, end: 3 } }
]

for (const { name, given, expected } of windows) {
  t.test(`rows that can be seen: ${name}`, async (t) => {
    t.strictSame(visibleRows(...given), expected)
  })
}

t.test('whatever is scrolled to is there, and little else', async (t) => {
  const natural = fc.integer({ min: 0, max: 5_000 })
  fc.assert(fc.property(natural, natural, fc.integer({ min: 20, max: 100 }), natural, (row, height, rowHeight, total) => {
    const furthest = Math.max(0, total * rowHeight - height)
    const scrollTop = Math.min(row * rowHeight, furthest)
    const { first, end } = visibleRows(scrollTop, height, rowHeight, total)
    const [top, bottom] = [Math.floor(scrollTop / rowHeight), Math.min(total, Math.ceil((scrollTop + height) / rowHeight))]
    assert.ok(first >= 0 && first <= top && end >= bottom && end <= total, JSON.stringify({ first, end, top, bottom }))
    assert.ok(end - first <= Math.ceil(height / rowHeight) + 21)
  }), seededRuns(t, 1_000))
})
