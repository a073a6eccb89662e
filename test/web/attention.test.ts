import t from 'tap'
import type { Alert, Pop } from '../../client/types.ts'
import { attentionOf, itemOf, placeOf, tierWord } from '../../web/state/attention.ts'
import { alertOf, alertsOf, popOf } from '../support/client-values.ts'

/** What is listed, as it is said at a time. */
function attention (pops: Pop[], alerts: ReadonlyMap<string, Alert>, now: number, limit: number) {
  const { shown, ...rest } = attentionOf(pops, alerts, limit)
  return { items: shown.map((standing) => itemOf(standing, now)), ...rest }
}

const now = Date.parse('2026-01-01T10:42:44.000Z')

const sick = [
  popOf({ code: 'gru1', city: 'São Paulo', country: 'BR', tier: '2', healthy: false, coldStartMs: 11.2, baselineMs: null }),
  popOf({ code: 'scl1', city: 'Santiago', country: 'CL', tier: null, healthy: false, coldStartMs: 12, baselineMs: 10 }),
  popOf({ code: 'lhr2', city: 'London', country: 'GB', status: 'silent', sampleTime: '2026-01-01T10:41:14.000Z' }),
  popOf({ code: 'cdg1', city: 'Paris', country: 'FR', status: 'silent', healthy: false, sampleTime: '2026-01-01T08:00:00.000Z' }),
  popOf({ code: 'ams1', city: 'Amsterdam', country: 'NL', regression: 'warning', coldStartMs: 9 }),
  popOf({ code: 'mad1', city: 'Madrid', country: 'ES', regression: 'critical', coldStartMs: 9 }),
  popOf({ regression: 'critical', coldStartMs: 13.2 })
]
const well = [popOf({ code: 'ok1' }), popOf({ code: 'new1', regression: 'not_enough_data' })]
const alerts = alertsOf(alertOf(), alertOf({ id: 'm', pop: 'mad1' }), alertOf({ id: 'a', pop: 'ams1', severity: 'warning' }))

t.test('the worst comes first: severity and change, then how long silent, then how slow', async (t) => {
  const { items, total, healthy, unknown, more } = attention([...well, ...sick], alerts, now, 50)
  t.strictSame(items.map(({ isPast, ...item }) => item), [
    { code: 'fra1', condition: 'critical', place: 'Frankfurt DE t1', value: '13.2 ms', change: '+193 %', since: '5 min' },
    { code: 'mad1', condition: 'critical', place: 'Madrid ES t1', value: '9.00 ms', change: '+100 %', since: '5 min' },
    { code: 'ams1', condition: 'warning', place: 'Amsterdam NL t1', value: '9.00 ms', change: '+100 %', since: '5 min' },
    { code: 'cdg1', condition: 'silent', place: 'Paris FR t1', value: 'for 3 h', change: null, since: null },
    { code: 'lhr2', condition: 'silent', place: 'London GB t1', value: 'for 90 s', change: null, since: null },
    { code: 'scl1', condition: 'slow', place: 'Santiago CL', value: '12.0 ms', change: '+20 %', since: null },
    { code: 'gru1', condition: 'slow', place: 'São Paulo BR t2', value: '11.2 ms', change: null, since: null }
  ])
  t.ok(items.every(({ isPast }) => !isPast))
  t.strictSame([total, healthy, unknown], [7, 1, 1], 'each is counted, and once')
  t.strictSame(more, [])
})

t.test('what does not fit is counted by condition, tier and country', async (t) => {
  const another = popOf({ code: 'gru2', country: 'BR', tier: '2', healthy: false })
  const { items, total, more } = attention([...sick, another], alerts, now, 1)
  t.strictSame(items.map(({ code }) => code), ['fra1'])
  t.equal(total, 8)
  t.strictSame(more, ['1 critical: 1 ES t1', '1 warning: 1 NL t1', '2 silent: 1 FR t1, 1 GB t1', '3 slow: 2 BR t2, 1 CL'])
})

t.test('more places than can be read are counted', async (t) => {
  const pops = Array.from({ length: 10 }, (_, index) =>
    popOf({ code: `p${index}`, country: index < 3 ? 'DE' : `C${index}`, tier: null, healthy: false }))
  const { more } = attention([...pops, popOf({ code: 'x', country: null, tier: null, healthy: false })], new Map(), now, 0)
  t.strictSame(more, ['11 slow: 3 DE, 1 C3, 1 C4, 1 C5, 1 C6, 1 C7, 3 in 3 other places'])
})

t.test('an alert is believed before its PoP says so', async (t) => {
  const { items, healthy } = attention([popOf()], alertsOf(alertOf({ severity: 'warning' })), now, 9)
  t.strictSame(items.map(({ code, condition }) => [code, condition]), [['fra1', 'warning']])
  t.equal(healthy, 0)
})

t.test('what is regressed and silent is told as both, and lasts until its last sample', async (t) => {
  const sampleTime = new Date(now - 120_000).toISOString()
  const pop = popOf({ regression: 'critical', status: 'silent', coldStartMs: 9, sampleTime })
  const { items } = attention([pop], alertsOf(alertOf()), now, 9)
  t.match(items, [{ condition: 'critical', isPast: true, value: 'silent for 2 min', change: null, since: '3 min' }])
})

t.test('durations run until the time that is given, and never backwards', async (t) => {
  const then = Date.parse('2026-01-01T10:39:00.000Z')
  t.match(attention(sick, alerts, then, 1).items, [{ since: '60 s' }])
  t.match(attention(sick, alerts, then - 3_600_000, 1).items, [{ since: '0 s' }])
})

t.test('times that are none are not known', async (t) => {
  const pops = [popOf({ regression: 'critical' }), popOf({ code: 'b', status: 'silent', sampleTime: '' })]
  t.match(attention(pops, alertsOf(alertOf({ since: '?' })), now, 9).items, [{ since: null }, { value: 'no sample' }])
})

t.test('of two alerts of one PoP the worse counts, and of two as bad the older', async (t) => {
  const older = alertOf({ id: 'b', since: '2026-01-01T09:00:00.000Z' })
  for (const both of [[alertOf(), older], [older, alertOf()]]) {
    const { items } = attention([popOf()], alertsOf(...both, alertOf({ id: 'c', severity: 'warning' })), now, 9)
    t.match(items, [{ condition: 'critical', since: '103 min' }])
  }
})

t.test('where a PoP is, as far as it is known', async (t) => {
  t.equal(placeOf(popOf({ city: null, country: null, tier: null })), '')
  t.equal(placeOf(popOf({ tier: 'edge' })), 'Frankfurt DE edge')
  t.equal(tierWord('12'), 't12')
})
