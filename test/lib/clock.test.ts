import { performance } from 'node:perf_hooks'
import t from 'tap'
import { repeat, systemClock, wait, within } from '../../lib/clock.ts'
import { FakeClock } from '../support/fake-clock.ts'

t.test('the wall clock is that of the system', async (t) => {
  const restore = t.intercept(Date, 'now', { value: () => 42 }).restore
  const now = systemClock.now()
  restore()
  t.equal(now, 42)
})

t.test('the monotonic clock is that of the process', async (t) => {
  const restore = t.intercept(performance, 'now', { value: () => 43.5 }).restore
  const now = systemClock.monotonic()
  restore()
  t.equal(now, 43.5)
})

t.test('what is scheduled is called once, what is cancelled never', async (t) => {
  const calls: string[] = []
  const cancel = systemClock.schedule(() => calls.push('cancelled'), 1)
  systemClock.schedule(() => calls.push('kept'), 1)
  cancel()
  // Timers of equal delay fire in the order in which they were set.
  await new Promise<void>((resolve) => systemClock.schedule(resolve, 1))
  t.strictSame(calls, ['kept'])
  cancel()
})

t.test('cancelling after it was called does nothing', async (t) => {
  let cancel = () => {}
  let calls = 0
  await new Promise<void>((resolve) => {
    cancel = systemClock.schedule(() => {
      calls++
      resolve()
    }, 0)
  })
  t.doesNotThrow(() => {
    cancel()
    cancel()
  })
  t.equal(calls, 1)
})

t.test('a wait is as long as it was asked for', async (t) => {
  const clock = new FakeClock(0)
  const waited = wait(clock, 100).then(() => clock.now())
  await clock.advance(1_000)
  t.equal(await waited, 100)
})

t.test('work that is waited for so long', async (t) => {
  const clock = new FakeClock(0)
  const timed = (work: Promise<void>) => within(clock, 100, work).then(() => clock.now())
  const [quick, slow] = [timed(wait(clock, 40)), timed(wait(clock, 400))]
  await clock.advance(150)
  t.strictSame(await Promise.all([quick, slow]), [40, 100])
  await clock.advance(250)
  await t.rejects(within(clock, 100, Promise.reject(new Error('no'))), { message: 'no' })
  t.equal(clock.pendingTimers, 0, 'and no timer is left')
})

const noError = (error: unknown) => { throw error }

/** A task that notes when it was called, on a clock that starts at 0. */
function repeated (intervalMs: number) {
  const clock = new FakeClock(0)
  const calledAt: number[] = []
  const cancel = repeat(clock, intervalMs, () => calledAt.push(clock.now()), noError)
  return { clock, calledAt, cancel }
}

t.test('repeat calls after every interval, first after one', async (t) => {
  const { clock, calledAt } = repeated(100)
  t.strictSame(calledAt, [])
  await clock.advance(350)
  t.strictSame(calledAt, [100, 200, 300])
})

t.test('repeat does not catch up after a pause', async (t) => {
  const { clock, calledAt } = repeated(100)
  await clock.pause(1_000)
  t.strictSame(calledAt, [1_000])
  await clock.advance(100)
  t.strictSame(calledAt, [1_000, 1_100])
})

t.test('a cancelled repeat leaves no timer', async (t) => {
  const { clock, calledAt, cancel } = repeated(100)
  await clock.advance(100)
  cancel()
  cancel()
  t.equal(clock.pendingTimers, 0)
  await clock.advance(1_000)
  t.strictSame(calledAt, [100])
})

t.test('a task can cancel its own repetition', async (t) => {
  const clock = new FakeClock()
  let calls = 0
  const cancel = repeat(clock, 100, () => {
    calls++
    cancel()
  }, noError)
  await clock.advance(1_000)
  t.equal(calls, 1)
  t.equal(clock.pendingTimers, 0)
})

t.test('a task that throws is called again', async (t) => {
  const clock = new FakeClock()
  let calls = 0
  const errors: unknown[] = []
  repeat(clock, 100, () => {
    calls++
    throw new Error('task failed')
  }, (error) => errors.push(error))
  await clock.advance(200)
  t.equal(calls, 2)
  t.match(errors, [{ message: 'task failed' }, { message: 'task failed' }])
})
