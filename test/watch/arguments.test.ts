import t from 'tap'
import { shownAddress } from '../../watch/address.ts'
import { parseArguments, USAGE } from '../../watch/arguments.ts'
import { exitCodes } from '../../watch/exit-codes.ts'

const defaults = {
  address: 'ws://127.0.0.1:3001/ws', json: false, once: false, failOnRegression: false, timeoutMs: 10_000, pops: [], countries: []
}
const right = [
  { args: [], options: {} },
  { args: ['popcast.example'], options: { address: 'ws://popcast.example/ws' } },
  { args: ['localhost:3001'], options: { address: 'ws://localhost:3001/ws' } },
  { args: ['[::1]:3001'], options: { address: 'ws://[::1]:3001/ws' } },
  { args: ['http://127.0.0.1:3001'], options: { address: 'ws://127.0.0.1:3001/ws' } },
  { args: ['https://popcast.example/'], options: { address: 'wss://popcast.example/ws' } },
  { args: ['https://popcast.example/live/'], options: { address: 'wss://popcast.example/live/' } },
  { args: ['WSS://popcast.example/live/ws?key=1#x'], options: { address: 'wss://popcast.example/live/ws?key=1' } },
  { args: ['--json', '--once', '--fail-on-regression'], options: { json: true, once: true, failOnRegression: true } },
  { args: ['--once', '--timeout', '0.5'], options: { once: true, timeoutMs: 500 } },
  { args: ['--pops', 'fra1, ams1,fra1', '--pops=lhr1'], options: { pops: ['fra1', 'ams1', 'lhr1'] } },
  { args: ['--country', 'DE,NL'], options: { countries: ['DE', 'NL'] } }
]
for (const { args, options } of right) {
  t.test(`watch ${args.join(' ')}`, async (t) => {
    t.strictSame(parseArguments(args), { ...defaults, ...options })
  })
}

const wrong = [
  { args: ['--jsn'], message: /Unknown option '--jsn'/ },
  { args: ['--pops'], message: /'--pops <value>' argument missing/ },
  { args: ['a', 'b'], message: 'one address is wanted, not 2: a b' },
  { args: ['ftp://host'], message: /^"ftp:\/\/host": not ftp:; accepted: a URL such as ws:/ },
  { args: ['http://'], message: /^"http:\/\/" is no address; accepted: / },
  { args: ['host:port'], message: /^"host:port" is no address/ },
  { args: ['--timeout', '5'], message: /^--timeout is that of --once/ },
  { args: ['--once', '--timeout', '0'], message: /^--timeout: "0" is not a number of seconds from 0.1 to 86400/ },
  { args: ['--once', '--timeout', '1e3'], message: /^--timeout: "1e3"/ },
  { args: ['--pops', 'fra1,,ams1'], message: /^--pops: "fra1,,ams1" has an empty value/ },
  { args: ['--country', ''], message: /^--country: "" has an empty value/ },
  {
    args: ['--pops', Array.from({ length: 1_001 }, (_, index) => `p${index}`).join()],
    message: /^--pops: 1001 values are more than 1000/
  }
]
for (const { args, message } of wrong) {
  t.test(`not: watch ${args.join(' ').slice(0, 40)}`, async (t) => {
    t.throws(() => parseArguments(args), { message })
  })
}

t.test('help names every exit code', async (t) => {
  t.equal(parseArguments(['--once', '-h']), 'help')
  for (const code of Object.values(exitCodes)) t.match(USAGE, new RegExp(`^ +${code}   \\S`, 'm'))
  for (const line of USAGE.split('\n')) t.ok(line.length <= 120, line)
})

t.test('neither a password nor a token is shown', async (t) => {
  t.equal(shownAddress('wss://me:secret@popcast.example:8443/live/ws?token=secret'), 'wss://popcast.example:8443/live/ws')
})
