import t from 'tap'
import type { Row } from '../../chaos/run.ts'
import { progress, table } from '../../chaos/table.ts'

const row = (fields: Partial<Row>): Row =>
  ({ name: 'a fault', what: 'clients told', figure: '3 ms', goal: '< 5 ms', pass: true, seconds: 1.25, ...fields })

t.test('a row that passed, one that was slower than its goal, one that did not pass, and one that was not tried', async (t) => {
  const cases = [
    { fields: {}, line: 'pass   1.3 s  a fault', last: 'pass' },
    { fields: { inTime: true }, line: 'pass   1.3 s  a fault', last: 'pass' },
    { fields: { inTime: false }, line: 'SLOW   1.3 s  a fault', last: 'SLOW' },
    { fields: { pass: false, inTime: false }, line: 'FAIL   1.3 s  a fault: clients told', last: 'FAIL' },
    { fields: { pass: false, seconds: 61 }, line: 'FAIL  61.0 s  a fault: clients told', last: 'FAIL' },
    { fields: { skipped: 'no network' }, line: '-      1.3 s  a fault', last: 'not tried' }
  ]
  for (const { fields, line, last } of cases) {
    t.equal(progress(row(fields)), line)
    t.equal(table([row(fields)]).split('\n').at(-1), `| a fault | clients told | 3 ms | < 5 ms | ${last} |`)
  }
})

t.test('what has a bar in it stays in its cell', async (t) => {
  t.match(table([row({ what: 'a | b' })]), '| a \\| b |')
})
