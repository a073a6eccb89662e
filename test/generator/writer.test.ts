import t from 'tap'
import { RetryingWriter } from '../../generator/writer.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { FakeLog } from '../support/fake-log.ts'
import { FakeDatabase, rejection } from '../support/fake-database.ts'

function setup ({ random = 1 } = {}) {
  const clock = new FakeClock()
  const log = new FakeLog()
  const database = new FakeDatabase()
  const writer = new RetryingWriter({ write: database.write, abort: database.abort, clock, random: () => random, log })
  return { clock, log, database, writer }
}

t.test('a write that succeeds is silent', async (t) => {
  const { log, database, writer } = setup()
  await writer.write(['a', 'b'])
  t.strictSame(database.batches, [['a', 'b']])
  t.strictSame(log.lines, [])
})

for (const reason of ['unavailable', 'timeout'] as const) {
  t.test(`tries again after ${reason}, says every failure and the recovery`, async (t) => {
    const { clock, log, database, writer } = setup()
    database.failure = reason
    const written = writer.write(['a', 'b'])
    await clock.advance(500)
    database.failure = null
    await clock.advance(1_000)
    await written
    t.strictSame(database.batches, [['a', 'b']])
    t.strictSame(
      log
        .of('write_failed')
        .map(({ reason, detail, points, failures, retryInMs }) => [reason, detail, points, failures, retryInMs]),
      [
        [reason, `because of ${reason}`, 2, 1, 500],
        [reason, `because of ${reason}`, 2, 2, 1_000]
      ]
    )
    t.match(log.of('write_recovered'), [{ failures: 2, outageMs: 1_500 }])
  })
}

t.test('waits twice as long each time, up to 30 s', async (t) => {
  const { clock, log, database, writer } = setup()
  database.failure = 'unavailable'
  void writer.write(['a'])
  await clock.advance(120_000)
  t.strictSame(
    log.of('write_failed').map(({ retryInMs }) => retryInMs),
    [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]
  )
})

t.test('jitter takes away up to half', async (t) => {
  const { log, database, writer } = setup({ random: 0 })
  database.failure = 'unavailable'
  void writer.write(['a'])
  await settle()
  t.match(log.of('write_failed'), [{ retryInMs: 250 }])
})

for (const reason of ['unauthorized', 'bad_answer'] as const) {
  t.test(`does not try again after ${reason}`, async (t) => {
    const { clock, log, database, writer } = setup()
    database.failure = reason
    t.match(await rejection(writer.write(['a'])), { reason })
    t.equal(clock.pendingTimers, 0)
    t.strictSame(log.lines, [], 'whoever gets the error says it')
  })
}

t.test('a defect is not taken for a failure of the database', async (t) => {
  const { clock, log } = setup()
  const writer = new RetryingWriter({
    write: async () => {
      throw new TypeError('defect')
    },
    abort () {},
    clock,
    random: Math.random,
    log
  })
  await t.rejects(writer.write(['a']), TypeError)
})

t.test('finishing: what waits is tried at once, and a success ends it', async (t) => {
  const { clock, database, writer } = setup()
  database.failure = 'unavailable'
  const written = writer.write(['a'])
  await clock.advance(10_000)
  database.failure = null
  const cancel = writer.finishWithin(5_000)
  await written
  cancel()
  t.strictSame(database.lines, ['a'])
  t.equal(clock.pendingTimers, 0)
})

t.test('finishing: retries keep close together until the deadline, then the write fails', async (t) => {
  const { clock, log, database, writer } = setup()
  database.failure = 'unavailable'
  const written = rejection(writer.write(['a']))
  await clock.advance(10_000)
  const before = log.of('write_failed').length
  writer.finishWithin(5_000)
  await clock.advance(5_000)
  t.match(await written, { reason: 'unavailable' })
  t.strictSame(log.of('write_failed').slice(before).map(({ retryInMs }) => retryInMs), [1_000, 1_000, 1_000, 1_000, 1_000])
  t.equal(clock.pendingTimers, 0)
})

t.test('finishing: a write that hangs is aborted at the deadline, and nothing is begun after it', async (t) => {
  const { clock, database, writer } = setup()
  database.hangs = true
  const written = rejection(writer.write(['a']))
  writer.finishWithin(5_000)
  await clock.advance(4_999)
  t.equal(database.aborts, 0)
  await clock.advance(1)
  t.match(await written, { message: 'the connection was closed' })
  t.equal(database.aborts, 1)
  t.match(await rejection(writer.write(['b'])), { reason: 'unavailable' })
  t.equal(database.attempts, 1)
})
