import t from 'tap'
import { signatureHeaders } from '../../../lib/notify/signature.ts'
import { skipWithoutPython, verified } from '../../support/verify-webhook.ts'

const key = Buffer.from('a secret of a test')
const body = '{"pop":"Zürich"}'
const headers = signatureHeaders(key, 'msg_1', 1_767_225_600, body)

t.test('another implementation verifies it, and nothing that was changed', { skip: skipWithoutPython }, async (t) => {
  t.ok(verified(key, headers, body))
  t.notOk(verified(key, headers, body.replace('Z', 'z')), 'another body')
  t.notOk(verified(key, { ...headers, 'webhook-timestamp': '1767225601' }, body), 'another time')
  t.notOk(verified(key, { ...headers, 'webhook-id': 'msg_2' }, body), 'another id')
  t.notOk(verified(Buffer.from('another secret'), headers, body), 'another key')
})

t.test('the example of the specification', async (t) => {
  const known = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64')
  t.equal(
    signatureHeaders(known, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}')['webhook-signature'],
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
  )
})
