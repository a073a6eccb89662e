import fc from 'fast-check'
import t from 'tap'
import { SentSeqs } from '../../../lib/clients/sent-seqs.ts'
import { seededRuns } from '../../support/seed.ts'

t.test('it has what was added, whatever the order, and nothing else', async (t) => {
  fc.assert(fc.property(fc.array(fc.nat({ max: 60 }), { maxLength: 60 }), (seqs) => {
    const sent = new SentSeqs(1_000)
    for (const seq of seqs) sent.add(seq)
    return Array.from({ length: 62 }, (_, seq) => seq).every((seq) => sent.has(seq) === seqs.includes(seq))
  }), seededRuns(t, 300))
})

t.test('gaps of a client that is slow for days take no more room than the log has updates', async (t) => {
  const sent = new SentSeqs(360)
  for (let seq = 0; seq < 100_000; seq += 2) sent.add(seq)
  t.ok(sent.size <= 181, `${sent.size} ranges`)
  t.strictSame([99_998, 99_996, 99_640, 99_997, 90_000].map((seq) => sent.has(seq)), [true, true, true, false, false])
})
