import t from 'tap'
import type { Regression } from '../../../lib/fleet/regression-detector.ts'
import { alertData, alertMessage } from '../../../lib/feed/alert.ts'
import { validateServerMessage } from '../../support/validate.ts'
import { START } from '../../support/clients.ts'

const OPEN: Regression = {
  id: 'fra1_5',
  pop: 'fra1',
  state: 'opened',
  severity: 'critical',
  openedAt: Date.parse(START),
  since: Date.parse(START),
  closedAt: null,
  closeReason: null,
  comparison: {
    recentMs: 12.3456,
    baselineMs: 5,
    baselineKind: 'day',
    baselineDays: 1,
    deviationMs: 1,
    increase: 1.46912,
    zScore: 7.34567,
    samples: { recent: 60, baseline: 450 }
  }
}

t.test('an alert says what was compared with what', async (t) => {
  const message = alertMessage(OPEN, 'e1', 7)
  validateServerMessage(message)
  t.strictSame(message, {
    type: 'alert',
    data: {
      id: 'fra1_5',
      pop: 'fra1',
      state: 'opened',
      severity: 'critical',
      since: START,
      recentMs: 12.35,
      baselineMs: 5,
      baselineKind: 'day',
      changePercent: 146.9,
      zScore: 7.35,
      samples: { recent: 60, baseline: 450 },
      message: 'fra1: 12.35 ms, 146.9 % above the 5 ms of the same time a day earlier'
    },
    epoch: 'e1',
    seq: 7,
    tickSeq: 7
  })
})

const texts: Array<{ name: string, regression: Partial<Regression>, message: string }> = [
  {
    name: 'against several days',
    regression: { comparison: { ...OPEN.comparison, baselineDays: 3 } },
    message: 'fra1: 12.35 ms, 146.9 % above the 5 ms of the same time on the last 3 days'
  },
  {
    name: 'small values have enough digits',
    regression: { comparison: { ...OPEN.comparison, recentMs: 0.040123, baselineMs: 0.00410456 } },
    message: 'fra1: 0.0401 ms, 146.9 % above the 0.0041 ms of the same time a day earlier'
  },
  {
    name: 'the new normal',
    regression: { closedAt: 9, closeReason: 'new_normal' },
    message:
      'fra1 stays slower, which counts as usual from now on: 12.35 ms, 146.9 % above the 5 ms of the same time a day earlier'
  },
  {
    name: 'against the hour',
    regression: { comparison: { ...OPEN.comparison, baselineKind: 'hour' } },
    message: 'fra1: 12.35 ms, 146.9 % above the 5 ms of the hour before'
  },
  {
    name: 'recovered',
    regression: { closedAt: 9, closeReason: 'recovered' },
    message: 'fra1 is back: 12.35 ms, 146.9 % above the 5 ms of the same time a day earlier'
  },
  {
    name: 'recovered, and faster than before',
    regression: { closedAt: 9, closeReason: 'recovered', comparison: { ...OPEN.comparison, recentMs: 4, increase: -0.2 } },
    message: 'fra1 is back: 4 ms, 20 % below the 5 ms of the same time a day earlier'
  },
  {
    name: 'gone',
    regression: { closedAt: 9, closeReason: 'gone' },
    message: 'fra1 does not report any more: 12.35 ms, 146.9 % above the 5 ms of the same time a day earlier'
  }
]

for (const { name, regression, message } of texts) {
  t.test(name, async (t) => t.equal(alertData({ ...OPEN, state: 'resolved', ...regression }).message, message))
}

t.test('the most that a double can say is told as it is', async (t) => {
  const comparison = { ...OPEN.comparison, recentMs: 1e308, baselineMs: 0, increase: 10_000, zScore: 1_000 }
  const message = alertMessage({ ...OPEN, comparison }, 'e1', 7)
  validateServerMessage(JSON.parse(JSON.stringify(message)))
  t.match(message.data, { recentMs: 1e308, changePercent: 1_000_000, zScore: 1_000 })
})
