import t from 'tap'
import { SourceError } from '../../lib/errors.ts'
import type { ErrorMessage } from '../../lib/stream/protocol.ts'
import { deferred, reading } from '../fakes/source.ts'
import { INTERVAL_MS, regressedPops, setUp, START_MS, steadyPops } from './feeds.ts'

t.test('a tick publishes an update', async (t) => {
  const { feed, source, clock, messages } = setUp()
  source.measurements = { readings: [reading({ value: 5, time: START_MS - 4_000 }), reading({ pop: 'ams1', value: 12.346, time: START_MS - 9_000 })], baselines: new Map() }
  t.equal(feed.latest(), null)
  t.equal(feed.seq, 0)
  await feed.tick(START_MS + INTERVAL_MS)
  const update = {
    type: 'metrics_update',
    data: { totalPops: 2, healthyPops: 1, averageColdStart: 8.67, regressions: 0 },
    epoch: 'e1',
    seq: 1,
    dataTime: '2025-12-31T23:59:56.000Z',
    polledAt: '2026-01-01T00:00:00.000Z',
    ageMs: 4_000,
    status: 'fresh',
    nextPollAt: '2026-01-01T00:00:10.000Z'
  }
  t.strictSame(messages(), [update])
  t.strictSame(feed.latest(), update)
  await clock.advance(3_000)
  t.strictSame(feed.latest(), { ...update, ageMs: 7_000 }, 'between two ticks it is as old as it is')
})

t.test('the update is polled when the answer is there, and the query is timed', async (t) => {
  const { feed, source, clock, messages, statistics } = setUp()
  const answer = deferred<void>()
  source.onCollect = () => answer.promise.then(() => source.measurements)
  source.measurements = steadyPops(START_MS)
  const tick = feed.tick(START_MS + INTERVAL_MS)
  await clock.advance(1_500)
  t.strictSame(messages(), [])
  answer.resolve()
  await tick
  t.match(messages(), [{ polledAt: '2026-01-01T00:00:01.500Z', ageMs: 1_500 }])
  t.match(statistics.take(), { ticks: 1, failedTicks: 0, sent: 1, queryMs: { mean: 1_500, max: 1_500 } })
})

t.test('seq counts the updates, not the failures', async (t) => {
  const { feed, source, clock, messages, fail } = setUp()
  for (const works of [true, false, true]) {
    source.measurements = steadyPops(clock.now())
    if (works) source.onCollect = async () => source.measurements
    else fail('timeout')
    await feed.tick(clock.now() + INTERVAL_MS)
    await clock.advance(INTERVAL_MS)
  }
  t.strictSame(messages().map((message) => [message.type, 'seq' in message ? message.seq : null]),
    [['metrics_update', 1], ['error', null], ['metrics_update', 2]])
})

t.test('a regressed PoP is in the next update, and out of it when it is over', async (t) => {
  const { feed, source, clock, updates } = setUp()
  for (const measurements of [steadyPops, regressedPops, steadyPops]) {
    source.measurements = measurements(clock.now())
    await feed.tick(clock.now() + INTERVAL_MS)
    await clock.advance(INTERVAL_MS)
  }
  t.strictSame(updates().map(({ data }) => data.regressions), [0, 1, 0])
})

t.test('a failure is told to every client', async (t) => {
  const cases = [
    { reason: 'timeout', code: 'SOURCE_TIMEOUT', text: 'the metrics source did not answer in time' },
    { reason: 'unavailable', code: 'SOURCE_UNAVAILABLE', text: 'the metrics source is unavailable' },
    { reason: 'unauthorized', code: 'SOURCE_UNAVAILABLE', text: 'the metrics source is unavailable' },
    { reason: 'bad_answer', code: 'SOURCE_UNAVAILABLE', text: 'the metrics source is unavailable' }
  ] as const
  for (const { reason, code, text } of cases) {
    const { feed, clock, messages, fail, connection, statistics } = setUp()
    connection.unsubscribe(['metrics'])
    fail(reason)
    await feed.tick(clock.now() + INTERVAL_MS)
    const expected = { type: 'error', data: { message: text, timestamp: '2026-01-01T00:00:00.000Z' }, code, retryable: true, retryAfterMs: INTERVAL_MS }
    t.strictSame(messages(), [expected], reason)
    t.strictSame(feed.currentError(), expected, `${reason}: for those who come later`)
    t.match(statistics.take(), { ticks: 0, failedTicks: 1 }, reason)
  }
})

t.test('a failure says how old the last good data is, and that data is stale', async (t) => {
  const { feed, source, clock, messages, fail } = setUp()
  source.measurements = steadyPops(START_MS - 2_000)
  await feed.tick(START_MS + INTERVAL_MS)
  await clock.advance(INTERVAL_MS)
  fail('unavailable')
  await feed.tick(START_MS + 2 * INTERVAL_MS)
  const error = messages()[1] as ErrorMessage
  t.match(error, { type: 'error', dataTime: '2025-12-31T23:59:58.000Z', ageMs: 12_000 })
  t.match(feed.latest(), { seq: 1, status: 'stale', ageMs: 12_000, polledAt: '2026-01-01T00:00:00.000Z' })
  source.onCollect = async () => steadyPops(clock.now())
  await feed.tick(START_MS + 2 * INTERVAL_MS)
  t.match(feed.latest(), { seq: 2, status: 'fresh', ageMs: 0 })
  t.equal(feed.currentError(), null)
})

t.test('nextPollAt never lies in the past', async (t) => {
  const { feed, clock, source } = setUp()
  source.measurements = steadyPops(START_MS)
  await feed.tick(START_MS + INTERVAL_MS)
  await clock.advance(INTERVAL_MS + 500)
  t.match(feed.latest(), { nextPollAt: '2026-01-01T00:00:10.500Z' })
})

t.test('the log has one line per transition, and says at the end what was between', async (t) => {
  const { feed, source, clock, log, fail } = setUp()
  const tick = async () => {
    await feed.tick(clock.now() + INTERVAL_MS)
    await clock.advance(INTERVAL_MS)
  }
  fail('timeout')
  for (let failures = 0; failures < 5; failures++) await tick()
  source.onCollect = async () => source.measurements
  await tick()
  const loud = log.lines.filter(({ event, level }) => event?.startsWith('source_') && level !== 'debug')
  t.strictSame(loud, [
    { event: 'source_failed', code: 'SOURCE_TIMEOUT', reason: 'timeout', detail: 'words of the database', failures: 1, level: 'warn', message: 'metrics source failed' },
    { event: 'source_recovered', failures: 5, downMs: 50_000, level: 'info', message: 'metrics source answers again' }
  ])
})

t.test('words of the database reach no client', async (t) => {
  const { feed, clock, messages, fail } = setUp()
  fail('bad_answer')
  await feed.tick(clock.now() + INTERVAL_MS)
  t.equal(messages().length, 1)
  t.notMatch(JSON.stringify(messages()), 'words of the database')
})

t.test('what comes in after stop is dropped', async (t) => {
  const cases: Array<[name: string, settle: (tick: ReturnType<typeof deferred<void>>) => void]> = [
    ['an answer', ({ resolve }) => resolve()],
    ['a failure', ({ reject }) => reject(new SourceError('unavailable', 'closed'))]
  ]
  for (const [name, settle] of cases) {
    const { feed, source, messages } = setUp()
    const answer = deferred<void>()
    source.onCollect = () => answer.promise.then(() => steadyPops(START_MS))
    const tick = feed.tick(START_MS + INTERVAL_MS)
    feed.stop()
    settle(answer)
    await tick
    t.strictSame(messages(), [], name)
    t.equal(feed.latest(), null, name)
    t.equal(feed.health.isKnown, false, name)
  }
})

t.test('what is no failure of the source rejects, and changes nothing', async (t) => {
  const { feed, source, messages } = setUp()
  const defect = new TypeError('a defect')
  source.onCollect = () => Promise.reject(defect)
  await t.rejects(feed.tick(START_MS + INTERVAL_MS), defect)
  t.strictSame(messages(), [])
  t.equal(feed.health.failure, null)
})

t.test('probe asks the source only for a ping', async (t) => {
  const { feed, source } = setUp()
  feed.probe()
  t.strictSame([source.pings, source.collects], [1, 0])
})
