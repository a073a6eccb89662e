import t from 'tap'
import type { Subscription } from '../../client/types.ts'
import { createSubscriber, LONGEST_RETRY_MS, RETRY_MS, SETTLED_AFTER_MS } from '../../web/state/subscriber.ts'
import { FakeClock } from '../support/fake-clock.ts'

const codes = (...pops: string[]): Subscription => ({ pops })

function setUp () {
  const clock = new FakeClock()
  const asked: Array<{ subscription: Subscription, answer: () => void, refuse: () => void }> = []
  const want = createSubscriber({
    first: codes('first'),
    subscribe: (subscription) => new Promise((resolve, reject) => {
      asked.push({ subscription, answer: resolve, refuse: () => reject(new Error('refused')) })
    }),
    clock: {
      setTimeout: (callback, ms) => clock.schedule(callback, ms),
      clearTimeout: (cancel?: () => void) => cancel?.()
    }
  })
  return { clock, asked, want }
}

t.test('who writes a filter is asked for when they have written it', async (t) => {
  const { clock, asked, want } = setUp()
  want(codes('f'))
  await clock.advance(SETTLED_AFTER_MS - 1)
  want(codes('fra1'))
  await clock.advance(SETTLED_AFTER_MS)
  t.strictSame(asked.map(({ subscription }) => subscription), [codes('fra1')])
})

t.test('what is asked for already is not asked for again', async (t) => {
  const { clock, asked, want } = setUp()
  want(codes('first'))
  await clock.advance(SETTLED_AFTER_MS)
  want(codes('fra1'))
  await clock.advance(SETTLED_AFTER_MS)
  asked[0]!.answer()
  await clock.advance(0)
  want(codes('fra1'))
  await clock.advance(LONGEST_RETRY_MS)
  t.equal(asked.length, 1)
})

t.test('what is refused is asked for again, ever more rarely, until it is had', async (t) => {
  const { clock, asked, want } = setUp()
  want(codes('fra1'))
  await clock.advance(SETTLED_AFTER_MS)
  let waitMs = RETRY_MS
  for (let refusals = 1; refusals <= 8; refusals++) {
    asked.at(-1)!.refuse()
    await clock.advance(waitMs - 1)
    t.equal(asked.length, refusals)
    await clock.advance(1)
    t.equal(asked.length, refusals + 1)
    waitMs = Math.min(LONGEST_RETRY_MS, waitMs * 2)
  }
  asked.at(-1)!.answer()
  await clock.advance(2 * LONGEST_RETRY_MS)
  t.equal(asked.length, 9)
  t.equal(clock.pendingTimers, 0)
})

t.test('what is wanted instead of what was refused is asked for soon, and once', async (t) => {
  const { clock, asked, want } = setUp()
  want(codes('fra1'))
  await clock.advance(SETTLED_AFTER_MS)
  asked[0]!.refuse()
  await clock.advance(0)
  want(codes('ams1'))
  await clock.advance(SETTLED_AFTER_MS)
  asked[1]!.answer()
  await clock.advance(LONGEST_RETRY_MS)
  t.strictSame(asked.map(({ subscription }) => subscription), [codes('fra1'), codes('ams1')])
})

t.test('what is wanted while an answer is to come is asked for after it, whatever it is', async (t) => {
  for (const end of ['answer', 'refuse'] as const) {
    const { clock, asked, want } = setUp()
    want(codes('fra1'))
    await clock.advance(SETTLED_AFTER_MS)
    want(codes('ams1'))
    await clock.advance(SETTLED_AFTER_MS)
    t.equal(asked.length, 1)
    asked[0]![end]()
    await clock.advance(RETRY_MS)
    t.strictSame(asked[1]!.subscription, codes('ams1'))
  }
})

t.test('what was refused and is not wanted any more is left', async (t) => {
  const { clock, asked, want } = setUp()
  want(codes('fra1'))
  await clock.advance(SETTLED_AFTER_MS)
  asked[0]!.refuse()
  await clock.advance(0)
  want(codes('first'))
  await clock.advance(LONGEST_RETRY_MS)
  t.equal(asked.length, 1)
})
