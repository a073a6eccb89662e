import t from 'tap'
import { WriteBuffer } from '../../generator/write-buffer.ts'
import { BATCH_LINES } from '../../generator/writer.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { FakeLog } from '../support/fake-log.ts'
import { FakeDatabase } from '../support/fake-database.ts'

function setup (maxLines = 100_000) {
  const log = new FakeLog()
  const database = new FakeDatabase()
  const failures: unknown[] = []
  const buffer = new WriteBuffer({
    writer: database,
    maxLines,
    onFailed: (error) => failures.push(error),
    clock: new FakeClock(),
    log
  })
  return { log, database, buffer, failures }
}

const lines = (count: number, prefix = '') => Array.from({ length: count }, (_, index) => `${prefix}${index}`)

t.test('writes at once and says how many', async (t) => {
  const { log, database, buffer } = setup()
  buffer.add(['a', 'b'])
  t.equal(buffer.unwritten, 2)
  await buffer.flush()
  t.strictSame(database.batches, [['a', 'b']])
  t.match(log.of('written'), [{ points: 2, waiting: 0 }])
  t.match(buffer, { unwritten: 0, written: 2 })
})

t.test('what comes meanwhile is written afterwards, in order and in batches', async (t) => {
  const { database, buffer } = setup()
  database.hangs = true
  buffer.add(['first'])
  buffer.add(lines(BATCH_LINES))
  buffer.add(['last'])
  t.equal(database.attempts, 1, 'never two writes at once')
  database.release()
  await buffer.flush()
  t.strictSame(database.batches.map(({ length }) => length), [1, BATCH_LINES, 1])
  t.strictSame(database.lines, ['first', ...lines(BATCH_LINES), 'last'])
})

t.test('a later burst begins again', async (t) => {
  const { database, buffer } = setup()
  buffer.add(['a'])
  await buffer.flush()
  buffer.add([])
  buffer.add(['b'])
  await buffer.flush()
  t.strictSame(database.batches, [['a'], ['b']])
})

t.test('drops the oldest beyond the limit, and says so', async (t) => {
  const { log, database, buffer } = setup(3)
  database.hangs = true
  buffer.add(['under way'])
  buffer.add(['a', 'b', 'c'])
  t.strictSame(log.of('points_dropped'), [])
  buffer.add(['d', 'e'])
  t.match(log.of('points_dropped'), [{ level: 'error', points: 2, maxBuffered: 3 }])
  t.match(buffer, { unwritten: 4, dropped: 2 })
  database.release()
  await buffer.flush()
  t.strictSame(database.lines, ['under way', 'c', 'd', 'e'])
})

t.test('hands on the failure once and keeps count of what is not written', async (t) => {
  const { database, buffer, failures } = setup()
  database.failure = 'unauthorized'
  buffer.add(['a', 'b'])
  buffer.add(['c'])
  await buffer.flush()
  t.match(failures, [{ reason: 'unauthorized' }])
  buffer.add(['d'])
  await settle()
  t.equal(database.attempts, 1)
  t.match(buffer, { unwritten: 4, written: 0 })
})
