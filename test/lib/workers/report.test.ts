import t from 'tap'
import { addDurations, Durations, statisticsOf } from '../../../lib/clients/durations.ts'
import { Histogram } from '../../../lib/histogram.ts'
import { counter, expose, gauge, secondsHistogram } from '../../../lib/metrics/exposition.ts'
import { sumFamilies, summed } from '../../../lib/metrics/sum.ts'
import { addEnded, addTotals, NOBODY, NO_TOTALS, type Report } from '../../../lib/workers/report.ts'

function familiesOf (count: number, durationsMs: readonly number[] = []) {
  const histogram = new Histogram([10, 100])
  for (const ms of durationsMs) histogram.observe(ms)
  return [
    counter('a_total', 'Counted.', [[{ kind: 'x' }, count], [{ kind: 'y' }, 1]]),
    secondsHistogram('took_seconds', 'Took.', histogram),
    gauge('open', 'Open.', count, 'sum'),
    gauge('begun', 'Begun.', count, 'min'),
    gauge('term', 'Term.', count, 'max'),
    gauge('same', 'Same.', count)
  ]
}

t.test('metrics of several are as those of one', async (t) => {
  const text = expose(sumFamilies(familiesOf(3, [5, 50]), [summed(familiesOf(4, [500])), summed(familiesOf(1))]))
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  t.strictSame(lines, [
    'a_total{kind="x"} 8',
    'a_total{kind="y"} 3',
    'took_seconds_bucket{le="0.01"} 1',
    'took_seconds_bucket{le="0.1"} 2',
    'took_seconds_bucket{le="+Inf"} 3',
    'took_seconds_sum 0.555',
    'took_seconds_count 3',
    'open 8',
    'begun 1',
    'term 4',
    'same 3',
    ''
  ])
})

t.test('what others have and this one has not stands beside it', async (t) => {
  const own = [gauge('info', 'Info.', [[{ id: 'a' }, 1]], 'max')]
  const others = [[gauge('info', 'Info.', [[{ id: 'b' }, 1]], 'max'), counter('b_total', 'Of another.', 2)]]
  t.strictSame(expose(sumFamilies(own, others)).split('\n').filter((line) => !line.startsWith('#')),
    ['info{id="a"} 1', 'info{id="b"} 1', 'b_total 2', ''])
})

t.test('what was counted by those that have ended is still counted; nothing else of them is', async (t) => {
  const totals = { ...NO_TOTALS, opened: 5, closed: 2, broadcasts: 9 }
  const report: Report = { ...NOBODY, families: familiesOf(3, [5]), totals }
  const ended = addEnded(addEnded(NOBODY, report), report)
  t.strictSame(expose(ended.families).split('\n').filter((line) => /^(a_total|took_seconds_count|open|term)/.test(line)),
    ['a_total{kind="x"} 6', 'a_total{kind="y"} 2', 'took_seconds_count 2'])
  t.match(ended.totals, { opened: 10, closed: 10, broadcasts: 18 })
  t.match(addTotals([ended.totals, report.totals]), { opened: 15, closed: 12, broadcasts: 27 })
})

t.test('connections of one that was killed are counted as closed without a goodbye', async (t) => {
  const labels = { transport: 'websocket' }
  const report = (open: number): Report => ({
    ...NOBODY,
    families: [
      gauge('popcast_connections_open', 'Open.', [[labels, open], [{ transport: 'sse' }, 0]], 'sum'),
      counter('popcast_connections_closed_total', 'Closed.', [[{ ...labels, code: '1000' }, 2], [{ ...labels, code: '1006' }, 1]])
    ]
  })
  const ended = [report(3), report(0), report(4)].reduce(addEnded, NOBODY)
  t.strictSame(expose(ended.families).split('\n').filter((line) => !line.startsWith('#')), [
    'popcast_connections_closed_total{transport="websocket",code="1000"} 6',
    'popcast_connections_closed_total{transport="websocket",code="1006"} 10',
    ''
  ])
})

t.test('durations of several: count, mean and largest exactly, percentiles within one in a hundred', async (t) => {
  const [a, b, all] = [new Durations(), new Durations(), new Durations()]
  for (let ms = 1; ms <= 900; ms++) {
    const one = ms % 3 === 0 ? a : b
    one.record(ms)
    all.record(ms)
  }
  const { count, mean, p50, p90, max } = statisticsOf(addDurations([a.digest, b.digest]))
  t.match({ count, mean, max }, { count: 900, mean: statisticsOf(all.digest).mean, max: 900 })
  t.ok(Math.abs(p50 - 450) <= 10, `p50 ${p50}`)
  t.ok(Math.abs(p90 - 810) <= 10, `p90 ${p90}`)
  t.strictSame(statisticsOf(addDurations([new Durations().digest, a.digest])).count, 300)
  t.strictSame(addDurations([]), new Durations().digest)
  t.strictSame(addDurations([a.digest]), a.digest, 'of one it is the same')
})
