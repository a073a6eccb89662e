import t from 'tap'
import { Regressions, type Finding } from '../../../lib/fleet/regressions.ts'

const finding = (severity: Finding['severity'], recentMs: number): Finding => ({
  severity,
  comparison: {
    recentMs,
    baselineMs: 5,
    baselineKind: 'day',
    baselineDays: 1,
    deviationMs: 1,
    increase: 1,
    zScore: 3,
    samples: { recent: 60, baseline: 450 }
  }
})

t.test('a regression says what was told last', async (t) => {
  const regressions = new Regressions()
  const opened = regressions.begin('fra1', 5, 5, finding('critical', 15))
  t.match(opened, { id: 'fra1_5', state: 'opened', severity: 'critical', comparison: { recentMs: 15 }, closedAt: null })
  const updated = regressions.update(opened, finding('warning', 10))
  t.match(updated, { id: 'fra1_5', state: 'updated', severity: 'warning', comparison: { recentMs: 10 }, openedAt: 5 })
  t.strictSame(regressions.open, [updated])
  const gone = regressions.close(updated, 9, 'gone')
  t.strictSame(gone, { ...updated, state: 'resolved', closedAt: 9, closeReason: 'gone' })
  t.strictSame([regressions.open, regressions.closed, regressions.of('fra1')], [[], [gone], undefined])
})

t.test('oldest first, and what was handed out does not change', async (t) => {
  const regressions = new Regressions()
  regressions.begin('late', 7, 7, finding('warning', 9))
  const first = regressions.open
  t.equal(regressions.open, first, 'the same array while nothing is told')
  regressions.begin('early', 3, 3, finding('warning', 9))
  t.strictSame(regressions.open.map(({ pop }) => pop), ['early', 'late'])
  t.strictSame(first.map(({ pop }) => pop), ['late'])
})

t.test('restored from JSON it goes on with the same ids', async (t) => {
  const before = new Regressions()
  before.close(before.begin('ams1', 1, 1, finding('warning', 9)), 2, 'recovered')
  const open = before.begin('fra1', 5, 5, finding('critical', 15))
  const after = new Regressions()
  after.restore(JSON.parse(JSON.stringify(before.snapshot())))
  t.strictSame([after.open, after.closed], [before.open, before.closed])
  t.strictSame(after.of('fra1'), open)
  t.equal(after.begin('ams1', 1, 1, finding('warning', 9)).id, 'ams1_2', 'an id that was closed is not used again')
})
