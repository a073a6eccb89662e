import t from 'tap'
import type { ErrorMessage } from '../../../lib/protocol/server-messages.ts'
import { settle } from '../../support/fake-clock.ts'
import { deferred, reading } from '../../support/fake-source.ts'
import { beginAnew, goOnAs, INTERVAL_MS, regressedPops, setUp, START_MS, steadyPops } from '../../support/feeds.ts'
import { SourceError } from '../../../lib/source/source-error.ts'

t.test('a tick publishes an update', async (t) => {
  const { view, tick, source, clock, messages } = setUp()
  source.measurements = {
    readings: [reading({ value: 5, time: START_MS - 4_000 }), reading({ pop: 'ams1', value: 12.346, time: START_MS - 9_000 })]
  }
  t.equal(view.latest(), null)
  t.equal(view.seq, 0)
  await tick()
  const update = {
    type: 'metrics_update',
    data: { totalPops: 2, healthyPops: 1, averageColdStart: 8.67, regressions: 0 },
    epoch: 'e1',
    seq: 1,
    dataTime: '2025-12-31T23:59:56.000Z',
    polledAt: '2026-01-01T00:00:00.000Z',
    ageMs: 4_000,
    status: 'fresh',
    nextPollAt: '2026-01-01T00:00:10.000Z',
    silentPops: 0
  }
  t.strictSame(messages(), [update])
  t.strictSame(view.latest()?.update, update)
  await clock.advance(3_000)
  t.strictSame(view.latest()?.update, { ...update, ageMs: 7_000 }, 'between two ticks it is as old as it is')
})

t.test('the update is polled when the answer is there, and the query is timed', async (t) => {
  const { tick, source, clock, messages, statistics } = setUp()
  const answer = deferred<void>()
  source.onCollect = () => answer.promise.then(() => source.measurements)
  source.measurements = steadyPops(START_MS)
  const pending = tick()
  await clock.advance(1_500)
  t.strictSame(messages(), [])
  answer.resolve()
  await pending
  t.match(messages(), [{ polledAt: '2026-01-01T00:00:01.500Z', ageMs: 1_500 }])
  t.match(statistics.take(), { ticks: 1, failedTicks: 0, sent: 1, queryMs: { mean: 1_500, max: 1_500 } })
})

t.test('seq counts the updates; that the data turned stale is one of its own, told once', async (t) => {
  const { tick, source, clock, messages, fail } = setUp()
  for (const works of [true, false, false, true]) {
    source.measurements = steadyPops(clock.now())
    if (works) source.onCollect = async () => source.measurements
    else fail('timeout')
    await tick()
    await clock.advance(INTERVAL_MS)
  }
  t.strictSame(
    messages().map((message) => ('seq' in message && 'status' in message ? [message.seq, message.status] : [message.type])),
    [[1, 'fresh'], [2, 'stale'], ['error'], ['error'], [3, 'fresh']]
  )
})

t.test('a regressed PoP is in the next update, and out of it when it is over', async (t) => {
  const { tick, source, clock, updates } = setUp()
  for (const measurements of [steadyPops, regressedPops, regressedPops, steadyPops, steadyPops]) {
    source.measurements = measurements(clock.now())
    await tick()
    await clock.advance(INTERVAL_MS)
  }
  t.strictSame(
    updates().map(({ data }) => data.regressions),
    [0, 0, 1, 1, 0],
    'at its second sample, and until the second one after it'
  )
})

t.test('a failure is told to every client', async (t) => {
  const cases = [
    { reason: 'timeout', code: 'SOURCE_TIMEOUT', text: 'the metrics source did not answer in time' },
    { reason: 'unavailable', code: 'SOURCE_UNAVAILABLE', text: 'the metrics source is unavailable' },
    { reason: 'unauthorized', code: 'SOURCE_UNAVAILABLE', text: 'the metrics source is unavailable' },
    { reason: 'bad_answer', code: 'SOURCE_UNAVAILABLE', text: 'the metrics source is unavailable' }
  ] as const
  for (const { reason, code, text } of cases) {
    const { view, tick, messages, fail, connection, statistics } = setUp()
    connection.unsubscribe(['metrics'])
    fail(reason)
    await tick()
    const expected = {
      type: 'error',
      data: { message: text, timestamp: '2026-01-01T00:00:00.000Z' },
      code,
      retryable: true,
      retryAfterMs: INTERVAL_MS,
      since: '2026-01-01T00:00:00.000Z'
    }
    t.strictSame(messages(), [expected], reason)
    t.strictSame(view.currentError(), expected, `${reason}: for those who come later`)
    t.match(statistics.take(), { ticks: 0, failedTicks: 1 }, reason)
  }
})

t.test('a failure says how old the last good data is, and that data is stale', async (t) => {
  const { view, tick, source, clock, messages, fail } = setUp()
  source.measurements = steadyPops(START_MS - 2_000)
  await tick()
  await clock.advance(INTERVAL_MS)
  fail('unavailable')
  await tick()
  const error = messages()[2] as ErrorMessage
  t.match(error, { type: 'error', dataTime: '2025-12-31T23:59:58.000Z', ageMs: 12_000 })
  t.match(view.latest()?.update, { seq: 2, status: 'stale', ageMs: 12_000, polledAt: '2026-01-01T00:00:00.000Z' })
  await clock.advance(INTERVAL_MS)
  await tick()
  t.match(messages().at(-1), { type: 'error', since: '2026-01-01T00:00:10.000Z', ageMs: 22_000 })
  await clock.advance(INTERVAL_MS)
  source.onCollect = async () => steadyPops(START_MS - 2_000)
  await tick()
  t.match(messages().at(-1), { type: 'metrics_update', seq: 3, status: 'stale' }, 'it answers with what is old')
  t.equal(view.currentError(), null)
  source.onCollect = async () => steadyPops(clock.now())
  await tick()
  t.match(view.latest()?.update, { seq: 4, status: 'fresh', ageMs: 0 })
})

t.test('what could not be told is told with the next update: that data is stale, and what is new of regressions', async (t) => {
  const { tick, source, clock, stream, messages, fail, view, connection } = setUp()
  connection.subscribe(['metrics', 'alerts'])
  const append = stream.append.bind(stream)
  const next = async (pops: typeof steadyPops, isTold = true) => {
    stream.append = isTold ? append : async () => false
    source.onCollect = async () => pops(clock.now())
    await tick()
    await clock.advance(INTERVAL_MS)
  }
  await next(steadyPops)
  await next(regressedPops)
  await next(regressedPops, false)
  t.equal(view.regressions.open.length, 0)
  await next(regressedPops)
  t.match(messages().filter(({ type }) => type === 'alert'), [{ data: { pop: 'ams1', state: 'opened' } }])
  t.equal(view.regressions.open.length, 1)
  await next(regressedPops)
  t.equal(messages().filter(({ type }) => type === 'alert').length, 1, 'once')
  fail('timeout')
  stream.append = async () => false
  await tick()
  stream.append = append
  for (let ticks = 0; ticks < 2; ticks++) await tick()
  t.match(messages().slice(-3), [{ type: 'metrics_update', status: 'stale' }, { type: 'error' }, { type: 'error' }])
})

t.test('in a stream that begins anew while the source fails, what is known is told as stale, once', async (t) => {
  const before = setUp({ epoch: 'e0' })
  before.source.measurements = steadyPops(START_MS)
  await before.tick()
  await before.clock.advance(INTERVAL_MS)
  before.fail('timeout')
  await before.tick()
  t.match(before.view.latest()?.update, { status: 'stale' })
  const { tickMaker, tick, fail, messages, clock } = setUp()
  tickMaker.resume(before.view.head!, clock.monotonic())
  fail('timeout')
  for (let ticks = 0; ticks < 2; ticks++) {
    await tick()
    await clock.advance(INTERVAL_MS)
  }
  const update = { type: 'metrics_update', epoch: 'e1', seq: 1, status: 'stale', data: { totalPops: 2 } }
  t.match(messages(), [update, { type: 'error' }, { type: 'error' }])
})

t.test('before a stream that begins anew says anything, a failure says how old the last good data is', async (t) => {
  const { view, ticks: updates, tick, source } = setUp()
  source.measurements = steadyPops(START_MS - 2_000)
  await tick()
  await beginAnew({ view, updates })
  await updates.next({ seq: 0, update: null, note: { failure: { code: 'SOURCE_TIMEOUT' }, isTick: true }, ageMs: 0 })
  t.match(view.currentError(), { dataTime: '2025-12-31T23:59:58.000Z', ageMs: 2_000 })
})

t.test('who waits for what is known is not answered before it is, where updates are read at once', async (t) => {
  const found = setUp()
  found.source.measurements = steadyPops(START_MS)
  await found.tick()
  const { view, ticks: updates } = setUp()
  let isSettled = false
  const settling = view.settled(INTERVAL_MS).then(() => { isSettled = true })
  await goOnAs(found.view.head!, updates, async () => {
    await settle()
    t.notOk(isSettled)
  })
  await settling
  t.ok(view.latest())
})

t.test('nextPollAt never lies in the past', async (t) => {
  const { view, tick, clock, source } = setUp()
  source.measurements = steadyPops(START_MS)
  await tick()
  await clock.advance(INTERVAL_MS + 500)
  t.match(view.latest()?.update, { nextPollAt: '2026-01-01T00:00:10.500Z' })
})

t.test('the log has one line per transition, and says at the end what was between', async (t) => {
  const { tick, source, clock, log, fail } = setUp()
  const tickAndWait = async () => {
    await tick()
    await clock.advance(INTERVAL_MS)
  }
  fail('timeout')
  for (let failures = 0; failures < 5; failures++) await tickAndWait()
  source.onCollect = async () => source.measurements
  await tickAndWait()
  const loud = log.lines.filter(({ event, level }) => event?.startsWith('source_') && level !== 'debug')
  t.strictSame(loud, [
    {
      event: 'source_failed',
      code: 'SOURCE_TIMEOUT',
      reason: 'timeout',
      detail: 'words of the database',
      failures: 1,
      level: 'warn',
      message: 'metrics source failed'
    },
    { event: 'source_recovered', failures: 5, downMs: 50_000, level: 'info', message: 'metrics source answers again' }
  ])
})

t.test('words of the database reach no client', async (t) => {
  const { tick, messages, fail } = setUp()
  fail('bad_answer')
  await tick()
  t.equal(messages().length, 1)
  t.notMatch(JSON.stringify(messages()), 'words of the database')
})

t.test('what comes in after stop is dropped', async (t) => {
  const cases: Array<[name: string, settle: (tick: ReturnType<typeof deferred<void>>) => void]> = [
    ['an answer', ({ resolve }) => resolve()],
    ['a failure', ({ reject }) => reject(new SourceError('unavailable', 'closed'))]
  ]
  for (const [name, settle] of cases) {
    const { tickMaker, view, tick, source, messages } = setUp()
    const answer = deferred<void>()
    source.onCollect = () => answer.promise.then(() => steadyPops(START_MS))
    const pending = tick()
    tickMaker.stop()
    settle(answer)
    await pending
    t.strictSame(messages(), [], name)
    t.equal(view.latest(), null, name)
    t.equal(tickMaker.health.isKnown, false, name)
  }
})

t.test('what is no failure of the source rejects, and changes nothing', async (t) => {
  const { tickMaker, tick, source, messages } = setUp()
  const defect = new TypeError('a defect')
  source.onCollect = () => Promise.reject(defect)
  await t.rejects(tick(), defect)
  t.strictSame(messages(), [])
  t.equal(tickMaker.health.failure, null)
})

t.test('probe asks the source only for a ping', async (t) => {
  const { tickMaker, source } = setUp()
  void tickMaker.probe()
  t.strictSame([source.pings, source.collects], [1, 0])
})
