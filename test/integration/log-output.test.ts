import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { fifo, run } from '../support/outputs.ts'

t.test('the flush ends at its deadline, and the exit code is what it was', async (t) => {
  const { writer } = fifo(t)
  for (const stdout of ['pipe', writer, openSync('/dev/full', 'w')] as const) {
    t.strictSame(await run(t, 'test/support/log-burst.js', ['exit'], stdout).exit, [3, null])
  }
})

// What is left of the room when the first line is dropped depends on their length: that many are missing has to fit always.
const resumes = [
  ['pipe', 200],
  ['pipe', 260],
  ['pipe', 330],
  ['pipe', 410],
  ['pipe', 900],
  ['socket', 200],
  ['socket', 410]
] as const

for (const [kind, length] of resumes) {
  t.test(
    `a reader that reads again gets what waited, in order, and how many lines are missing (${kind}, ${length})`,
    async (t) => {
      const { writer, closeWriter, readAll } = fifo(t)
      const { child, exit, said } = run(
        t,
        'test/support/log-burst.js',
        ['resume', '20000', String(length)],
        kind === 'pipe' ? writer : 'pipe'
      )
      const dropped = Number(await said(/dropped (\d+)\n/))
      t.ok(dropped > 0)
      const output = kind === 'pipe' ? readAll() : text(child.stdout as NonNullable<typeof child.stdout>)
      closeWriter()
      child.kill('SIGUSR2')
      t.strictSame(await exit, [0, null])
      const lines = (await output)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      const numbers = lines.flatMap(({ line }) => line ?? [])
      t.strictSame(
        numbers,
        Array.from({ length: 20_000 - dropped }, (_, index) => index)
      )
      t.match(lines.slice(numbers.length), [
        { level: 40, event: 'log_dropped', count: dropped },
        { event: 'end', dropped }
      ])
    }
  )
}

t.test('of a socket whose other end is gone every line is counted as dropped', async (t) => {
  const { child, exit, said } = run(t, 'test/support/log-to-nobody.js', ['1000'], 'pipe')
  child.stdout?.destroy()
  t.equal(await said(/waiting/), undefined)
  child.kill('SIGUSR2')
  t.equal(await said(/dropped (\d+)\n/), '1000')
  t.strictSame(await exit, [0, null])
})

t.test('a regular file is appended to', async (t) => {
  const path = join(t.testdir({ log: 'before\n' }), 'log')
  t.strictSame(await run(t, 'test/support/log-burst.js', ['exit', '100'], openSync(path, 'a')).exit, [3, null])
  const lines = readFileSync(path, 'utf8').trim().split('\n')
  t.equal(lines[0], 'before')
  t.equal(lines.length, 101)
})
