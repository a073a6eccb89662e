import t from 'tap'
import { seriesOf } from '../../web/state/series.ts'
import { sparklineOf } from '../../web/state/sparkline.ts'

const WINDOW = { from: 0, to: Infinity }
const line = (...values: Array<[time: number, value: number | null]>) =>
  sparklineOf(seriesOf(values.map(([time, value]) => ({ time, value })), WINDOW, 10))

t.test('a line from the first to the last, by their time', async (t) => {
  t.equal(line([0, 4], [10, 6], [20, 5]), 'M0.0 22.0L48.0 2.0L96.0 12.0')
  t.equal(line([0, 5], [10, 5], [20, 5]), 'M0.0 12.0L48.0 12.0L96.0 12.0', 'one that does not move is in the middle')
})

t.test('gaps are gaps, as in the chart', async (t) => {
  t.equal(line([0, 4], [10, 4], [70, 6], [80, 6]), 'M0.0 22.0L12.0 22.0M84.0 2.0L96.0 2.0', 'nothing is known')
  t.equal(line([0, 4], [10, 4], [20, null], [30, 6], [40, 6]), 'M0.0 22.0L24.0 22.0M72.0 2.0L96.0 2.0', 'there was nothing')
  t.equal(line([0, 4], [10, 4], [80, 6]), 'M0.0 22.0L12.0 22.0M96.0 2.0h0', 'one value alone is a point')
})

t.test('what is no line', async (t) => {
  t.equal(line(), '')
  t.equal(line([0, 4]), '')
  t.equal(line([0, null], [10, null]), '')
})
