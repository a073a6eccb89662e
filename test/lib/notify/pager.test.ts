import t from 'tap'
import { AlertMaker } from '../../../lib/notify/alert.ts'
import { Pager, STALE_AFTER_INTERVALS } from '../../../lib/notify/pager.ts'
import type { Change, Receiver } from '../../../lib/notify/receiver.ts'
import { beginAnew, INTERVAL_MS, regressedPops, setUp as setUpFeed, steadyPops } from '../../support/feeds.ts'

function setUp () {
  const feed = setUpFeed()
  const { clock, source, tick, view, ticks: updates, log } = feed
  const changes: Change[] = []
  const state = { isPolling: true, isLeading: true, stops: 0, takeOvers: 0 }
  const repeated: Change[] = []
  const receiver: Receiver = {
    name: 'webhook',
    hearsAll: false,
    waiting: 0,
    changed: (change) => { changes.push(change) },
    stop: async () => { state.stops++ }
  }
  const takeOver = () => { state.takeOvers++ }
  const pager = new Pager({
    updates,
    view,
    clock,
    log,
    receivers: [
      receiver,
      {
        ...receiver,
        name: 'alertmanager',
        hearsAll: true,
        changed: (change) => { repeated.push(change) },
        stop: async () => {},
        takeOver
      }
    ],
    alerts: new AlertMaker(null),
    source: 'influxdb',
    intervalMs: INTERVAL_MS,
    isPolling: () => state.isPolling,
    isLeading: () => state.isLeading
  })
  pager.start()
  const told = () => changes.splice(0).map(({ state, alert: { labels }, replaces }) => {
    const before = replaces === null ? '' : ` instead of ${replaces.labels.severity}`
    return `${labels.pop ?? labels.alertname} ${labels.severity} ${state}${before}`
  })
  /** One interval later: these PoPs. */
  const next = async (pops: typeof steadyPops) => {
    await clock.advance(INTERVAL_MS)
    source.measurements = pops(clock.now())
    await tick()
  }
  return { ...feed, pager, receiver, changes, repeated, told, next, state }
}

async function regressed () {
  const setup = setUp()
  for (const pops of [steadyPops, regressedPops, regressedPops]) await setup.next(pops)
  return setup
}

t.test('a regression fires when it opens, and once', async (t) => {
  const { told, next, pager, changes } = await regressed()
  t.match(changes, [{ state: 'firing', alert: { regression: { pop: 'ams1', state: 'opened' } } }])
  t.strictSame(told(), ['ams1 warning firing'])
  await next(regressedPops)
  t.strictSame(told(), [], 'nothing new')
  t.match(pager.firing, [{ labels: { pop: 'ams1' } }])
})

t.test('another severity takes the place of the one before', async (t) => {
  const { told, next } = await regressed()
  told()
  const worse = (time: number) => {
    const { readings } = regressedPops(time)
    return { readings: readings.map((one) => one.pop === 'ams1' ? { ...one, value: 30 } : one) }
  }
  for (let round = 0; round < 3; round++) await next(worse)
  t.strictSame(told(), ['ams1 critical firing instead of warning'])
  for (let round = 0; round < 3; round++) await next(steadyPops)
  t.strictSame(told(), ['ams1 critical resolved'])
})

t.test('it is resolved when it is over, with what it is then', async (t) => {
  const { told, next, pager, changes } = await regressed()
  told()
  for (let round = 0; round < 3; round++) await next(steadyPops)
  t.match(changes, [{ alert: { regression: { state: 'resolved', closeReason: 'recovered' } } }])
  t.strictSame(told(), ['ams1 warning resolved'])
  t.strictSame(pager.firing, [])
})

t.test('one whose PoP is not there any more is resolved under the labels that it had', async (t) => {
  const { told, next, changes } = await regressed()
  const [{ alert: { labels } }] = changes as [Change]
  told()
  for (let round = 0; round < 100 && changes.length === 0; round++) {
    await next((time) => ({ readings: steadyPops(time).readings.filter(({ pop }) => pop !== 'ams1') }))
  }
  t.match(changes, [{ state: 'resolved', alert: { labels, regression: { closeReason: 'gone' } } }])
})

t.test('one query that fails wakes nobody; a source that is down does, until it answers', async (t) => {
  const { told, next, fail, clock, tick, source, changes } = setUp()
  await next(steadyPops)
  const { onCollect } = source
  fail('unavailable')
  await clock.advance(INTERVAL_MS)
  await tick()
  source.onCollect = onCollect
  await next(steadyPops)
  t.strictSame(told(), [])
  fail('timeout')
  const failedAt = clock.now() + INTERVAL_MS
  for (let round = 0; round <= STALE_AFTER_INTERVALS; round++) {
    t.strictSame(told(), [], `after ${round} failures`)
    await clock.advance(INTERVAL_MS)
    await tick()
  }
  t.match(changes, [{
    alert: { startsAt: failedAt, annotations: { summary: 'the feed is stale: the metrics source did not answer in time' } }
  }])
  t.strictSame(told(), ['PopcastFeedStale critical firing'])
  await clock.advance(INTERVAL_MS)
  await tick()
  t.strictSame(told(), [], 'once')
  source.onCollect = onCollect
  await next(steadyPops)
  t.strictSame(told(), ['PopcastFeedStale critical resolved'])
})

t.test('what is regressed stays so while the source is down', async (t) => {
  const { told, fail, clock, tick, pager } = await regressed()
  told()
  fail('unavailable')
  for (let round = 0; round < 10; round++) {
    await clock.advance(INTERVAL_MS)
    await tick()
  }
  t.strictSame(told(), ['PopcastFeedStale critical firing'])
  t.equal(pager.firing.length, 2)
})

t.test('ticks that come to nothing at all are a stale feed as well', async (t) => {
  const { told, clock, changes } = setUp()
  await clock.advance(STALE_AFTER_INTERVALS * INTERVAL_MS)
  t.match(changes, [{ alert: { annotations: { summary: 'the feed is stale: nothing new comes' } } }])
  t.strictSame(told(), ['PopcastFeedStale critical firing'])
})

t.test('who has stopped to poll does not call that stale, and resolves nothing', async (t) => {
  const { told, clock, pager, state } = await regressed()
  told()
  state.isPolling = false
  await clock.advance(100 * INTERVAL_MS)
  await pager.stop()
  await clock.advance(100 * INTERVAL_MS)
  t.strictSame(told(), [])
  t.equal(state.stops, 1)
})

t.test('of several instances who leads tells, and who begins to tells again what it cannot know to be told', async (t) => {
  const { told, next, state, repeated } = setUp()
  state.isLeading = false
  for (const pops of [steadyPops, regressedPops, regressedPops]) await next(pops)
  t.strictSame(told(), [], 'another one does')
  t.equal(repeated.length, 1, 'but for those that may hear it from each')
  state.isLeading = true
  await next(regressedPops)
  t.match(told(), [/^ams1 .* firing$/])
  await next(regressedPops)
  t.strictSame(told(), [], 'once')
  t.strictSame([repeated.length, state.takeOvers], [1, 1])
})

t.test('a receiver that throws keeps nobody else from being told', async (t) => {
  const { next, receiver, log, connection } = setUp()
  receiver.changed = () => { throw new Error('injected') }
  for (const pops of [steadyPops, regressedPops, regressedPops]) await next(pops)
  t.equal(connection.broadcastCount, 3)
  t.match(log.of('task_failed'), [{ task: 'pager', err: { message: 'injected' } }])
})

t.test('in a stream that begins anew what fires goes on: nobody is told that it has ended', async (t) => {
  const { told, view, ticks: updates, pager } = await regressed()
  told()
  const goOn = await beginAnew({ view, updates })
  await goOn()
  t.strictSame(told(), [])
  t.match(pager.firing, [{ labels: { pop: 'ams1' } }])
})
