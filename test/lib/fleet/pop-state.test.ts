import t from 'tap'
import { popStates, PopsSnapshot, type PopKnowledge } from '../../../lib/fleet/pop-state.ts'
import type { Pop } from '../../../lib/fleet/point.ts'
import { popState } from '../../support/pop-states.ts'

const TIME = Date.UTC(2026, 0, 1)
const FRANKFURT = { city: 'Frankfurt', country: 'DE', tier: '1', latitude: 50.11, longitude: 8.68 }
const comparison = {
  recentMs: 10,
  baselineMs: 5,
  baselineKind: 'day',
  baselineDays: 1,
  deviationMs: 1,
  increase: 1,
  zScore: 5,
  samples: { recent: 60, baseline: 450 }
} as const

const NO_BASELINE = { baselineMs: null, baselineLowMs: null, baselineHighMs: null }

const pop = (fields: Partial<Pop>): Pop => ({
  code: 'fra1',
  coldStartMs: 5,
  sampleTime: TIME,
  functions: 5,
  intervalMs: 10_000,
  isSilent: false,
  points: [],
  ...fields
})
const known = (fields: Partial<PopKnowledge> = {}): PopKnowledge => ({
  places: new Map([['fra1', FRANKFURT]]),
  assessments: [{ pop: 'fra1', state: 'normal', comparison }],
  healthyBelowMs: 10,
  ...fields
})

const cases: Array<{ name: string, pop?: Partial<Pop>, known?: Partial<PopKnowledge>, state: Parameters<typeof popState>[0] }> = [
  { name: 'healthy', state: {} },
  { name: 'two decimals', pop: { coldStartMs: 5.126 }, state: { coldStartMs: 5.13 } },
  { name: 'three digits below 1', pop: { coldStartMs: 0.0412345 }, state: { coldStartMs: 0.0412 } },
  { name: 'healthy is below the limit, of the value as it is', pop: { coldStartMs: 9.9999 }, state: { coldStartMs: 10 } },
  { name: 'not healthy at the limit', pop: { coldStartMs: 10 }, state: { coldStartMs: 10, healthy: false } },
  { name: 'silent is not healthy', pop: { isSilent: true }, state: { status: 'silent', healthy: false } },
  {
    name: 'regressed',
    known: { assessments: [{ pop: 'fra1', state: 'regressed', severity: 'critical', comparison }] },
    state: { regression: 'critical' }
  },
  {
    name: 'not enough data',
    known: { assessments: [{ pop: 'fra1', state: 'not_enough_data' }] },
    state: { regression: 'not_enough_data', ...NO_BASELINE }
  },
  { name: 'never assessed', known: { assessments: [] }, state: { regression: 'not_enough_data', ...NO_BASELINE } },
  {
    name: 'a band that would begin below 0',
    known: { assessments: [{ pop: 'fra1', state: 'normal', comparison: { ...comparison, deviationMs: 3 } }] },
    state: { baselineLowMs: 0, baselineHighMs: 12.5 }
  },
  {
    name: 'a baseline that is below 0',
    known: { assessments: [{ pop: 'fra1', state: 'normal', comparison: { ...comparison, baselineMs: -5 } }] },
    state: { baselineMs: -5, baselineLowMs: -7.5, baselineHighMs: -2.5 }
  },
  {
    name: 'a band beyond what a number can be',
    known: { assessments: [{ pop: 'fra1', state: 'normal', comparison: { ...comparison, deviationMs: Number.MAX_VALUE } }] },
    state: { baselineLowMs: 0, baselineHighMs: Number.MAX_VALUE }
  },
  {
    name: 'nowhere',
    known: { places: new Map() },
    state: { city: null, country: null, tier: null, latitude: null, longitude: null }
  }
]

for (const { name, pop: fields = {}, known: knowledge, state } of cases) {
  t.test(name, async (t) => {
    t.strictSame(popStates([pop(fields)], known(knowledge)), [popState(state)])
  })
}

t.test('by code', async (t) => {
  t.strictSame(popStates(['b', 'a', 'c'].map((code) => pop({ code })), known()).map(({ code }) => code), ['a', 'b', 'c'])
})

t.test('what is new since the tick before', async (t) => {
  const before = new PopsSnapshot([popState({ code: 'a' }), popState({ code: 'b' }), popState({ code: 'c' })], null)
  t.strictSame(before.changes, [], 'there was none before')
  const states = [
    popState({ code: 'a', sampleTime: '2026-01-01T00:00:10.000Z' }),
    popState({ code: 'b', coldStartMs: 6 }),
    popState({ code: 'd' })
  ]
  t.strictSame(new PopsSnapshot(states, before).changes, [
    { before: popState({ code: 'b' }), after: states[1] },
    { before: null, after: states[2] },
    { before: popState({ code: 'c' }), after: null }
  ], 'a newer sample with the same value is not')
})

for (const change of [
  { healthy: false },
  { status: 'silent' },
  { regression: 'warning' },
  { city: 'Bonn' },
  { country: 'NL' },
  { tier: '2' },
  { latitude: 1 },
  { longitude: null },
  { baselineMs: null },
  { baselineLowMs: 1 },
  { baselineHighMs: 9 }
] as const) {
  t.test(`a change: ${JSON.stringify(change)}`, async (t) => {
    t.equal(new PopsSnapshot([popState(change)], new PopsSnapshot([popState({})], null)).changes.length, 1)
  })
}
