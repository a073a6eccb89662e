import * as ws from 'ws'
import t from 'tap'
import { encodePong, encodeText, PING_FRAME } from '../../../../lib/clients/websocket/frame.ts'

/** The frame encoder of ws, an independent opinion. Its type definitions leave it out. */
const { Sender } = ws as unknown as { Sender: { frame (payload: Buffer, options: object): Buffer[] } }

const TEXT = 0x1
const PING = 0x9
const PONG = 0xa

function encodedByWs (opcode: number, payload: Buffer): Buffer {
  return Buffer.concat(Sender.frame(payload, { fin: true, rsv1: false, mask: false, readOnly: true, opcode }))
}

const texts = [
  { name: 'no payload', text: '', header: '8100' },
  { name: '1 byte', text: 'a', header: '8101' },
  { name: 'the longest with a 7 bit length', text: 'a'.repeat(125), header: '817d' },
  { name: 'the shortest with a 16 bit length', text: 'a'.repeat(126), header: '817e007e' },
  { name: 'a 16 bit length in network byte order', text: 'a'.repeat(0x1234), header: '817e1234' },
  { name: 'the longest with a 16 bit length', text: 'a'.repeat(65_535), header: '817effff' },
  { name: 'the shortest with a 64 bit length', text: 'a'.repeat(65_536), header: '817f0000000000010000' },
  { name: 'a 64 bit length in network byte order', text: 'a'.repeat(0x123456), header: '817f0000000000123456' },
  { name: 'the length is that of the bytes, not of the characters', text: '\u20ac'.repeat(42), header: '817e007e' }
]

for (const { name, text, header } of texts) {
  t.test(`text: ${name}`, async (t) => {
    const frame = encodeText(Buffer.from(text))
    const headerLength = header.length / 2
    t.equal(frame.toString('hex', 0, headerLength), header)
    t.equal(frame.length, headerLength + Buffer.byteLength(text))
    t.ok(frame.subarray(headerLength).equals(Buffer.from(text)), 'the payload is the text')
    t.ok(frame.equals(encodedByWs(TEXT, Buffer.from(text))), 'ws builds the same')
  })
}

const characters = [
  { name: '2 bytes', text: '\u00e9', bytes: '8102c3a9' },
  { name: '3 bytes', text: '\u20ac', bytes: '8103e282ac' },
  { name: '4 bytes', text: '\u{1f600}', bytes: '8104f09f9880' },
  { name: 'a lone surrogate becomes U+FFFD, since a text frame must be valid UTF-8', text: '\ud83d', bytes: '8103efbfbd' }
]

for (const { name, text, bytes } of characters) {
  t.test(`UTF-8: ${name}`, async (t) => {
    t.equal(encodeText(Buffer.from(text)).toString('hex'), bytes)
  })
}

const pongs = [
  { name: 'empty', payload: Buffer.alloc(0), bytes: '8a00' },
  { name: 'text', payload: Buffer.from('hi'), bytes: '8a026869' },
  { name: 'bytes that are no text', payload: Buffer.from('ff00fe80', 'hex'), bytes: '8a04ff00fe80' },
  { name: 'the longest that a control frame can carry', payload: Buffer.alloc(125, 0xff), bytes: `8a7d${'ff'.repeat(125)}` }
]

for (const { name, payload, bytes } of pongs) {
  t.test(`pong: ${name}`, async (t) => {
    const frame = encodePong(payload)
    t.equal(frame.toString('hex'), bytes)
    t.ok(frame.equals(encodedByWs(PONG, payload)), 'ws builds the same')
  })
}

t.test('a pong does not change with the buffer it was built from', async (t) => {
  const payload = Buffer.from('hi')
  const frame = encodePong(payload)
  payload.fill(0)
  t.equal(frame.toString('hex'), '8a026869')
})

t.test('a ping has no payload', async (t) => {
  t.equal(PING_FRAME.toString('hex'), '8900')
  t.ok(PING_FRAME.equals(encodedByWs(PING, Buffer.alloc(0))), 'ws builds the same')
})
