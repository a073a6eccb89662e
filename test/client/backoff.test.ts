import fc from 'fast-check'
import t from 'tap'
import { waitMs } from '../../client/backoff.ts'
import { PopcastError } from '../../client/errors.ts'
import { seededRuns } from '../support/seed.ts'

const DEFAULTS = { minMs: 500, maxMs: 20_000, factor: 2 }
const closed = new PopcastError('CLOSED')

const cases = [
  { name: 'the first wait, at least', attempt: 0, cause: closed, random: 0, expected: 250 },
  { name: 'the first wait, at most', attempt: 0, cause: closed, random: 1, expected: 2_000 },
  { name: 'after a failure, at most', attempt: 1, cause: closed, random: 1, expected: 4_000 },
  { name: 'never more than maxMs', attempt: 1_000, cause: closed, random: 1, expected: 20_000 },
  { name: 'never less than half of minMs', attempt: 1_000, cause: closed, random: 0, expected: 250 },
  {
    name: 'what the server said when it stopped, exactly',
    attempt: 3,
    cause: new PopcastError('SHUTDOWN', '', { retryAfterMs: 1_234 }),
    random: 1,
    expected: 1_234
  },
  {
    name: 'Retry-After of a refusal, at least',
    attempt: 3,
    cause: new PopcastError('REFUSED', '', { retryAfterMs: 2_000 }),
    random: 0,
    expected: 2_000
  },
  {
    name: 'Retry-After of a refusal, at most',
    attempt: 3,
    cause: new PopcastError('REFUSED', '', { retryAfterMs: 2_000 }),
    random: 1,
    expected: 3_000
  }
]

for (const { name, attempt, cause, random, expected } of cases) {
  t.test(name, async (t) => {
    t.equal(waitMs(DEFAULTS, attempt, cause, random), expected)
  })
}

t.test('whatever the numbers, it is between half of minMs and the larger of that and maxMs', async (t) => {
  const factor = fc.double({ min: 1, max: 10, noNaN: true })
  const numbers = fc.record({ minMs: fc.nat(60_000), maxMs: fc.nat(600_000), factor })
  fc.assert(fc.property(numbers, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (backoff, attempt, random) => {
    const ms = waitMs(backoff, attempt, closed, random)
    const low = backoff.minMs / 2
    if (!(ms >= low && ms <= Math.max(low, backoff.maxMs))) throw new Error(`${ms}`)
  }), seededRuns(t, 500))
})
