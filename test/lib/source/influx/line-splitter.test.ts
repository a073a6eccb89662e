import t from 'tap'
import { LineSplitter } from '../../../../lib/source/influx/line-splitter.ts'

t.test('the same lines, wherever the chunks end', async (t) => {
  const bytes = Buffer.from('one\r\n\r\nzürich 検索\nlast')
  for (let cut = 0; cut <= bytes.length; cut++) {
    const lines: string[] = []
    const splitter = new LineSplitter((line) => lines.push(line))
    splitter.push(bytes.subarray(0, cut))
    splitter.push(bytes.subarray(cut))
    splitter.end()
    t.strictSame(lines, ['one', '', 'zürich 検索', 'last'], `cut at ${cut}`)
  }
})

t.test('nothing is left at the end of a whole line', async (t) => {
  const lines: string[] = []
  const splitter = new LineSplitter((line) => lines.push(line))
  splitter.push(Buffer.from('a\n'))
  splitter.end()
  t.strictSame(lines, ['a'])
})

t.test('a line without an end', async (t) => {
  const splitter = new LineSplitter(() => {})
  const chunk = Buffer.alloc(1_048_576, 'x')
  t.throws(() => { for (let pushed = 0; pushed < 5; pushed++) splitter.push(chunk) }, {
    name: 'SourceError',
    reason: 'bad_answer',
    message: 'a line of the answer has more than 4194304 characters'
  })
})
