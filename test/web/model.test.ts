import t from 'tap'
import type { Freshness, Snapshot } from '../../client/types.ts'
import { createModel } from '../../web/state/model.ts'
import { alertOf, alertsOf, popOf, popsOf, snapshotOf } from '../support/client-values.ts'

const START = Date.parse('2026-01-01T10:42:44.200Z')
const overview = { totalPops: 2, healthyPops: 2, averageColdStart: 5, regressions: 0, silentPops: 0 }
const live = snapshotOf({ overview, pops: popsOf(popOf(), popOf({ code: 'ams1', country: 'NL' })) })
const syncing = { name: 'syncing', transport: 'websocket' } as const

function setUp (search = '', first = live) {
  let change = (_: Snapshot) => {}
  let [now, snapshot] = [START, first]
  const feed = {
    get snapshot () { return snapshot },
    freshness: (): Freshness => snapshot.freshness,
    on: (name: string, listener: any) => {
      if (name === 'change') change = listener
      return () => {}
    },
    setSubscription: async () => {}
  }
  const model = createModel(feed, search, () => now)
  return {
    model,
    say (fields: Partial<Snapshot>, afterMs = 1_000) {
      now += afterMs
      snapshot = { ...snapshot, ...fields }
      change(snapshot)
    }
  }
}

t.test('while the picture stands still, the feed is told of as it is', async (t) => {
  const { model, say } = setUp()
  model.togglePause()
  const stale = { ...live.freshness, state: 'stale', ageMs: 180_000 } as const
  say({ freshness: stale, alerts: alertsOf(alertOf()), pops: new Map() }, 180_000)
  t.match(model.latest, { look: { value: 'old' }, now: { value: START + 180_000 }, headline: { value: { kind: 'stale' } } })
  t.equal(model.latest.snapshot.value.alerts.size, 1)
  t.match(model, { look: { value: 'live' }, now: { value: START }, pops: { value: { length: 2 } } })
  t.equal(model.snapshot.value.alerts.size, 0)
  t.strictSame(model.asOf.value, live.freshness.dataTime)
  t.match(model.headline.value, {
    kind: 'stale', word: 'PAUSED since 10:42:44Z', details: ['picture as of 10:42:43Z', 'feed: STALE']
  })
  t.notMatch(model.headline.value.details.join(), /old/, 'no age beside numbers of another time')

  model.togglePause()
  t.match(model, { look: { value: 'old' }, pops: { value: { length: 0 } }, headline: { value: { word: 'STALE' } } })
})

t.test('connected again it is not live before what was missed has come', async (t) => {
  const { model, say } = setUp()
  t.equal(model.headline.value.kind, 'live')
  say({ connection: { name: 'connecting', attempt: 1 } })
  t.equal(model.headline.value.kind, 'reconnecting')
  for (const totalPops of [2, 0]) {
    say({ connection: syncing, overview: { ...overview, totalPops } })
    t.match(model.headline.value, { kind: 'connecting', details: ['asking for what was missed', /^data 1\.2 s old/] })
  }
  say({ connection: live.connection, overview })
  t.equal(model.headline.value.kind, 'live')
})

t.test('nor at first, when nothing was missed', async (t) => {
  const { model } = setUp('', { ...live, connection: syncing })
  t.match(model.headline.value, { kind: 'connecting', details: ['asking for the present state'] })
})

t.test('how old what it is sent meanwhile is says nothing of what is', async (t) => {
  for (const state of ['none', 'late', 'stale'] as const) {
    const { model, say } = setUp()
    say({ connection: syncing, freshness: { ...live.freshness, state, ageMs: state === 'none' ? null : 1_140_000 } })
    const old = state === 'none' ? [] : ['data 19 min old']
    t.match(model.headline.value, { kind: 'connecting', details: ['asking for what was missed', ...old] })
    say({ connection: live.connection })
    t.notMatch(model.headline.value, { kind: 'connecting' })
  }
})

t.test('what is worse than that is said', async (t) => {
  const { model, say } = setUp()
  const sourceError = { code: 'SOURCE_TIMEOUT', message: '', since: new Date(), dataTime: null } as const
  say({ connection: syncing, freshness: { ...live.freshness, state: 'stale', sourceError } })
  t.equal(model.headline.value.kind, 'failing')
})
