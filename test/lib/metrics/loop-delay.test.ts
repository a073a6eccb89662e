import t from 'tap'
import { LoopDelay } from '../../../lib/metrics/loop-delay.ts'
import { FakeClock } from '../../support/fake-clock.ts'

t.test('counts how late a timer is', async (t) => {
  const clock = new FakeClock()
  const delay = new LoopDelay(clock)
  delay.start()
  await clock.advance(300)
  t.strictSame([delay.histogram.count, delay.histogram.sum], [3, 0])
  await clock.pause(400)
  t.strictSame([delay.histogram.count, delay.histogram.sum], [4, 300], 'the loop was held up')
  delay.stop()
  t.equal(clock.pendingTimers, 0)
})
