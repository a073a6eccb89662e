import t from 'tap'
import { clientErrors } from '../../../lib/protocol/errors.ts'
import { SourceError, type SourceFailure } from '../../../lib/source/source-error.ts'

t.test('a client is told one of two codes, whatever the reason', async (t) => {
  const cases: Array<[SourceFailure, string]> = [
    ['unavailable', 'SOURCE_UNAVAILABLE'],
    ['timeout', 'SOURCE_TIMEOUT'],
    ['unauthorized', 'SOURCE_UNAVAILABLE'],
    ['bad_answer', 'SOURCE_UNAVAILABLE']
  ]
  for (const [reason, code] of cases) t.equal(new SourceError(reason, 'words of the database').code, code, reason)
})

t.test('it keeps message, reason and cause for the log', async (t) => {
  const cause = new Error('below')
  const error = new SourceError('timeout', 'no answer', { cause })
  t.type(error, Error)
  t.strictSame([error.name, error.message, error.reason, error.cause], ['SourceError', 'no answer', 'timeout', cause])
})

t.test('which errors may go away by themselves', async (t) => {
  t.strictSame(clientErrors, {
    BAD_MESSAGE: { retryable: false },
    UNKNOWN_TYPE: { retryable: false },
    UNKNOWN_TOPIC: { retryable: false },
    UNKNOWN_POP: { retryable: false },
    TOO_MANY_FILTERS: { retryable: true },
    SOURCE_UNAVAILABLE: { retryable: true },
    SOURCE_TIMEOUT: { retryable: true },
    UNAUTHORIZED: { retryable: false },
    FORBIDDEN: { retryable: false },
    AUTH_UNAVAILABLE: { retryable: true },
    FEED_UNAVAILABLE: { retryable: true },
    INTERNAL: { retryable: true }
  })
})
