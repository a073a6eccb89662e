import t from 'tap'
import { sparkline } from '../../watch/sparkline.ts'
import { historyOf, NOW } from '../support/watch-states.ts'

/** A column per interval; the last point is at the end. */
const of = (columns: number) => ({ columns, windowMs: columns * 10_000, intervalMs: 10_000, now: NOW })
const dated = (points: Array<[intervalsAgo: number, value: number | null]>) => points.map(([ago, value]) => {
  return { ...historyOf(value)[0]!, dataTime: new Date(NOW - ago * 10_000) }
})

const staleAtTheEnd = historyOf(1, 8, 8).map((point, index) => ({ ...point, stale: index === 2 }))

const cases = [
  {
    name: 'low to high',
    history: historyOf(1, 2, 3, 4, 5, 6, 7, 8),
    columns: 8,
    text: '\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588'
  },
  { name: 'flat', history: historyOf(5, 5), columns: 2, text: '\u2581\u2581', low: 5, high: 5 },
  { name: 'nothing before', history: historyOf(1, 8), columns: 4, text: '  \u2581\u2588' },
  {
    name: 'a gap in time',
    history: dated([[9, 1], [8, 8], [3, 8], [2, 1]]),
    columns: 10,
    text: ' \u2581\u2588    \u2588\u2581 '
  },
  { name: 'no PoPs for a while', history: historyOf(1, 1, null, null, null, 8), columns: 6, text: '\u2581\u2581   \u2588' },
  { name: 'a point left out is no gap', history: dated([[3, 1], [1, 8]]), columns: 4, text: ' \u2581\u2581\u2588' },
  {
    name: 'several points per column',
    history: historyOf(1, 3, 7, 9),
    columns: 2,
    windowMs: 40_000,
    text: '\u2581\u2588',
    low: 1,
    high: 9
  },
  { name: 'stale ones', history: staleAtTheEnd, columns: 3, text: '\u2581\u2588 ' },
  { name: 'the hour before', history: dated([[400, 99], [1.5, 1], [0.5, 8]]), columns: 4, text: '  \u2581\u2588' }
]
for (const { name, history, columns, text, windowMs = columns * 10_000, low = 1, high = 8 } of cases) {
  t.test(name, async (t) => {
    const found = sparkline(history, { ...of(columns), windowMs })
    t.equal(found?.text, text)
    t.equal(found?.text.length, columns)
    t.match(found, { lowMs: low, highMs: high })
  })
}

t.test('nothing is known', async (t) => {
  t.equal(sparkline([], of(4)), null)
  t.equal(sparkline(historyOf(null, null), of(4)), null)
})
