import { constants, inflateRawSync } from 'node:zlib'
import t from 'tap'
import { agreedWindowBits, deflateMessage } from '../../../../lib/clients/websocket/permessage-deflate.ts'

const agreements = [
  { name: 'nothing', extensions: '', bits: 0 },
  { name: 'another extension', extensions: 'x-webkit-deflate-frame', bits: 0 },
  { name: 'no window', extensions: 'permessage-deflate; server_no_context_takeover', bits: 15 },
  { name: 'the client\'s window is not ours', extensions: 'permessage-deflate; client_max_window_bits=9', bits: 15 },
  { name: '15 bits', extensions: 'permessage-deflate; server_max_window_bits=15', bits: 15 },
  { name: '9 bits', extensions: 'permessage-deflate; server_no_context_takeover; server_max_window_bits=9', bits: 9 },
  { name: '8 bits, which zlib cannot do: not deflated', extensions: 'permessage-deflate; server_max_window_bits=8', bits: 0 }
]

for (const { name, extensions, bits } of agreements) {
  t.test(`agreed: ${name}`, async (t) => t.equal(agreedWindowBits(extensions), bits))
}

// Repeats itself at a distance that only the larger windows reach.
const block = Array.from({ length: 4_000 }, (_, index) => ((index * 7919) % 251).toString(16)).join('')
const message = Buffer.from(block + block)

for (let windowBits = 9; windowBits <= 15; windowBits++) {
  t.test(`a window of ${windowBits} bits can read what was deflated for it`, async (t) => {
    const deflated = deflateMessage(message, windowBits)
    t.not(deflated.subarray(-4).toString('hex'), '0000ffff', 'the tail is cut off: RFC 7692 7.2.1')
    const whole = Buffer.concat([deflated, Buffer.from([0, 0, 0xff, 0xff])])
    t.ok(inflateRawSync(whole, { windowBits, finishFlush: constants.Z_SYNC_FLUSH }).equals(message))
  })
}

t.test('two messages do not depend on each other', async (t) => {
  t.ok(deflateMessage(message, 15).equals(deflateMessage(message, 15)))
})
