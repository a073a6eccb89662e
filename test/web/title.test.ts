import t from 'tap'
import { PopcastError } from '../../client/errors.ts'
import type { Snapshot } from '../../client/types.ts'
import { headlineOf } from '../../web/state/headline.ts'
import { titleOf } from '../../web/state/title.ts'
import { snapshotOf } from '../support/client-values.ts'

const now = Date.parse('2026-01-01T10:42:44.000Z')
const cause = new PopcastError('CLOSED')
const { freshness } = snapshotOf()
const overview = { totalPops: 20, healthyPops: 20, averageColdStart: 5, regressions: 0, silentPops: 0 }
const sourceError = { code: 'SOURCE_TIMEOUT', message: 'slow', since: new Date(now - 60_000), dataTime: null } as const
const nothing = { state: 'none', ageMs: null, dataTime: null, dueInMs: null, sourceError: null } as const

interface Case {
  name: string
  fields?: Partial<Snapshot>
  offline?: true
  /** Critical, warning. */
  counts?: readonly [number, number]
  expected: string
}

const cases: Case[] = [
  { name: 'live', expected: 'popcast' },
  { name: 'one critical', counts: [1, 0], expected: '(1!) 1 critical - popcast' },
  { name: 'warnings', counts: [0, 2], expected: '(2) 2 warnings - popcast' },
  { name: 'both', counts: [3, 1], expected: '(3!) 3 critical, 1 warning - popcast' },
  { name: 'late', fields: { freshness: { ...freshness, state: 'late' } }, counts: [1, 0], expected: '(1!) 1 critical - popcast' },
  {
    name: 'stale',
    fields: { freshness: { ...freshness, state: 'stale', ageMs: 180_000 } },
    counts: [1, 0],
    expected: 'STALE 3 min - popcast'
  },
  {
    name: 'stale, since the source fails',
    fields: { freshness: { ...freshness, state: 'stale', ageMs: 180_000, sourceError } },
    expected: 'STALE 3 min - popcast'
  },
  {
    name: 'stale since a time that is not known',
    fields: { freshness: { ...freshness, state: 'stale', ageMs: null } },
    expected: 'STALE - popcast'
  },
  {
    name: 'still fresh, though the source fails',
    fields: { freshness: { ...freshness, sourceError } },
    counts: [1, 0],
    expected: '(1!) 1 critical - popcast'
  },
  { name: 'no data, since the source fails', fields: { freshness: { ...nothing, sourceError } }, expected: 'no data - popcast' },
  { name: 'no data yet', fields: { freshness: nothing }, expected: 'waiting - popcast' },
  {
    name: 'connecting',
    fields: { freshness: nothing, connection: { name: 'connecting', attempt: 0 } },
    expected: 'connecting - popcast'
  },
  {
    name: 'connected again, and not told yet what was missed',
    fields: { connection: { name: 'syncing', transport: 'websocket' } },
    counts: [1, 0],
    expected: 'connecting - popcast'
  },
  {
    name: 'reconnecting',
    fields: { connection: { name: 'waiting', attempt: 1, retryAt: now, cause } },
    counts: [1, 0],
    expected: 'reconnecting - popcast'
  },
  {
    name: 'offline',
    fields: { connection: { name: 'waiting', attempt: 1, retryAt: now, cause } },
    offline: true,
    expected: 'offline - popcast'
  },
  {
    name: 'draining',
    fields: { connection: { name: 'draining', retryAt: now, cause } },
    counts: [1, 0],
    expected: '(1!) 1 critical - popcast'
  },
  { name: 'failed', fields: { connection: { name: 'failed', cause } }, expected: 'STOPPED - popcast' },
  {
    name: 'no PoPs, and never any',
    fields: { overview: { ...overview, totalPops: 0 }, freshness: { ...freshness, state: 'stale', ageMs: null, dataTime: null } },
    expected: 'no data - popcast'
  },
  {
    name: 'no PoPs any more',
    fields: { overview: { ...overview, totalPops: 0 }, freshness: { ...freshness, state: 'stale', ageMs: 180_000 } },
    expected: 'STALE 3 min - popcast'
  },
  { name: 'no PoPs', fields: { overview: { ...overview, totalPops: 0 } }, expected: 'no PoPs - popcast' }
]

for (const { name, fields, offline = false, counts = [0, 0] as const, expected } of cases) {
  t.test(name, async (t) => {
    const snapshot = snapshotOf({ overview, ...fields })
    const headline = headlineOf({ ...snapshot, overviewWindowMs: 600_000, isOnline: !offline, wasLive: true, now })
    t.equal(titleOf(headline, counts[0], counts[1]), expected)
  })
}
