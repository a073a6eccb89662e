import { constants, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { gzipEvents, PLAIN_EVENTS } from '../../../../lib/clients/sse/encodings.ts'
import { SharedMessage } from '../../../../lib/feed/shared-message.ts'
import { errorMessage } from '../../../../lib/protocol/server-messages.ts'
import { UPDATE } from '../../../support/clients.ts'
import { seededRuns } from '../../../support/seed.ts'

const error = new SharedMessage(errorMessage('SOURCE_TIMEOUT', 'late', 0))
/** What a client reads that has not come to the end of the stream yet. */
const read = (...parts: Buffer[]) => gunzipSync(Buffer.concat(parts), { finishFlush: constants.Z_SYNC_FLUSH }).toString()

t.test('an event is named by its type and has its position as id', async (t) => {
  t.equal(
    new SharedMessage(UPDATE).as(PLAIN_EVENTS).toString(),
    `event: metrics_update\nid: ${UPDATE.epoch}:${UPDATE.seq}\ndata: ${JSON.stringify(UPDATE)}\n\n`
  )
})

t.test('one without a position has no id, and an error another name than that of the browser', async (t) => {
  t.match(error.as(PLAIN_EVENTS).toString(), /^event: feed_error\ndata: {"type":"error"/)
})

t.test('gzip: made once, read as it was', async (t) => {
  const gzip = gzipEvents(0)
  const shared = new SharedMessage(UPDATE)
  t.equal(shared.as(gzip), shared.as(gzip))
  t.ok(shared.as(gzip).length < shared.bytes)
  t.equal(read(gzip.head, shared.as(gzip)), shared.as(PLAIN_EVENTS).toString())
})

t.test('gzip: what is short is stored as it is', async (t) => {
  const event = error.as(PLAIN_EVENTS)
  const gzip = gzipEvents(event.length + 1)
  t.ok(error.as(gzip).includes(event))
  t.equal(read(gzip.head, error.as(gzip), gzip.comment), `${event}:\n\n`)
})

t.test('gzip: whatever follows on what, it is one stream that can be read up to the last event', async (t) => {
  const gzip = gzipEvents(1_000)
  const text = fc.string({ unit: 'grapheme', maxLength: 200 })
  const kind = fc.constantFrom('own' as const, 'shared' as const, 'comment' as const)
  const part = fc.record({ kind, text, times: fc.nat(2_000) })
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const written = parts.map(({ kind, text, times }) => {
        const message = errorMessage('INTERNAL', text.repeat(times), 0)
        const plain = new SharedMessage(message).as(PLAIN_EVENTS)
        if (kind === 'comment') return { plain: Buffer.from(':\n\n'), bytes: gzip.comment }
        return { plain, bytes: kind === 'own' ? gzip.own(plain) : new SharedMessage(message).as(gzip) }
      })
      const got = read(gzip.head, ...written.map(({ bytes }) => bytes))
      if (got !== Buffer.concat(written.map(({ plain }) => plain)).toString()) throw new Error('another text')
    }),
    seededRuns(t, 50)
  )
})
