import t from 'tap'
import { openAlerts, popsUpdate, update } from '../support/feed-messages.ts'
import { feedServer } from '../support/feed-server.ts'
import { opened, pops, regressed, run, well } from '../support/watched-feed.ts'

const old = { status: 'stale', ageMs: 91_000 } as const

t.test('--once: what is true now', async (t) => {
  const { port } = await feedServer(t, ...regressed)
  const { code, stdout, stderr } = await run('watch', '--once', `127.0.0.1:${port}`)
  t.strictSame([code, stderr], [0, ''])
  const [first, second, ...others] = stdout.split('\n')
  t.match(first, /^[\d-]+T[\d:]+Z LIVE 19\/20 healthy, mean 5.50 ms, 1 regressed, 0 silent, data [\d.]+ s old, next in \d+ s$/)
  t.match(second, /Z CRITICAL fra1 Frank\ufffd\[2Jfurt DE: 4.50 ms, \+2 % against 4.40 ms, since 2026-05-31T23:59:00Z/)
  t.strictSame(others, [''])
})

t.test('--once: what is regressed and silent is told as both, and lasts until its last sample', async (t) => {
  const silent = { ...pops[0]!, status: 'silent', sampleTime: '2026-05-31T23:59:30.000Z' } as const
  const { port } = await feedServer(t, opened, openAlerts(['a']), update(), popsUpdate({ data: { pops: [silent] } }))
  const { stdout } = await run('watch', '--once', `127.0.0.1:${port}`)
  const line = /CRITICAL fra1 .*: silent since 2026-05-31T23:59:30Z \(\d+ s\), \+193 % .*, since 2026-05-31T23:59:00Z \(30 s\)/
  t.match(stdout, line)
})

const ends = [
  { name: 'a regression', present: regressed, args: ['--once', '--fail-on-regression'], code: 1, stderr: '' },
  { name: 'no regression', present: well, args: ['--once', '--fail-on-regression'], code: 0, stderr: '' },
  { name: 'a regression, without an end', present: regressed, args: ['--fail-on-regression'], code: 1, stderr: '' },
  {
    name: 'a regression of another PoP',
    present: regressed,
    args: ['--once', '--fail-on-regression', '--pops', 'ams1'],
    code: 0,
    stderr: ''
  },
  {
    name: 'a regression of another country',
    present: [opened, openAlerts(['a']), update(), popsUpdate({ data: { pops: [pops[1]!] } })],
    args: ['--once', '--fail-on-regression', '--country', 'NL'],
    code: 0,
    stderr: ''
  },
  {
    name: 'a regression of this country',
    present: [opened, openAlerts(['a']), update(), popsUpdate({ data: { pops: [pops[0]!] } })],
    args: ['--once', '--fail-on-regression', '--country', 'DE'],
    code: 1,
    stderr: ''
  },
  {
    name: 'PoPs that are none',
    present: [openAlerts([]), update(), popsUpdate({ data: { pops: [] } })],
    args: ['--once', '--pops', 'xxx9'],
    code: 3,
    stderr: /no such PoP reports: xxx9\n.*no data to rely on \(of xxx9\)/
  },
  {
    name: 'a PoP and a country that do not go together',
    present: [openAlerts([]), update(), popsUpdate({ data: { pops: [] } })],
    args: ['--once', '--pops', 'fra1', '--country', 'NL'],
    code: 3,
    stderr: /^popcast watch: not in NL: fra1\n.*no data to rely on \(of fra1 in NL\)/
  },
  {
    name: 'a country that is none',
    present: [openAlerts([]), update(), popsUpdate({ data: { pops: [] } })],
    args: ['--once', '--country', 'XX'],
    code: 3,
    stderr: /^popcast watch: no PoP in XX\n/
  },
  {
    name: 'stale data',
    present: [openAlerts([]), update({ ...old }), popsUpdate({ data: { pops }, ...old })],
    args: ['--once', '--timeout', '4'],
    code: 3,
    stderr: /^popcast watch: no data to rely on within 4 s: STALE, data 95 s old\n$/
  },
  {
    name: 'no data',
    present: [],
    args: ['--once', '--timeout', '4', '--json'],
    code: 3,
    stderr: /within 4 s: CONNECTED, waiting for the first data\n$/
  }
]
for (const { name, present, args, code, stderr } of ends) {
  t.test(`${args.join(' ')}: ${name}`, async (t) => {
    const { port } = await feedServer(t, ...present)
    const ended = await run('watch', ...args, `127.0.0.1:${port}`)
    t.equal(ended.code, code, ended.stderr)
    t.match(ended.stderr, stderr)
  })
}

t.test('nobody there', async (t) => {
  const { code, stdout, stderr } = await run('watch', '--once', '--timeout', '0.5', '127.0.0.1:9')
  t.strictSame([code, stdout], [3, ''])
  t.match(stderr, /^popcast watch: no data to rely on within 0.5 s: (CANNOT CONNECT|CONNECTING)/)
})

t.test('wrong arguments, and help', async (t) => {
  t.match(await run('watch', '--jsn'), { code: 2, stdout: '', stderr: /^popcast watch: Unknown option '--jsn'\n.*--help/ })
  t.match(await run('watch', '--help'), { code: 0, stdout: /--fail-on-regression/, stderr: '' })
})
