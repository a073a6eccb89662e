import t from 'tap'
import { note, ok, problem } from '../../check/finding.ts'
import { isFine, reportJson, reportLines } from '../../check/report.ts'

const fine = ok('source', 'answers')
const cases = [
  { findings: [fine], last: 'no problem' },
  { findings: [fine, note('state', 'is used')], last: 'no problem, 1 note' },
  { findings: [note('state', 'is used'), note('clocks', 'ahead')], last: 'no problem, 2 notes' },
  { findings: [problem('source', 'is away'), note('state', 'is used')], last: '1 problem, 1 note' },
  { findings: [problem('source', 'is away'), problem('state', 'is full')], last: '2 problems' }
]
for (const { findings, last } of cases) {
  t.test(`what it comes to: ${last}`, async (t) => {
    const lines = reportLines(findings)
    t.strictSame(lines.slice(-2), ['', last])
    t.equal(lines.length, findings.length + 2)
    t.equal(isFine(findings), last.startsWith('no problem'))
    t.strictSame(JSON.parse(reportJson(findings)), { ok: isFine(findings), findings: JSON.parse(JSON.stringify(findings)) })
  })
}

t.test('each line has its level, its part and what was found, one below the other', async (t) => {
  t.strictSame(reportLines([fine, problem('surroundings' as never, 'x')]).slice(0, 2), [
    'ok       source        answers',
    'problem  surroundings  x'
  ])
})
