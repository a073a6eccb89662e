import t from 'tap'
import { parseFilter, type TagFilter } from '../../../../lib/source/influx/tag-filter.ts'

const filters: Array<{ name: string, text: string, expected: TagFilter[] }> = [
  { name: 'one', text: 'env=prod', expected: [{ tag: 'env', values: ['prod'] }] },
  {
    name: 'several, with spaces around them',
    text: ' env = prod , host=a',
    expected: [{ tag: 'env', values: ['prod'] }, { tag: 'host', values: ['a'] }]
  },
  {
    name: 'two values of one',
    text: 'host=a,env=prod,host=b',
    expected: [{ tag: 'host', values: ['a', 'b'] }, { tag: 'env', values: ['prod'] }]
  },
  { name: 'escaped', text: 'a\\,b\\=c\\ d=e\\,f\\=g\\ h', expected: [{ tag: 'a,b=c d', values: ['e,f=g h'] }] },
  {
    name: 'an escaped space at the end',
    text: 'a=b\\ ,c=d',
    expected: [{ tag: 'a', values: ['b '] }, { tag: 'c', values: ['d'] }]
  },
  { name: 'a space inside', text: 'city=Frankfurt am Main', expected: [{ tag: 'city', values: ['Frankfurt am Main'] }] },
  { name: 'a backslash that escapes nothing', text: 'path=C:\\pops', expected: [{ tag: 'path', values: ['C:\\pops'] }] }
]
for (const { name, text, expected } of filters) {
  t.test(name, async (t) => {
    t.strictSame(parseFilter(text), expected)
  })
}

t.test('what is no filter', async (t) => {
  const cases = [
    { text: '', part: '' }, { text: 'a', part: 'a' }, { text: 'a=', part: 'a=' }, { text: '=a', part: '=a' },
    { text: 'a=b,', part: '' }, { text: 'a=b=c', part: 'a=b=c' }, { text: 'a=b, c', part: 'c' }
  ]
  for (const { text, part } of cases) {
    t.throws(() => parseFilter(text), { message: `${JSON.stringify(part)} is not tag=value` }, text)
  }
})
