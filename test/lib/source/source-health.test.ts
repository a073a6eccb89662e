import t from 'tap'
import { PROBE_INTERVAL_MS, SourceHealth } from '../../../lib/source/source-health.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { FakeLog } from '../../support/fake-log.ts'
import { deferred, FakeSource } from '../../support/fake-source.ts'
import { SourceError, type SourceFailure } from '../../../lib/source/source-error.ts'

const START = Date.UTC(2026, 0, 1)

function setUp () {
  const clock = new FakeClock(START)
  const log = new FakeLog()
  const source = new FakeSource()
  return { clock, log, source, health: new SourceHealth({ source, clock, log }) }
}

const failure = (reason: SourceFailure) => new SourceError(reason, `detail of ${reason}`)

t.test('nothing is known at the begin', async (t) => {
  const { health } = setUp()
  t.equal(health.isKnown, false)
  t.strictSame(health.report, { healthy: false, lastSuccess: null, failure: null, consecutiveFailures: 0, failingSince: null })
})

t.test('reports', async (t) => {
  const { health, clock } = setUp()
  health.succeeded()
  t.equal(health.isKnown, true)
  t.strictSame(health.report, { healthy: true, lastSuccess: START, failure: null, consecutiveFailures: 0, failingSince: null })
  await clock.advance(10_000)
  health.failed(failure('timeout'))
  health.failed(failure('unavailable'))
  t.strictSame(health.report, {
    healthy: false, lastSuccess: START, failure: 'unavailable', consecutiveFailures: 2, failingSince: START + 10_000
  })
  await clock.advance(10_000)
  health.succeeded()
  t.strictSame(health.report, {
    healthy: true, lastSuccess: START + 20_000, failure: null, consecutiveFailures: 0, failingSince: null
  })
})

t.test('a failure first is known, too', async (t) => {
  const { health } = setUp()
  health.failed(failure('unauthorized'))
  t.equal(health.isKnown, true)
  t.strictSame(health.report, {
    healthy: false, lastSuccess: null, failure: 'unauthorized', consecutiveFailures: 1, failingSince: START
  })
})

t.test('the log has one line per transition', async (t) => {
  const { health, clock, log } = setUp()
  health.succeeded()
  t.strictSame(log.lines, [], 'that all is well need not be said')
  for (const reason of ['timeout', 'timeout', 'timeout', 'unavailable', 'unavailable'] as const) {
    health.failed(failure(reason))
    await clock.advance(1_000)
  }
  health.succeeded()
  health.succeeded()
  t.strictSame(
    log.lines.filter(({ level }) => level !== 'debug'),
    [
      {
        event: 'source_failed',
        code: 'SOURCE_TIMEOUT',
        reason: 'timeout',
        detail: 'detail of timeout',
        failures: 1,
        level: 'warn',
        message: 'metrics source failed'
      },
      {
        event: 'source_failed',
        code: 'SOURCE_UNAVAILABLE',
        reason: 'unavailable',
        detail: 'detail of unavailable',
        failures: 4,
        level: 'warn',
        message: 'metrics source failed'
      },
      { event: 'source_recovered', failures: 5, downMs: 5_000, level: 'info', message: 'metrics source answers again' }
    ]
  )
  t.strictSame(log.lines.filter(({ level }) => level === 'debug').map(({ failures }) => failures), [2, 3, 5])
})

t.test('it probes at most once per interval', async (t) => {
  t.equal(PROBE_INTERVAL_MS, 10_000)
  const { health, clock, source } = setUp()
  for (let second = 0; second < 30; second++) {
    void health.probe()
    await clock.advance(1_000)
  }
  t.equal(source.pings, 3)
})

t.test('any word from the source postpones the probe', async (t) => {
  for (const heard of ['succeeded', 'failed'] as const) {
    const { health, clock, source } = setUp()
    await clock.advance(5_000)
    health[heard](failure('timeout'))
    await clock.advance(9_999)
    void health.probe()
    t.equal(source.pings, 0, heard)
    await clock.advance(1)
    void health.probe()
    t.equal(source.pings, 1, heard)
  }
})

t.test('there is one probe at a time, however long it takes', async (t) => {
  const { health, clock, source } = setUp()
  const ping = deferred<void>()
  source.onPing = () => ping.promise
  void health.probe()
  await clock.advance(60_000)
  void health.probe()
  t.equal(source.pings, 1)
  t.equal(health.isKnown, false)
  ping.resolve()
  await settle()
  t.equal(health.report.healthy, true)
  await clock.advance(10_000)
  void health.probe()
  t.equal(source.pings, 2)
})

t.test('an answered ping clears only what a ping can tell', async (t) => {
  const cases: Array<{ reason: SourceFailure, after: SourceFailure | null }> = [
    { reason: 'unavailable', after: null },
    { reason: 'timeout', after: null },
    { reason: 'unauthorized', after: 'unauthorized' },
    { reason: 'bad_answer', after: 'bad_answer' }
  ]
  for (const { reason, after } of cases) {
    const { health, clock, source, log } = setUp()
    health.failed(failure(reason))
    await clock.advance(10_000)
    void health.probe()
    await settle()
    t.equal(health.report.failure, after, reason)
    t.equal(log.of('source_recovered').length, after === null ? 1 : 0, reason)
    await clock.advance(9_999)
    void health.probe()
    t.equal(source.pings, 1, `${reason}: the ping counts as a word from the source`)
  }
})

t.test('a ping that fails', async (t) => {
  const cases: Array<{ name: string, error: unknown, reason: SourceFailure, detail: string }> = [
    { name: 'as a source does', error: failure('timeout'), reason: 'timeout', detail: 'detail of timeout' },
    { name: 'with a defect', error: new TypeError('oops'), reason: 'unavailable', detail: 'TypeError: oops' }
  ]
  for (const { name, error, reason, detail } of cases) {
    const { health, source, log } = setUp()
    source.onPing = () => Promise.reject(error)
    void health.probe()
    await settle()
    const failing = { healthy: false, lastSuccess: null, failure: reason, consecutiveFailures: 1, failingSince: START }
    t.strictSame(health.report, failing, name)
    t.match(log.of('source_failed'), [{ level: 'warn', reason, detail }], name)
  }
})

t.test('who goes on with what another one knew says since when it fails, and how long it was down', async (t) => {
  const { health, clock, log } = setUp()
  const before = { healthy: false, lastSuccess: null, failure: 'timeout', consecutiveFailures: 3 } as const
  health.adopt({ ...before, failingSince: START - 60_000 })
  await clock.advance(10_000)
  health.failed(failure('timeout'))
  t.match(health.report, { consecutiveFailures: 4, failingSince: START - 60_000 })
  health.succeeded()
  t.match(log.of('source_recovered'), [{ failures: 4, downMs: 70_000 }])
  // An older one does not say it.
  health.adopt(before)
  health.succeeded()
  t.match(log.of('source_recovered')[1], { failures: 3, downMs: 0 })
})
