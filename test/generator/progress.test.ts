import t from 'tap'
import { logProgress } from '../../generator/progress.ts'
import { FakeLog } from '../support/fake-log.ts'

t.test('without a terminal: a line for every 10 %, whatever the steps', async (t) => {
  const log = new FakeLog()
  const progress = logProgress(log)
  for (const written of [0, 9, 10, 15, 19, 20, 47, 49, 50, 100]) progress.update(written, 100)
  progress.end()
  t.strictSame(log.of('backfill_progress').map(({ percent }) => percent), [10, 20, 47, 50, 100])
})

t.test('nothing to do is not a division by nothing', async (t) => {
  const log = new FakeLog()
  logProgress(log).update(0, 0)
  t.strictSame(log.lines, [])
})
