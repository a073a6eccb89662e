import fc from 'fast-check'
import t from 'tap'
import { outcomeOf } from '../support/clients.ts'
import { memoryLog } from '../support/memory-logs.ts'
import { seededRuns } from '../support/seed.ts'

t.test('what is read after a position is all that came after it, in order, or nothing', async (t) => {
  const limits = fc.record({ maxEntries: fc.integer({ min: 1, max: 8 }), maxBytes: fc.integer({ min: 1, max: 3_000 }) })
  const reads = fc.array(
    fc.record({ afterTicks: fc.nat({ max: 20 }), seq: fc.nat({ max: 22 }), epoch: fc.constantFrom('e1', 'e1', 'e1', 'e0') }),
    { maxLength: 20 }
  )
  await fc.assert(fc.asyncProperty(limits, reads, async (limits, reads) => {
    const { updates: log, append } = memoryLog({ epoch: 'e1', ...limits })
    const kept = (published: number) => log.last(published).map(({ seq }) => seq)
    for (let published = 0; published <= 20; published++) {
      if (published > 0) await append(outcomeOf())
      const entries = log.last(100)
      const bytes = entries.reduce((sum, { metrics }) => sum + metrics.bytes, 0)
      if (entries.length > limits.maxEntries || bytes > limits.maxBytes) return false
      if (!isContiguous(kept(100), published)) return false
      for (const { seq, epoch } of reads.filter(({ afterTicks }) => afterTicks === published)) {
        const found = log.readAfter({ epoch, seq })
        const recoverable = epoch === 'e1' && seq <= published && published - seq <= entries.length
        if (recoverable !== 'entries' in found) return false
        if (
          'entries' in found &&
          !(
            found.entries.length === published - seq &&
            isContiguous(
              found.entries.map(({ seq }) => seq),
              published
            )
          )
        ) { return false }
      }
    }
    return true
  }), seededRuns(t, 300))
})

/** Each one more than the one before, the last one being `last`. */
function isContiguous (seqs: number[], last: number): boolean {
  return seqs.every((seq, index) => seq === last - (seqs.length - 1 - index))
}
