import t from 'tap'
import { InfluxqlAnswer } from '../../../../lib/source/influx/influxql-answer.ts'

const chunk = (values: number[][], more: boolean) => {
  const partial = more && { partial: true }
  return JSON.stringify({ results: [{ series: [{ name: 'm', columns: ['time', '_value'], values, ...partial }], ...partial }] })
}

function readAll (lines: string[]): unknown[] {
  const rows: unknown[] = []
  const answer = new InfluxqlAnswer(({ values }) => rows.push(...values))
  for (const line of lines) answer.line(line)
  answer.end()
  return rows
}

t.test('chunks', async (t) => {
  t.strictSame(readAll([chunk([[1, 2], [3, 4]], true), chunk([[5, 6]], false), '']), [[1, 2], [3, 4], [5, 6]])
  t.strictSame(readAll(['{"results":[{"statement_id":0}]}']), [], 'no rows')
})

t.test('failures', async (t) => {
  const PARTIAL = 'the answer is partial (max-row-limit of the database)'
  const whole = chunk([[1, 2]], true)
  const truncated = JSON.stringify({ results: [{ series: [{ columns: ['time'], values: [[1]], partial: true }] }] })
  const cases = [
    { name: 'of the query', lines: ['{"results":[{"error":"timeout"}]}'], message: 'the query failed: timeout' },
    { name: 'of the request', lines: ['{"error":"no"}'], message: 'the query failed: no' },
    { name: 'after rows', lines: [whole, '{"results":[{"error":"timeout"}]}'], message: 'the query failed: timeout' },
    { name: 'after rows, of the request', lines: [whole, '{"error":"killed"}'], message: 'the query failed: killed' },
    { name: 'the last document says that there is more', lines: [whole], message: PARTIAL },
    { name: 'cut by max-row-limit', lines: [truncated], message: PARTIAL },
    { name: 'no document', lines: [], message: 'the answer has no results' },
    { name: 'no results', lines: ['{"results":[]}'], message: 'the answer has no results' },
    { name: 'null', lines: ['null'], message: 'the answer has no results' }
  ]
  for (const { name, lines, message } of cases) {
    t.throws(() => readAll(lines), { name: 'SourceError', reason: 'bad_answer', message }, name)
  }
})
