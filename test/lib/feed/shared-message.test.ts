import t from 'tap'
import { encodeText } from '../../../lib/clients/websocket/frame.ts'
import { SharedMessage } from '../../../lib/feed/shared-message.ts'
import { UPDATE } from '../../support/clients.ts'

const JSON_BYTES = Buffer.byteLength(JSON.stringify(UPDATE))

t.test('one frame for each way in which it is needed', async (t) => {
  const message = new SharedMessage(UPDATE, 0)
  t.ok(message.frame(0).equals(encodeText(Buffer.from(JSON.stringify(UPDATE)))))
  t.equal(message.frame(0), message.frame(0))
  t.equal(message.frame(15), message.frame(15))
  t.not(message.frame(15), message.frame(10))
  t.equal(message.frame(15)[0], 0xc1)
})

const thresholds = [
  { name: 'one byte below', deflateFrom: JSON_BYTES + 1, first: 0x81 },
  { name: 'just reached', deflateFrom: JSON_BYTES, first: 0xc1 }
]

for (const { name, deflateFrom, first } of thresholds) {
  t.test(`the threshold: ${name}`, async (t) => {
    const message = new SharedMessage(UPDATE, deflateFrom)
    t.equal(message.frame(15)[0], first)
    if (first === 0x81) t.equal(message.frame(15), message.frame(0), 'then it is the plain frame')
  })
}

t.test('the message is what it was when it was made', async (t) => {
  const update = { ...UPDATE }
  const message = new SharedMessage(update, 1_000_000)
  update.seq = 99
  t.match(message.frame(0).toString(), '"seq":1,')
})

t.test('after skipping: the same update with the number, made once per number', async (t) => {
  const message = new SharedMessage(UPDATE, 1_000_000)
  t.equal(message.afterSkipping(0), message)
  t.equal(message.afterSkipping(2), message.afterSkipping(2))
  t.not(message.afterSkipping(2), message.afterSkipping(3))
  t.strictSame(JSON.parse(message.afterSkipping(2).frame(0).subarray(4).toString()), { ...UPDATE, skipped: 2 })
})
