import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const script = fileURLToPath(new URL('../../../scripts/failures.js', import.meta.url))
const failures = (input: string) => execFileSync(process.execPath, [script], { input, encoding: 'utf8' })

const TAP = `ok 1 - first.js
# Subtest: second.js
    # Subtest: outer
        ok 1 - this is well
        not ok 2 - what was found
          ---
          diff: a for b
          ...
        not ok 3 - what came of it
    not ok 1 - outer
      ---
      at: somewhere
      ...
    not ok 2 - beside it
not ok 2 - second.js
ok 3 - third.js
`

t.test('each assertion that failed, below the tests it is in', async (t) => {
  const told = failures(TAP)
  const outer = 'not ok 2 - second.js\nnot ok 1 - outer\n'
  t.ok(told.startsWith(`${outer}        not ok 2 - what was found\n          ---\n          diff: a for b\n`))
  t.match(told, `${outer}        not ok 3 - what came of it\n`)
  t.match(told, 'not ok 2 - second.js\n    not ok 2 - beside it\n')
  t.notMatch(told, /^not ok 2 - second\.js\n(not ok 1 - outer\n)?\s+---/m, 'a test is no failure of its own')
  t.notMatch(told, 'first.js')
})

t.test('of what ended without one, its last lines', async (t) => {
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`)
  t.equal(failures(lines.join('\n')), `${lines.slice(-40).join('\n')}\n`)
})
