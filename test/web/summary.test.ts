import t from 'tap'
import type { Overview, Snapshot } from '../../client/types.ts'
import { PopcastError } from '../../client/errors.ts'
import { popSummaryOf, summaryOf } from '../../web/state/summary.ts'
import { alertOf, alertsOf, popOf, popsOf, snapshotOf } from '../support/client-values.ts'

const now = Date.parse('2026-01-01T10:42:44.000Z')
const link = (pop: string | null) => `https://p.test/${pop === null ? '' : `?pop=${pop}`}`
const overview: Overview = { totalPops: 20, healthyPops: 17, averageColdStart: 6.54, regressions: 1, silentPops: 1 }
const sick = popOf({ regression: 'critical', coldStartMs: 13.2 })
const one: Partial<Snapshot> = { overview, pops: popsOf(sick), alerts: alertsOf(alertOf()) }
const { server, freshness } = snapshotOf()
const dataTime = new Date('2026-01-01T10:39:04.000Z')
const waiting = { name: 'waiting', attempt: 2, retryAt: now + 4_000, cause: new PopcastError('CLOSED') } as const
const critical = (code: string, coldStartMs: number) => popOf({ code, city: null, coldStartMs, regression: 'critical' })

const whole: Array<{ name: string, fields: Partial<Snapshot>, expected: string }> = [
  {
    name: 'one that is critical',
    fields: one,
    expected: '[popcast 10:42:44Z] 1 critical: fra1 Frankfurt DE 13.2 ms, 193 % above 4.5 ms (day), since 10:38Z. ' +
      '17/20 below 10 ms, 1 silent. Data 1.2 s old. https://p.test/?pop=fra1'
  },
  {
    name: 'nothing',
    fields: { overview: { ...overview, healthyPops: 20, silentPops: 0 } },
    expected: '[popcast 10:42:44Z] No regression. 20/20 below 10 ms. Data 1.2 s old. https://p.test/'
  },
  {
    name: 'more than are told of',
    fields: {
      overview,
      pops: popsOf(...[5, 6, 9, 7, 8, 10, 11].map((ms) => critical(`p${ms}`, ms))),
      alerts: alertsOf(alertOf({ pop: 'w1', severity: 'warning' }), alertOf({ id: 'w2', pop: 'w2', severity: 'warning' }))
    },
    expected: '[popcast 10:42:44Z] 7 critical: p11 DE 11 ms, 144 % above 4.5 ms; p10 DE 10 ms, 122 % above 4.5 ms; ' +
      'p9 DE 9 ms, 100 % above 4.5 ms; and 4 more. 17/20 below 10 ms, 2 warnings, 1 silent. Data 1.2 s old. https://p.test/'
  },
  {
    name: 'a warning, of a PoP that the filter leaves out',
    fields: {
      overview,
      alerts: alertsOf(alertOf({ severity: 'warning', since: '2025-12-31T23:00:00.000Z', baselineKind: 'week' }))
    },
    expected: '[popcast 10:42:44Z] 1 warning: fra1 13.2 ms, 193 % above 4.5 ms (week), since 2025-12-31 23:00Z. ' +
      '17/20 below 10 ms, 1 silent. Data 1.2 s old. https://p.test/?pop=fra1'
  },
  {
    name: 'what is critical and silent',
    fields: { overview, pops: popsOf({ ...sick, status: 'silent' }), alerts: alertsOf(alertOf()) },
    expected: '[popcast 10:42:44Z] 1 critical: fra1 Frankfurt DE silent, last 13.2 ms at 10:42:43Z, 193 % above 4.5 ms (day), ' +
      'since 10:38Z. 17/20 below 10 ms, 1 silent. Data 1.2 s old. https://p.test/?pop=fra1'
  },
  {
    name: 'data that is made up',
    fields: { overview: { ...overview, silentPops: 0 }, server: { ...server!, source: 'demo' } },
    expected: '[popcast 10:42:44Z] SIMULATED. No regression. 17/20 below 10 ms. Data 1.2 s old. https://p.test/'
  },
  {
    name: 'data that is old, of a source that fails',
    fields: {
      overview,
      freshness: {
        ...freshness,
        state: 'stale',
        ageMs: 220_000,
        dataTime,
        sourceError: { code: 'SOURCE_UNAVAILABLE', message: 'refused', since: new Date('2026-01-01T10:39:10.000Z'), dataTime }
      }
    },
    expected: '[popcast 10:42:44Z] STALE since 10:39:04Z. Source failing since 10:39:10Z. No regression. ' +
      '17/20 below 10 ms, 1 silent. Data 4 min old. https://p.test/'
  },
  {
    name: 'a connection that is lost',
    fields: { overview, connection: waiting },
    expected: '[popcast 10:42:44Z] Reconnecting. No regression. 17/20 below 10 ms, 1 silent. Data 1.2 s old. https://p.test/'
  },
  {
    name: 'an update that is overdue',
    fields: { overview, freshness: { ...freshness, state: 'late', ageMs: 14_000 } },
    expected: '[popcast 10:42:44Z] Update overdue. No regression. 17/20 below 10 ms, 1 silent. Data 14 s old. https://p.test/'
  },
  {
    name: 'no data yet',
    fields: { freshness: { ...freshness, state: 'none', ageMs: null, dataTime: null } },
    expected: '[popcast 10:42:44Z] No data yet. https://p.test/'
  },
  {
    name: 'no data, and no connection yet',
    fields: {
      connection: { name: 'connecting', attempt: 0 },
      freshness: { ...freshness, state: 'none', ageMs: null, dataTime: null }
    },
    expected: '[popcast 10:42:44Z] Connecting. No data yet. https://p.test/'
  },
  {
    name: 'no PoPs',
    fields: { overview: { totalPops: 0, healthyPops: 0, averageColdStart: null, regressions: 0, silentPops: 0 } },
    expected: '[popcast 10:42:44Z] No PoP reports. Data 1.2 s old. https://p.test/'
  }
]

for (const { name, fields, expected } of whole) {
  t.test(`of the whole: ${name}`, async (t) => {
    const snapshot = snapshotOf(fields)
    t.equal(summaryOf({ snapshot, freshness: snapshot.freshness, now, link }), expected)
  })
}

const single: Array<{ name: string, fields: Partial<Snapshot>, expected: string }> = [
  {
    name: 'critical',
    fields: one,
    expected: '[popcast 10:42:44Z] critical: fra1 Frankfurt DE 13.2 ms, 193 % above 4.5 ms (day), since 10:38Z. ' +
      'Data 1.2 s old. https://p.test/?pop=fra1'
  },
  {
    name: 'as usual',
    fields: { pops: popsOf(popOf()) },
    expected: '[popcast 10:42:44Z] healthy: fra1 Frankfurt DE 4.5 ms, as usual: 4.5 ms. Data 1.2 s old. https://p.test/?pop=fra1'
  },
  {
    name: 'faster than usual',
    fields: { pops: popsOf(popOf({ coldStartMs: 0 })) },
    expected: '[popcast 10:42:44Z] healthy: fra1 Frankfurt DE 0 ms, 100 % below 4.5 ms. Data 1.2 s old. https://p.test/?pop=fra1'
  },
  {
    name: 'without anything to compare with, and slower than can be told in ms',
    fields: { pops: popsOf(popOf({ coldStartMs: 120_000, baselineMs: null, regression: 'not_enough_data' })) },
    expected: '[popcast 10:42:44Z] not enough data: fra1 Frankfurt DE 120 s. Data 1.2 s old. https://p.test/?pop=fra1'
  },
  {
    name: 'silent since yesterday',
    fields: {
      pops: popsOf(popOf({ status: 'silent', healthy: false, sampleTime: '2025-12-31T10:41:14.000Z', baselineMs: null }))
    },
    expected: '[popcast 10:42:44Z] fra1 Frankfurt DE silent, last 4.5 ms at 2025-12-31 10:41:14Z. Data 1.2 s old. ' +
      'https://p.test/?pop=fra1'
  },
  {
    name: 'not known',
    fields: {},
    expected: '[popcast 10:42:44Z] fra1 is not known (any more). Data 1.2 s old. https://p.test/?pop=fra1'
  },
  {
    name: 'without data',
    fields: { freshness: { ...freshness, state: 'none', ageMs: null, dataTime: null } },
    expected: '[popcast 10:42:44Z] No data yet. https://p.test/?pop=fra1'
  }
]

for (const { name, fields, expected } of single) {
  t.test(`of one PoP: ${name}`, async (t) => {
    const snapshot = snapshotOf(fields)
    t.equal(popSummaryOf('fra1', { snapshot, freshness: snapshot.freshness, now, link }), expected)
  })
}
