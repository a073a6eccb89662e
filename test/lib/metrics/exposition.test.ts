import t from 'tap'
import { Histogram } from '../../../lib/histogram.ts'
import { counter, expose, gauge, labelled, secondsHistogram, stateSet, type Family } from '../../../lib/metrics/exposition.ts'
import { readExposition } from '../../support/exposition.ts'

const histogram = new Histogram([5, 250])
histogram.observe(4)
histogram.observe(1_500)

const cases: Array<{ name: string, family: Family, text: string }> = [
  { name: 'a counter', family: counter('a_total', 'A.', 3), text: '# HELP a_total A.\n# TYPE a_total counter\na_total 3\n' },
  {
    name: 'labels with characters that have a meaning',
    family: gauge('g', 'Line\nbreak \\ "quote"', [[{ pop: 'a"b\\c\nd' }, 0.1]]),
    text: '# HELP g Line\\nbreak \\\\ "quote"\n# TYPE g gauge\ng{pop="a\\"b\\\\c\\nd"} 0.1\n'
  },
  {
    name: 'numbers of every kind',
    family: gauge('g', 'G.', [[{ n: '1' }, Infinity], [{ n: '2' }, -Infinity], [{ n: '3' }, NaN], [{ n: '4' }, 1e21]]),
    text: '# HELP g G.\n# TYPE g gauge\ng{n="1"} +Inf\ng{n="2"} -Inf\ng{n="3"} NaN\ng{n="4"} 1e+21\n'
  },
  { name: 'nothing known', family: gauge('g', 'G.', []), text: '# HELP g G.\n# TYPE g gauge\n' },
  {
    name: 'one state of several',
    family: stateSet('s', 'S.', 'status', ['fresh', 'stale'], 'stale'),
    text: '# HELP s S.\n# TYPE s gauge\ns{status="fresh"} 0\ns{status="stale"} 1\n'
  },
  {
    name: 'a histogram of ms in seconds',
    family: secondsHistogram('h_seconds', 'H.', [[{ operation: 'read' }, histogram]]),
    text: '# HELP h_seconds H.\n# TYPE h_seconds histogram\n' +
      'h_seconds_bucket{operation="read",le="0.005"} 1\nh_seconds_bucket{operation="read",le="0.25"} 1\n' +
      'h_seconds_bucket{operation="read",le="+Inf"} 2\n' +
      'h_seconds_sum{operation="read"} 1.504\nh_seconds_count{operation="read"} 2\n'
  },
  {
    name: 'codes in small letters, numbers as they are',
    family: counter('c_total', 'C.', labelled('code', [['BAD_MESSAGE', 1], [1001, 2]], { type: 'x' })),
    text: '# HELP c_total C.\n# TYPE c_total counter\nc_total{type="x",code="bad_message"} 1\nc_total{type="x",code="1001"} 2\n'
  }
]

for (const { name, family, text } of cases) {
  t.test(name, async (t) => {
    t.equal(expose([family]), text)
  })
}

t.test('what is written is what is read', async (t) => {
  const pop = 'f\n"r\\a\\n1'
  t.equal(readExposition(expose([gauge('g', 'G.', [[{ pop }, 2]])])).value('g', { pop }), 2)
})
