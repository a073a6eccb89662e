import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { findEntry, parseTokens } from '../lib/auth/tokens.ts'
import { portOf, startProgram } from './support/service.ts'
import { version } from '../version.ts'

const cases = [
  { args: ['--help'], code: 0, stdout: /serve .*watch .*generate .*detect .*token .*check /s, stderr: '' },
  { args: ['-v'], code: 0, stdout: `${version}\n`, stderr: '' },
  {
    args: ['wacth'],
    code: 2,
    stdout: '',
    stderr: 'popcast: there is no command "wacth"; commands: ' +
      'serve, watch, generate, detect, token, check; popcast --help says more\n'
  },
  { args: ['toString'], code: 2, stdout: '', stderr: /^popcast: there is no command "toString"/ },
  { args: ['--port', '1'], code: 2, stdout: '', stderr: /^popcast: there is no option "--port"/ },
  { args: ['serve', '--port'], code: 2, stdout: '', stderr: /^popcast: serve takes no arguments, not "--port"/ },
  { args: ['serve', '--help'], code: 0, stdout: /settings are environment variables/, stderr: '' },
  { args: ['generate', '--help'], code: 0, stdout: /^npx popcast generate \[options\]\nnpm run generate -- /m, stderr: '' },
  { args: ['generate', '--pop'], code: 1, stdout: '', stderr: /--pop/ },
  { args: ['detect', '--help'], code: 0, stdout: /^npx popcast detect .*\nnpm run detect -- /m, stderr: '' },
  { args: ['detect'], code: 1, stdout: '', stderr: /one FILE.csv is wanted, not 0/ },
  { args: ['token', '--help'], code: 0, stdout: /^npx popcast token NAME /m, stderr: '' },
  { args: ['token', 'wall'], code: 0, stdout: /^token: [\w-]{43}\nline: {2}wall sha256:[\da-f]{64}\n$/, stderr: '' },
  { args: ['token'], code: 1, stdout: '', stderr: /one NAME is wanted/ },
  { args: ['token', 'wall', '--role', 'x'], code: 1, stdout: '', stderr: /--role/ },
  { args: ['token', 'wall', '--expires', 'soon'], code: 1, stdout: '', stderr: /expires: "soon" is not a time of ISO 8601/ },
  { args: ['token', 'wall', '--topics', 'weather'], code: 1, stdout: '', stderr: /"weather" is not of metrics/ },
  { args: ['token', '#wall'], code: 1, stdout: '', stderr: /"#wall" begins a comment/ },
  { args: ['token', 'wall', '--expires', '2020-01-01'], code: 1, stdout: '', stderr: /--expires is over/ },
  { args: ['check', '--help'], code: 0, stdout: /^npx popcast check \[--json\]/m, stderr: '' },
  { args: ['check', '--quick'], code: 2, stdout: '', stderr: /--quick/ },
  { args: ['check', 'all'], code: 2, stdout: '', stderr: /'all'/ },
  { args: ['check'], code: 0, stdout: /^ok +samples +20 PoPs, 5 functions (.*\n)*\nno problem, 1 note\n$/m, stderr: '' },
  { args: ['token', 'the wall'], code: 1, stdout: '', stderr: /after the name sha256:/ }
]
for (const { args, code, stdout, stderr } of cases) {
  t.test(`popcast ${args.join(' ')}`, async (t) => {
    const program = startProgram(t, 'popcast.js', args, {})
    let text = ''
    program.child.stdout!.on('data', (chunk) => { text += chunk })
    t.match(await program.exit, { code })
    t.match(text, stdout)
    t.match(program.stderr(), stderr)
    t.notMatch(program.stderr(), /^ +at /m, 'no stack trace')
  })
}

for (const args of [[], ['serve']]) {
  t.test(`popcast ${args.join(' ')} serves`, async (t) => {
    const service = startProgram(t, 'popcast.js', args, { PORT: '0' })
    t.equal((await fetch(`http://127.0.0.1:${await portOf(service)}/health/live`)).status, 200)
    service.child.kill('SIGTERM')
    t.strictSame(await service.exit, { code: 0, signal: null })
  })
}

t.test('popcast token adds to a file what a service takes', async (t) => {
  const file = join(t.testdir({ tokens: '# of the hall' }), 'tokens')
  const made = async (...args: string[]) => {
    const program = startProgram(t, 'popcast.js', ['token', ...args], {})
    let text = ''
    program.child.stdout!.on('data', (chunk) => { text += chunk })
    return { code: (await program.exit).code, text }
  }
  const { text: token } = await made('wall', '--file', file, '--expires', '2100-01-01', '--topics', 'metrics', '--pops', 'fra1')
  const entries = parseTokens(readFileSync(file, 'utf8'))
  t.match(entries, [{ name: 'wall', grant: { expiresAt: Date.UTC(2100, 0, 1), topics: new Set(['metrics']) } }])
  t.equal(findEntry(entries, token.trim())?.name, 'wall')
  t.equal((await made('wall', '--file', file)).code, 1, 'the name is taken')
  t.equal((await made('hall', '--file', file)).code, 0)
  t.strictSame(parseTokens(readFileSync(file, 'utf8')).map(({ name }) => name), ['wall', 'hall'])
})
