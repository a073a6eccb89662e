import t from 'tap'
import { clean, truncate, widthOf } from '../../watch/text.ts'

const dirty = [
  { name: 'a command', text: '\u001b[2Jx', cleaned: '\ufffd[2Jx' },
  { name: 'an 8-bit command', text: '\u009b2Jx', cleaned: '\ufffd2Jx' },
  { name: 'a title', text: '\u001b]0;x\u0007', cleaned: '\ufffd]0;x\ufffd' },
  { name: 'line ends', text: 'a\r\nb\u2028c\u0085d\te', cleaned: 'a\ufffd\ufffdb\ufffdc\ufffdd\ufffde' },
  { name: 'another direction', text: 'a\u202eb\u2066c', cleaned: 'abc' },
  { name: 'half a character', text: 'a\ud83d', cleaned: 'a\ufffd' },
  {
    name: 'what is no harm',
    text: 'S\u00e3o Paulo \u6771\u4eac e\u0301 \ud83c\uddf3\ud83c\uddf1',
    cleaned: 'S\u00e3o Paulo \u6771\u4eac e\u0301 \ud83c\uddf3\ud83c\uddf1'
  },
  { name: 'very much', text: 'x'.repeat(1_000), cleaned: 'x'.repeat(256) }
]
for (const { name, text, cleaned } of dirty) t.test(`cleaned: ${name}`, async (t) => t.equal(clean(text), cleaned))

const cut = [
  { text: 'Frankfurt', columns: 9, kept: 'Frankfurt' },
  { text: 'Frankfurt', columns: 8, kept: 'Frankfu\u2026' },
  { text: '\u6771\u4eac\u90fd', columns: 6, kept: '\u6771\u4eac\u90fd' },
  { text: '\u6771\u4eac\u90fd', columns: 5, kept: '\u6771\u4eac\u2026' },
  { text: '\u6771\u4eac\u90fd', columns: 4, kept: '\u6771\u2026' },
  { text: 'e\u0301e\u0301e\u0301', columns: 2, kept: 'e\u0301\u2026' },
  { text: 'ab', columns: 1, kept: '\u2026' },
  { text: 'ab', columns: 0, kept: '' }
]
for (const { text, columns, kept } of cut) {
  t.test(`${text} in ${columns} columns`, async (t) => {
    t.equal(truncate(text, columns), kept)
    t.ok(widthOf(kept) <= columns)
  })
}
