import t from 'tap'
import { meaningOf } from '../../client/close-codes.ts'
import { PopcastError } from '../../client/errors.ts'
import { closeCodes } from '../../lib/protocol/close-codes.ts'

const cases: Array<[code: number, meaning: string, isRetried: boolean]> = [
  [1000, 'CLOSED', true],
  [1001, 'SHUTDOWN', true],
  [1002, 'PROTOCOL', false],
  [1005, 'CLOSED', true],
  [1006, 'CLOSED', true],
  [1007, 'PROTOCOL', false],
  [1008, 'PROTOCOL', false],
  [1009, 'MESSAGE_TOO_LARGE', false],
  [1011, 'SERVER_ERROR', true],
  [4000, 'CLOSED', true],
  [4008, 'SLOW_CONSUMER', true],
  [4012, 'STALE_CONNECTION', true],
  [4013, 'RATE', true],
  [4499, 'CLOSED', true],
  [4500, 'UNAUTHORIZED', false],
  [4501, 'INVALID_MESSAGES', false],
  [4999, 'INVALID_MESSAGES', false],
  [5000, 'CLOSED', true]
]

for (const [code, meaning, isRetried] of cases) {
  t.test(`${code} is ${meaning}`, async (t) => {
    const { code: found, retryable } = new PopcastError(meaningOf(code, 'CLOSED'))
    t.equal(found, meaning)
    t.equal(retryable, isRetried)
  })
}

t.test('every code that the server closes with is known by name', async (t) => {
  for (const { code, reason } of Object.values(closeCodes)) t.not(meaningOf(code, 'CLOSED'), 'CLOSED', `${code}: ${reason}`)
})
