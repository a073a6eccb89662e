import t from 'tap'
import { portOf, startProgram } from './support/service.ts'
import { version } from '../version.ts'

const cases = [
  { args: ['--help'], code: 0, stdout: /serve .*watch .*generate .*detect /s, stderr: '' },
  { args: ['-v'], code: 0, stdout: `${version}\n`, stderr: '' },
  {
    args: ['wacth'],
    code: 2,
    stdout: '',
    stderr: 'popcast: there is no command "wacth"; commands: serve, watch, generate, detect; popcast --help says more\n'
  },
  { args: ['toString'], code: 2, stdout: '', stderr: /^popcast: there is no command "toString"/ },
  { args: ['--port', '1'], code: 2, stdout: '', stderr: /^popcast: there is no option "--port"/ },
  { args: ['serve', '--port'], code: 2, stdout: '', stderr: /^popcast: serve takes no arguments, not "--port"/ },
  { args: ['serve', '--help'], code: 0, stdout: /settings are environment variables/, stderr: '' },
  { args: ['generate', '--help'], code: 0, stdout: /^npx popcast generate \[options\]\nnpm run generate -- /m, stderr: '' },
  { args: ['generate', '--pop'], code: 1, stdout: '', stderr: /--pop/ },
  { args: ['detect', '--help'], code: 0, stdout: /^npx popcast detect .*\nnpm run detect -- /m, stderr: '' },
  { args: ['detect'], code: 1, stdout: '', stderr: /one FILE.csv is wanted, not 0/ }
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
