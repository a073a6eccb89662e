import t from 'tap'
import { PLAIN, WebSocketEncodings } from '../../../lib/clients/websocket/encodings.ts'
import { encodeText } from '../../../lib/clients/websocket/frame.ts'
import { SharedMessage } from '../../../lib/feed/shared-message.ts'
import { UPDATE } from '../../support/clients.ts'

const JSON_BYTES = Buffer.byteLength(JSON.stringify(UPDATE))

t.test('bytes once for each encoding in which it is needed', async (t) => {
  const message = new SharedMessage(UPDATE)
  const encodings = new WebSocketEncodings(0)
  const frame = (windowBits: number) => message.as(encodings.of(windowBits))
  t.ok(frame(0).equals(encodeText(Buffer.from(JSON.stringify(UPDATE)))))
  t.equal(frame(0), frame(0))
  t.equal(frame(15), frame(15))
  t.not(frame(15), frame(10))
  t.equal(frame(15)[0], 0xc1)
  let encoded = 0
  const encoding = {
    name: 'upper case',
    encode: ({ json }: SharedMessage) => Buffer.from(`${++encoded} ${json.toString().toUpperCase()}`)
  }
  t.equal(message.as(encoding), message.as(encoding))
  t.match(message.as(encoding).toString(), /^1 \{"TYPE":"METRICS_UPDATE"/, 'one that it knows nothing of')
})

const thresholds = [
  { name: 'one byte below', deflateFrom: JSON_BYTES + 1, first: 0x81 },
  { name: 'just reached', deflateFrom: JSON_BYTES, first: 0xc1 }
]

for (const { name, deflateFrom, first } of thresholds) {
  t.test(`the threshold: ${name}`, async (t) => {
    const message = new SharedMessage(UPDATE)
    const frame = message.as(new WebSocketEncodings(deflateFrom).of(15))
    t.equal(frame[0], first)
    if (first === 0x81) t.equal(frame, message.as(PLAIN), 'then it is the plain frame')
  })
}

t.test('the message is what it was when it was made', async (t) => {
  const update = { ...UPDATE }
  const message = new SharedMessage(update)
  update.seq = 99
  t.match(message.as(PLAIN).toString(), '"seq":1,')
})

t.test('after skipping: the same update with the number, made once per number', async (t) => {
  const message = new SharedMessage(UPDATE)
  t.equal(message.afterSkipping(0), message)
  t.equal(message.afterSkipping(2), message.afterSkipping(2))
  t.not(message.afterSkipping(2), message.afterSkipping(3))
  t.strictSame(JSON.parse(message.afterSkipping(2).as(PLAIN).subarray(4).toString()), { ...UPDATE, skipped: 2 })
})
