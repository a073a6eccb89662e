import fc from 'fast-check'
import t from 'tap'
import { eventStreamReader } from '../../client/event-stream.ts'
import { seededRuns } from '../support/seed.ts'

function read (pieces: string[], maxLength?: number): string[] {
  const events: string[] = []
  const feed = eventStreamReader((data) => events.push(data), maxLength)
  for (const piece of pieces) feed(piece)
  return events
}

const cases: Array<{ name: string, pieces: string[], expected: string[] }> = [
  { name: 'an event', pieces: ['data: one\n\n'], expected: ['one'] },
  { name: 'several in one piece', pieces: ['data: one\n\ndata: two\n\n'], expected: ['one', 'two'] },
  { name: 'no blank before the value', pieces: ['data:one\n\n'], expected: ['one'] },
  { name: 'only one blank is taken away', pieces: ['data:  one\n\n'], expected: [' one'] },
  { name: 'several lines of data', pieces: ['data: one\ndata: two\n\n'], expected: ['one\ntwo'] },
  { name: 'other fields around it', pieces: ['event: pong\nid: e1:4\ndata: one\nretry: 5\n\n'], expected: ['one'] },
  { name: 'a comment', pieces: [':\n\n: hello\n\ndata: one\n\n'], expected: ['one'] },
  { name: 'a field whose name only ends in it', pieces: ['nodata: one\n\n'], expected: [] },
  { name: 'an event without data', pieces: ['event: pong\n\n'], expected: [] },
  { name: 'an event that is not complete', pieces: ['data: one\n'], expected: [] },
  { name: 'CR', pieces: ['data: one\rdata: two\r\r', 'data: three\r\r'], expected: ['one\ntwo', 'three'] },
  { name: 'CRLF', pieces: ['data: one\r\ndata: two\r\n\r\n'], expected: ['one\ntwo'] },
  { name: 'CRLF, cut in its midst', pieces: ['data: one\r', '\n\r', '\ndata: two\r\n\r\n'], expected: ['one', 'two'] },
  { name: 'a CRLF is one end of a line', pieces: ['data: one\r\n', 'data: two\r\n', '\r\n'], expected: ['one\ntwo'] },
  { name: 'what JSON leaves as it is', pieces: ['data: "a\u2028b\u2029c"\n\n'], expected: ['"a\u2028b\u2029c"'] },
  { name: 'nothing', pieces: ['', ''], expected: [] }
]

for (const { name, pieces, expected } of cases) {
  t.test(name, async (t) => {
    t.strictSame(read(pieces), expected)
    t.strictSame(read(pieces.join('').split('')), expected, 'character by character')
  })
}

t.test('wherever it is cut, and however lines end, the same events are read', async (t) => {
  const value = fc.string({ unit: fc.constantFrom('a', ':', ' ', '\u2028', 'é', '😀', '"'), maxLength: 8 })
  const event = fc.array(value.filter((text) => !text.startsWith(' ')), { minLength: 1, maxLength: 3 })
  fc.assert(fc.property(
    fc.array(event, { maxLength: 5 }), fc.constantFrom('\n', '\r', '\r\n'), fc.array(fc.nat(40), { maxLength: 6 }),
    (events, end, cuts) => {
      const bytes = new TextEncoder().encode(
        events.map((lines) => lines.map((line) => `data: ${line}${end}`).join('') + `id: 1${end}${end}:${end}${end}`).join('')
      )
      const decoder = new TextDecoder()
      const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
      const pieces = edges.slice(1).map((edge, index) => decoder.decode(bytes.slice(edges[index], edge), { stream: true }))
      const found = read(pieces)
      const expected = events.map((lines) => lines.join('\n'))
      if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error(JSON.stringify({ found, expected, pieces }))
    }
  ), seededRuns(t, 1_000))
})

t.test('an event that does not end is not kept for ever', async (t) => {
  t.throws(() => read(['data: ', 'x'.repeat(60), 'x'.repeat(60)], 100), RangeError)
  t.strictSame(read(['data: one\n\n'.repeat(100)], 100).length, 100, 'many that do end are no more than the one that comes last')
})
