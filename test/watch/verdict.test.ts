import t from 'tap'
import { PopcastError } from '../../client/index.ts'
import { noData, verdictOf } from '../../watch/verdict.ts'
import { pop } from '../support/feed-messages.ts'
import { fresh, lost, NOW, stale, unheard, watchState } from '../support/watch-states.ts'

const waiting = { name: 'waiting', attempt: 1, retryAt: NOW + 2_000, cause: lost } as const
const failed = { name: 'failed', cause: new PopcastError('PROTOCOL', '', { closeCode: 1002 }) } as const
const syncing = { name: 'syncing', transport: 'sse' } as const
const follow = { once: false, failOnRegression: false }
const failing = { once: false, failOnRegression: true }
const once = { once: true, failOnRegression: false }
/** Right after the service has started. */
const unjudged = (fields = {}) => watchState({ pops: [pop('fra1', { regression: 'not_enough_data' })], alerts: [], ...fields })
const open = [...watchState().alerts.values()]
const empty = { totalPops: 0, healthyPops: 0, averageColdStart: null, regressions: 0, silentPops: 0 }

const cases = [
  { name: 'live, without an end', wanted: follow, state: watchState(), code: null },
  { name: 'failing on a regression', wanted: failing, state: watchState(), code: 1 },
  { name: 'failing on a regression, none', wanted: failing, state: watchState({ alerts: [] }), code: null },
  { name: 'stopped for good', wanted: follow, state: watchState({ connection: failed }), code: 3 },
  { name: 'once, live', wanted: once, state: watchState(), code: 0 },
  { name: 'once, a regression', wanted: { once: true, failOnRegression: true }, state: watchState(), code: 1 },
  { name: 'once, no regression', wanted: { once: true, failOnRegression: true }, state: watchState({ alerts: [] }), code: 0 },
  { name: 'once, stale', wanted: { once: true, failOnRegression: true }, state: watchState({ freshness: stale() }), code: null },
  { name: 'once, late', wanted: once, state: watchState({ freshness: fresh({ state: 'late' }) }), code: null },
  { name: 'once, cut off', wanted: once, state: watchState({ connection: waiting }), code: null },
  { name: 'once, still coming in', wanted: once, state: watchState({ connection: syncing }), code: null },
  { name: 'once, no data yet', wanted: once, state: watchState({ ...unheard }), code: null },
  { name: 'once, the PoPs are still to come', wanted: once, state: watchState(), arePopsKnown: false, code: null },
  { name: 'once, no PoP can be judged yet', wanted: { once: true, failOnRegression: true }, state: unjudged(), code: null },
  { name: 'once, no PoP can be judged yet, nor has to be', wanted: once, state: unjudged(), code: 0 },
  { name: 'once, open since before', wanted: { once: true, failOnRegression: true }, state: unjudged({ alerts: open }), code: 1 },
  { name: 'once, no PoP', wanted: once, state: watchState({ overview: empty }), code: 3 },
  { name: 'once, none of those asked for', wanted: once, state: watchState({ selection: 'xxx9', pops: [], alerts: [] }), code: 3 }
]
for (const { name, wanted, state, arePopsKnown = true, code } of cases) {
  t.test(name, async (t) => {
    t.equal(verdictOf(wanted, state, arePopsKnown)?.code ?? null, code)
  })
}

t.test('says why there is nothing to rely on', async (t) => {
  t.strictSame(noData(watchState({ ...unheard, connection: waiting }), 10_000), {
    code: 3, message: 'no data to rely on within 10 s: CANNOT CONNECT, next try in 2 s (try 2), connection lost'
  })
  t.match(noData(watchState({ selection: 'xxx9', pops: [] })), { message: /^no data to rely on \(of xxx9\): LIVE/ })
  t.match(noData(unjudged()), { message: /, not enough data to tell what is regressed$/ })
  t.match(noData(watchState({ freshness: stale() }), 500), { message: 'no data to rely on within 0.5 s: STALE, data 3 min old' })
})
