import t from 'tap'
import { Troubles } from '../../../lib/feed/troubles.ts'
import { FakeLog } from '../../support/fake-log.ts'

t.test('a trouble is said when it begins and when it ends, and known while it lasts', async (t) => {
  const log = new FakeLog()
  const troubles = new Troubles(log)
  troubles.set('no_data', null)
  t.strictSame(log.lines, [])
  troubles.set('no_data', 'nothing there')
  troubles.set('no_data', 'nothing there')
  troubles.set('places_failed', 'no answer')
  t.strictSame(troubles.current, [
    { reason: 'no_data', message: 'nothing there' },
    { reason: 'places_failed', message: 'no answer' }
  ])
  troubles.set('no_data', null)
  t.strictSame(troubles.current, [{ reason: 'places_failed', message: 'no answer' }])
  t.strictSame(log.lines.map(({ event }) => event), ['no_data', 'places_failed', 'no_data_ended'])
})
