import t from 'tap'
import { closeCodes } from '../../../lib/protocol/close-codes.ts'

/** RFC 6455 5.5: a control frame carries 125 bytes, two of which are the code. */
const MAX_REASON_BYTES = 123

const reasons = Object.entries(closeCodes)

// Clients rely on these numbers: a changed one is a changed protocol.
const documented = {
  goingAway: 1001,
  internal: 1011,
  slowConsumer: 4008,
  rate: 4013,
  stale: 4012,
  limitsChanged: 4014,
  authUnavailable: 4015,
  overCapacity: 4016,
  unauthorized: 4500,
  invalidMessages: 4501
}

t.test('the codes are the documented ones', async (t) => {
  t.strictSame(Object.fromEntries(reasons.map(([name, { code }]) => [name, code])), documented)
})

t.test('no two reasons share a code', async (t) => {
  t.equal(new Set(reasons.map(([, { code }]) => code)).size, reasons.length)
})

for (const [name, { code, reason }] of reasons) {
  t.test(name, async (t) => {
    const bytes = Buffer.byteLength(reason)
    t.ok(bytes > 0 && bytes <= MAX_REASON_BYTES, `${bytes} bytes fit into a close frame`)
    t.ok(code === 1001 || code === 1011 || (code >= 4000 && code <= 4999), `${code} may be sent by a server`)
    const saysComeBack = /\breconnect\b|\bcome back\b/.test(reason)
    t.equal(saysComeBack, code < 4500, 'the reason tells to come back if and only if the code does')
  })
}
