import { PassThrough } from 'node:stream'
import t from 'tap'
import { relayLines } from '../../../lib/workers/line-relay.ts'

t.test('only whole lines are handed on, however they come', async (t) => {
  const stream = new PassThrough()
  const written: string[] = []
  relayLines(stream, (lines) => { written.push(lines) })
  const bytes = Buffer.from('{"a":"ü"}\n{"b":1}\n{"c"')
  for (const byte of bytes.subarray(0, 8)) {
    stream.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.strictSame(written, [])
  stream.write(bytes.subarray(8))
  await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(written, ['{"a":"ü"}\n{"b":1}\n'])
  stream.end(':2}\nthe process was killed in its mid')
  await new Promise((resolve) => stream.on('end', resolve))
  t.strictSame(written.slice(1), ['{"c":2}\n'])
})

t.test('what never ends is not kept', async (t) => {
  const stream = new PassThrough()
  const written: string[] = []
  relayLines(stream, (lines) => { written.push(lines) })
  stream.write('x'.repeat(600_000))
  stream.write('x'.repeat(600_000))
  stream.end('y\nz\n')
  await new Promise((resolve) => stream.on('end', resolve))
  t.strictSame(written.join(''), 'y\nz\n')
})
