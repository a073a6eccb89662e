import t from 'tap'
import { PLAIN } from '../../../lib/clients/websocket/encodings.ts'
import { PopsSnapshot, type PopState } from '../../../lib/fleet/pop-state.ts'
import { PopsFilter } from '../../../lib/feed/pops-filter.ts'
import type { SharedMessage } from '../../../lib/feed/shared-message.ts'
import type { Tick } from '../../../lib/feed/tick.ts'
import { payloadOf } from '../../support/fake-socket.ts'
import { validateServerMessage } from '../../support/validate.ts'
import { popState } from '../../support/pop-states.ts'
import { applyPops } from '../../support/apply-pops.ts'
import { tickOf } from '../../support/clients.ts'

const ALL = new PopsFilter(undefined)
const GERMANY = new PopsFilter({ country: ['DE'] })

const fra = popState({ code: 'fra1' })
const ams = popState({ code: 'ams1', country: 'NL' })
const slower = { ...fra, coldStartMs: 6 }
const moved = { ...fra, country: 'NL' }

const after = (seq: number, states: PopState[], before: PopState[] | null): Tick =>
  tickOf(seq, { pops: new PopsSnapshot(states, before === null ? null : new PopsSnapshot(before, null)) })

function messageOf (shared: SharedMessage) {
  const message = JSON.parse(payloadOf(shared.as(PLAIN)).toString())
  validateServerMessage(message)
  return message
}

t.test('all PoPs that the filter lets through', async (t) => {
  const tick = after(5, [ams, fra], null)
  t.match(messageOf(tick.pops(ALL)), { type: 'pops_update', epoch: 'e1', seq: 5, status: 'fresh', ageMs: 0 })
  t.strictSame(messageOf(tick.pops(ALL)).data, { pops: [ams, fra] })
  t.strictSame(messageOf(tick.pops(GERMANY)).data, { pops: [fra] })
})

t.test('encoded once per filter', async (t) => {
  const tick = after(5, [ams, fra], [ams])
  t.equal(tick.pops(ALL), tick.pops(new PopsFilter(undefined)))
  t.equal(tick.popsSince(4, GERMANY), tick.popsSince(4, new PopsFilter({ country: ['DE'] })))
  t.not(tick.pops(ALL), tick.pops(GERMANY))
  t.equal(tick.metrics, tick.metrics)
})

const deltas: Array<{
  name: string
  before: PopState[]
  after: PopState[]
  filter?: PopsFilter
  changed: PopState[]
  removed: string[]
}> = [
  {
    name: 'nothing',
    before: [ams, fra],
    after: [ams, { ...fra, sampleTime: '2026-01-01T00:00:10.000Z' }],
    changed: [],
    removed: []
  },
  { name: 'a value', before: [ams, fra], after: [ams, slower], changed: [slower], removed: [] },
  { name: 'a new PoP and one that has gone', before: [ams], after: [fra], changed: [fra], removed: ['ams1'] },
  {
    name: 'what the filter does not let through',
    before: [ams, fra],
    after: [{ ...ams, coldStartMs: 9 }, fra],
    filter: GERMANY,
    changed: [],
    removed: []
  },
  {
    name: 'one that has gone and was never let through',
    before: [ams, fra],
    after: [fra],
    filter: GERMANY,
    changed: [],
    removed: []
  },
  { name: 'one that moved out of the filter', before: [fra], after: [moved], filter: GERMANY, changed: [], removed: ['fra1'] },
  { name: 'one that moved into it', before: [moved], after: [fra], filter: GERMANY, changed: [fra], removed: [] }
]

const AT = '2026-01-01T00:00:07.500Z'
const byField: Array<{ name: string, before: PopState[], after: PopState[], filter?: PopsFilter, changed: object[] }> = [
  { name: 'a value', before: [ams, fra], after: [ams, slower], changed: [{ code: 'fra1', coldStartMs: 6 }] },
  {
    name: 'sampled before the newest',
    before: [fra],
    after: [{ ...slower, sampleTime: '2025-12-31T23:59:58.500Z' }],
    changed: [{ code: 'fra1', coldStartMs: 6, lagMs: 1_500 }]
  },
  {
    name: 'ahead of the newest that counts',
    before: [fra],
    after: [{ ...slower, sampleTime: AT }],
    changed: [{ code: 'fra1', coldStartMs: 6, lagMs: -7_500 }]
  },
  { name: 'what is not known any more', before: [fra], after: [{ ...fra, city: null }], changed: [{ code: 'fra1', city: null }] },
  {
    name: 'a baseline',
    before: [fra],
    after: [{ ...fra, baselineMs: 4, baselineLowMs: null }],
    changed: [{ code: 'fra1', baselineMs: 4, baselineLowMs: null }]
  },
  { name: 'a new PoP', before: [ams], after: [ams, fra], changed: [fra] },
  { name: 'one that moved into the filter', before: [moved], after: [fra], filter: GERMANY, changed: [fra] }
]

for (const { name, before, after: states, filter = ALL, changed } of byField) {
  t.test(`a delta by fields: ${name}`, async (t) => {
    const message = messageOf(after(5, states, before).popsSince(4, filter, 'fields'))
    t.match(message, { delta: true, fields: true, baseSeq: 4, seq: 5 })
    t.strictSame(message.data, { changed, removed: [] })
    const held = new Map(before.map((state) => [state.code, state]))
    const now = states.filter((state) => filter.matches(state)).map((state) => [state.code, state] as const)
    t.strictSame(Object.fromEntries(applyPops(held, message)), Object.fromEntries(now), 'and applied')
  })
}

for (const { name, before, after: states, filter = ALL, changed, removed } of deltas) {
  t.test(`a delta: ${name}`, async (t) => {
    t.match(messageOf(after(5, states, before).popsSince(4, filter)), { delta: true, baseSeq: 4, seq: 5 })
    t.strictSame(messageOf(after(5, states, before).popsSince(4, filter)).data, { changed, removed })
  })
}

const whole = [
  { name: 'for a client that has none yet', seq: 1, lastSeq: 0 },
  { name: 'for one that missed a tick', seq: 5, lastSeq: 3 },
  { name: 'at every 10th tick', seq: 20, lastSeq: 19 }
]

for (const { name, seq, lastSeq } of whole) {
  t.test(`no delta ${name}`, async (t) => {
    const tick = after(seq, [ams, slower], [ams, fra])
    t.equal(tick.popsSince(lastSeq, ALL), tick.pops(ALL))
  })
}

t.test('2,000 PoPs of which 5 % change: a delta is below a tenth of the whole', async (t) => {
  const before = Array.from({ length: 2_000 }, (_, index) => popState({ code: `pop${index}` }))
  const states = before.map((state, index) => index % 20 === 0 ? { ...state, coldStartMs: 7.77 } : state)
  const tick = after(5, states, before)
  const share = tick.popsSince(4, ALL).bytes / tick.pops(ALL).bytes
  t.ok(share < 0.1, `${(share * 100).toFixed(1)} %`)
})

t.test('2,000 PoPs that all have another value: a delta by fields is below a quarter of the whole', async (t) => {
  const time = Date.parse(fra.sampleTime)
  const before = Array.from({ length: 2_000 }, (_, index) => popState({ code: `pop${index}`, coldStartMs: 5.43 }))
  const states = before.map((state, index) =>
    ({ ...state, coldStartMs: 12.37, sampleTime: new Date(time - index * 5).toISOString() }))
  const tick = after(5, states, before)
  const share = tick.popsSince(4, ALL, 'fields').bytes / tick.pops(ALL).bytes
  t.ok(share < 0.25, `${(share * 100).toFixed(1)} %`)
})
