import t from 'tap'
import { unseen } from '../../client/events.ts'
import { nothing, reduce, type Handling, type Held } from '../../client/store.ts'
import type { PopcastEvents, Subscription } from '../../client/index.ts'
import type { ServerMessage } from '../../lib/protocol/server-messages.ts'
import {
  alertMessage, alertOf, at, confirmed, INTERVAL_MS, openAlerts, pong, pop, popsUpdate, sourceError, update, welcome
} from '../support/feed-messages.ts'

type Told = { [Name in keyof PopcastEvents]: [Name, PopcastEvents[Name]] }[keyof PopcastEvents] | ['gap']

/** Handles messages, each received when it was made unless said otherwise. */
function handler (subscription: Subscription = { metrics: true, alerts: true, pops: true }, historyLimit = 3) {
  const told: Told[] = []
  const isNew = unseen()
  let held = nothing
  const handle = (message: object, received = 0): Held => {
    const events: Told[] = []
    const handling: Handling = {
      received,
      subscription,
      historyLimit,
      isPrompt: false,
      isNew,
      tell: (...event) => events.push(event as Told),
      gap: () => events.push(['gap'])
    }
    held = reduce(held, message as ServerMessage, handling)
    told.push(...events)
    return held
  }
  return { handle, told, names: () => told.map(([name]) => name) }
}

t.test('position', async (t) => {
  const { handle } = handler()
  const steps: Array<[name: string, message: object, expected: object]> = [
    ['welcome sets it', welcome({ seq: 5 }), { epoch: 'e1', seq: 5 }],
    ['an update moves it forward', update({ seq: 7 }), { epoch: 'e1', seq: 7 }],
    ['a pong may be older', pong({ seq: 6 }), { epoch: 'e1', seq: 7 }],
    ['an alert of the tick to come', alertMessage('a', 'opened', { seq: 7, tickSeq: 8 }), { epoch: 'e1', seq: 7 }],
    ['a message without one', sourceError(), { epoch: 'e1', seq: 7 }],
    ['a type that is not known', { type: 'news', epoch: 'e9', seq: 99 }, { epoch: 'e1', seq: 7 }],
    ['a confirmation sets it', confirmed({ seq: 4 }), { epoch: 'e1', seq: 4 }],
    ['another epoch', update({ epoch: 'e2', seq: 1 }), { epoch: 'e2', seq: 1 }],
    [
      'a delta that cannot be applied',
      popsUpdate({ seq: 2, epoch: 'e2', delta: true, baseSeq: 1, data: { changed: [], removed: [] } }),
      { epoch: 'e2', seq: 2 }
    ]
  ]
  for (const [name, message, expected] of steps) t.strictSame(handle(message).position, expected, name)
})

t.test('overview', async (t) => {
  const { handle, told } = handler()
  const { overview } = handle(update())
  t.strictSame(overview, { totalPops: 20, healthyPops: 19, averageColdStart: 5.5, regressions: 1, silentPops: 0 })
  t.equal(handle(update({ seq: 2 })).overview, overview, 'the same object while it says the same')
  const data = { totalPops: 0, healthyPops: 0, averageColdStart: 0, regressions: 0 }
  t.match(handle(update({ seq: 3, data })).overview, { totalPops: 0, averageColdStart: null }, 'a mean of nothing is none')
  t.match(told[0], ['overview', { overview, replay: false }])
  t.match(handle(update({ seq: 4, skipped: 3 })).skipped, 3)
})

t.test('skipped updates are counted once, though both updates of a tick tell of them', async (t) => {
  const both = handler()
  both.handle(update({ seq: 4, skipped: 3 }))
  t.equal(both.handle(popsUpdate({ seq: 4, skipped: 3, data: { pops: [] } })).skipped, 3)
  const pops = handler({ pops: true })
  pops.handle(update({ seq: 4, skipped: 3 }))
  t.equal(pops.handle(popsUpdate({ seq: 4, skipped: 3, data: { pops: [] } })).skipped, 3, 'whatever is shown')
})

t.test('history', async (t) => {
  const { handle, told } = handler()
  const seqs = ({ history }: Held) => history.map(({ epoch, seq }) => `${epoch}:${seq}`)
  handle(update({ seq: 5 }, 50_000), 50_000)
  const { overview } = handle(update({ seq: 5 }, 50_000), 50_000)
  const data = { totalPops: 1, healthyPops: 1, averageColdStart: 1, regressions: 0 }
  const held = handle(update({ seq: 4, replay: true, data }, 40_000), 50_000)
  t.strictSame(seqs(held), ['e1:4', 'e1:5'], 'by time, each once')
  t.equal(held.overview, overview, 'what is older than what is shown is only history')
  t.equal(told.length, 2)
  t.strictSame(seqs(handle(update({ seq: 1, epoch: 'e2' }, 60_000), 60_000)), ['e1:4', 'e1:5', 'e2:1'], 'another process')
  t.strictSame(seqs(handle(update({ seq: 2, epoch: 'e2' }, 70_000), 70_000)), ['e1:5', 'e2:1', 'e2:2'], 'a ring')
  const none = handle(update({ seq: 3, epoch: 'e2', dataTime: null, ageMs: null }, 80_000), 80_000)
  t.strictSame(seqs(none), ['e1:5', 'e2:1', 'e2:2'], 'without a sample there is no point')
  t.match(handle(update({ seq: 4, epoch: 'e2', status: 'stale' }, 90_000), 90_000).history.at(-1), {
    dataTime: new Date(at(89_000)), stale: true, overview: { totalPops: 20 }
  })
  t.strictSame(seqs(handler({ metrics: true }, 0).handle(update())), [], 'none is wanted')
})

t.test('PoPs', async (t) => {
  const { handle, told } = handler()
  const whole = handle(popsUpdate({ data: { pops: [pop('fra1'), pop('ams1'), pop('lhr1')] } }))
  t.strictSame([...whole.pops.keys()], ['fra1', 'ams1', 'lhr1'])
  t.match(told.pop(), ['pops', { whole: true, changed: { length: 3 }, removed: [] }])
  const changed = [{ code: 'fra1', coldStartMs: 9, city: null, lagMs: 3_000 }, { code: 'ams1', sampleTime: at(4_321) }]
  const delta = { delta: true as const, fields: true as const, baseSeq: 1 }
  const held = handle(popsUpdate({ seq: 2, ...delta, data: { changed, removed: ['lhr1', 'gru1'] } }, 10_000))
  const expected = pop('fra1', { coldStartMs: 9, city: null, sampleTime: at(6_000) })
  t.strictSame(held.pops.get('fra1'), expected, 'only what changed comes')
  t.strictSame(held.pops.get('ams1'), pop('ams1', { sampleTime: at(4_321) }), 'a time of its own')
  t.notOk(held.pops.has('lhr1'))
  t.match(told.pop(), ['pops', { whole: false, changed: [{ code: 'fra1' }, { code: 'ams1' }], removed: ['lhr1'] }])
  t.equal(whole.pops.get('fra1')?.coldStartMs, 4.5, 'what was given away is not touched')
  const { pops } = held
  const same = [...pops.values()].map((one) => ({ ...one }))
  t.equal(handle(popsUpdate({ seq: 3, data: { pops: same } })).pops, pops, 'nothing new: the same object')
  t.strictSame(told, [])
  const { pops: fewer } = handle(popsUpdate({ seq: 4, data: { pops: [pop('ams1', { sampleTime: at(4_321) })] } }))
  t.strictSame([...fewer.keys()], ['ams1'], 'what a whole one lacks is gone')
  t.equal(fewer.get('ams1'), pops.get('ams1'), 'who did not change is the same')
  t.match(told.pop(), ['pops', { whole: true, changed: [], removed: ['fra1'] }])
  const { sampleTime, ...born } = { ...pop('gru1'), lagMs: -500 }
  const grown = handle(popsUpdate({ seq: 5, ...delta, baseSeq: 4, data: { changed: [born], removed: [] } }, 20_000)).pops
  t.strictSame(grown.get('gru1')?.sampleTime, at(19_500), 'a new one is whole; its sample may be newer than the newest')
})

t.test('a delta that is for another state', async (t) => {
  const data = { changed: [pop('fra1')], removed: [] }
  const delta = (fields: object) => popsUpdate({ seq: 3, delta: true, baseSeq: 2, data, ...fields })
  const { handle, names } = handler()
  const { pops } = handle(popsUpdate({ seq: 1, data: { pops: [pop('ams1')] } }))
  t.equal(handle(delta({})).pops, pops, 'is not applied')
  t.strictSame(names(), ['pops', 'gap'])
  handle(delta({ seq: 4, baseSeq: 3 }))
  t.strictSame(names(), ['pops', 'gap'], 'is told once')
  handle(popsUpdate({ seq: 5, data: { pops: [pop('ams1')] } }))
  t.ok(handle(delta({ seq: 6, baseSeq: 5 })).pops.has('fra1'), 'after a whole one deltas go on')
  const other = { changed: [pop('lhr1')], removed: ['ams1'] }
  t.strictSame([...handle(delta({ seq: 7, epoch: 'e2', baseSeq: 6, data: other })).pops.keys()], ['ams1', 'fra1'])
  t.strictSame(names(), ['pops', 'gap', 'pops', 'gap'], 'the same number of another process is another state')
})

t.test('alerts', async (t) => {
  const { handle, told, names } = handler()
  t.strictSame([...handle(alertMessage('a', 'opened')).alerts.keys()], ['a'])
  t.match(told.at(-1), ['alert', { alert: { id: 'a', state: 'opened' }, replay: false }])
  t.equal(handle(alertMessage('a', 'updated', { tickSeq: 2 })).alerts.get('a')?.state, 'updated')
  t.strictSame([...handle(alertMessage('a', 'resolved', { tickSeq: 3 })).alerts.keys()], [])
  const { alerts } = handle(alertMessage('a', 'opened', { replay: true }))
  t.equal(alerts.size, 0, 'what was handled comes back in vain')
  t.equal(names().length, 3)
  handle(alertMessage('b', 'opened', { tickSeq: 4, replay: true }))
  t.match(told.at(-1), ['alert', { alert: { id: 'b' }, replay: true }])
})

t.test('open_alerts takes the place of what is held', async (t) => {
  const { handle, names } = handler()
  handle(alertMessage('a', 'opened'))
  handle(alertMessage('ghost', 'opened'))
  const before = handle(alertMessage('b', 'opened')).alerts
  const { alerts } = handle(openAlerts(['a', 'c']))
  t.strictSame([...alerts.keys()], ['a', 'c'])
  t.equal(alerts.get('a'), before.get('a'), 'what did not change is the same object')
  t.strictSame(alerts.get('c'), alertOf('c'))
  t.equal(handle(openAlerts([])).alerts.size, 0)
  t.strictSame(names(), ['alert', 'alert', 'alert'], 'nothing is told as new')
})

t.test('what a process that knows nothing yet says of open alerts', async (t) => {
  const before = (handle: (message: object) => Held) => {
    handle(alertMessage('a', 'opened'))
    return handle(alertMessage('b', 'opened')).alerts
  }
  const ids = ({ alerts }: Held) => [...alerts.keys()].join()
  const nothingYet = openAlerts([], { epoch: 'e2', seq: 0 })
  const second = { epoch: 'e2', seq: 0, tickSeq: 1 }
  const first = update({ epoch: 'e2', seq: 1 })
  t.test('leaves them for a moment, and the first update ends those that are open no more', async (t) => {
    const { handle } = handler()
    const alerts = before(handle)
    t.equal(handle(nothingYet).alerts, alerts)
    t.equal(ids(handle(alertMessage('b', 'opened', second))), 'a,b')
    t.equal(ids(handle(first)), 'b')
    t.equal(ids(handle(update({ epoch: 'e2', seq: 2 }))), 'b', 'once')
  })
  t.test('also when nobody wants the metrics', async (t) => {
    const { handle } = handler({ alerts: true })
    before(handle)
    handle(nothingYet)
    t.equal(ids(handle(first)), '')
  })
  t.test('says it again, when it is asked again', async (t) => {
    const { handle } = handler()
    const alerts = before(handle)
    handle(nothingYet)
    t.equal(handle(nothingYet).alerts, alerts)
    t.equal(ids(handle(first)), '')
  })
  t.test('until the next set', async (t) => {
    const { handle } = handler()
    before(handle)
    handle(nothingYet)
    t.equal(ids(handle(openAlerts(['b', 'c'], { epoch: 'e2', seq: 1 }))), 'b,c')
    t.equal(ids(handle(first)), 'b,c')
  })
  t.test('what is resolved is gone at once', async (t) => {
    const { handle } = handler()
    before(handle)
    handle(nothingYet)
    t.equal(ids(handle(alertMessage('a', 'resolved', second))), 'b')
  })
  t.test('a set that is not empty says what it says', async (t) => {
    const { handle } = handler()
    before(handle)
    t.equal(ids(handle(openAlerts(['c'], { epoch: 'e2', seq: 0 }))), 'c')
  })
  t.test('who leaves the topic has none', async (t) => {
    const { handle } = handler()
    before(handle)
    handle(nothingYet)
    t.equal(handle(confirmed({ topics: ['metrics'], epoch: 'e2', seq: 0 })).doubted.size, 0)
  })
})

t.test('a source that fails', async (t) => {
  const { handle } = handler()
  handle(welcome())
  handle(update())
  const failed = handle(sourceError({}, 12_000), 12_000)
  t.strictSame(failed.sourceError, {
    code: 'SOURCE_TIMEOUT', message: 'the database does not answer', since: new Date(at(12_000)), dataTime: new Date(at(0))
  })
  t.equal(failed.basis?.dueAt, 12_000 + INTERVAL_MS, 'asked again then')
  t.match(handle(sourceError({ code: 'SOURCE_UNAVAILABLE' }, 22_000), 22_000).sourceError, {
    code: 'SOURCE_UNAVAILABLE', since: new Date(at(12_000))
  }, 'an older server does not say since when: since the first one')
  const since = new Date(at(5_000))
  t.match(handle(sourceError({ since: since.toISOString() }, 32_000), 32_000).sourceError, { since })
  t.equal(handle(update({ seq: 2, status: 'stale' }, 42_000), 42_000).sourceError, null, 'any update ends it: it was answered')
  t.equal(handle(sourceError({ code: 'INTERNAL' })).sourceError, null, 'not every error is the source\'s')
})

t.test('a confirmation', async (t) => {
  const { handle, told } = handler()
  handle(update())
  handle(popsUpdate({ data: { pops: [pop('fra1')] } }))
  handle(alertMessage('a', 'opened'))
  told.length = 0
  const counts = ({ overview, history, pops, alerts, basis }: Held) =>
    [Number(overview !== null), Number(basis !== null), history.length, pops.size, alerts.size]
  t.strictSame(counts(handle(confirmed({ topics: ['alerts', 'metrics', 'pops'] }))), [1, 1, 1, 1, 1])
  t.strictSame(counts(handle(confirmed({ topics: ['metrics'] }))), [1, 1, 1, 0, 0], 'what is left out is emptied')
  t.equal(handle(confirmed({ topics: ['metrics'] })).popsAt, null)
  t.strictSame(counts(handle(confirmed({ topics: ['alerts'] }))), [0, 1, 0, 0, 0], 'how fresh it was is still known')
  t.strictSame(told, [], 'without a position nothing is resumed')
  handle(confirmed({ recovered: true, fromSeq: 5, headSeq: 7 }))
  handle(confirmed({ recovered: false, code: 'UNRECOVERABLE_POSITION', reason: 'too_old' }))
  t.strictSame(told, [
    ['resumed', { recovered: true, reason: null, missed: 3 }],
    ['resumed', { recovered: false, reason: 'too_old', missed: null }]
  ])
})

t.test('what is not of the protocol is refused, and changes nothing', async (t) => {
  const messages: object[] = [
    update({ seq: 'a' as never }),
    update({ data: { totalPops: 20 } as never }),
    update({ data: { totalPops: '20', healthyPops: 19, averageColdStart: 5.5, regressions: 1 } as never }),
    update({ nextPollAt: 'soon' }),
    update({ data: undefined as never }),
    popsUpdate({ data: {} as never }),
    popsUpdate({ data: { pops: {} } as never }),
    popsUpdate({ data: { pops: [{ code: 'fra1' }] } as never }),
    alertMessage('a', 'opened', { data: undefined as never }),
    openAlerts([], { data: {} as never }),
    welcome({ intervalMs: undefined as never }),
    welcome({ data: {} as never }),
    sourceError({ data: undefined })
  ]
  for (const message of messages) {
    const { handle, told } = handler()
    const before = handle(alertMessage('b', 'opened'))
    told.length = 0
    t.throws(() => handle(message), JSON.stringify(message))
    t.strictSame(told, [])
    t.strictSame({ ...handle(pong()), position: null }, { ...before, position: null })
  }
})
