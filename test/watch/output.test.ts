import { PassThrough, Writable } from 'node:stream'
import t from 'tap'
import { jsonLine } from '../../watch/json-view.ts'
import { Gate } from '../../watch/gate.ts'
import { Output } from '../../watch/output.ts'
import { Screen } from '../../watch/screen.ts'
import { Selection, type UnknownPops } from '../../watch/selection.ts'
import { pop } from '../support/feed-messages.ts'

const MIB = 1_048_576
const popsOf = (...pops: Array<ReturnType<typeof pop>>) => new Map(pops.map((one) => [one.code, one]))

t.test('a reader that does not read costs lines, not memory', async (t) => {
  const stream = new PassThrough()
  const output = new Output(stream, (lines) => `${lines} dropped`)
  const line = 'x'.repeat(9_999)
  for (let index = 0; index < 1_000; index++) output.line(line)
  t.ok(stream.writableLength <= 1.1 * MIB, `${stream.writableLength} bytes wait`)
  let read = ''
  const told = new Promise<void>((resolve) => {
    stream.setEncoding('utf8').on('data', (text: string) => {
      read += text
      if (read.includes('dropped\n')) resolve()
    })
  })
  await told
  const lines = read.trimEnd().split('\n')
  t.equal(lines.filter((text) => text === line).length + Number(lines.at(-1)!.split(' ')[0]), 1_000)
})

t.test('one line may be as long as it is', async (t) => {
  const stream = new PassThrough()
  new Output(stream, () => 'dropped').line('x'.repeat(3 * MIB))
  t.equal(stream.readableLength, 3 * MIB + 1)
})

t.test('the end waits for the last line, and not for ever', async (t) => {
  const written: Array<() => void> = []
  const stream = new Writable({ write (_chunk, _encoding, done) { written.push(done) } })
  const output = new Output(stream, () => 'dropped')
  await output.flush(100_000)
  output.line('a')
  await output.flush(1)
  const flushed = output.flush(100_000)
  while (written.length > 0) {
    written.shift()!()
    await new Promise(setImmediate)
  }
  await flushed
  t.equal(stream.writableLength, 0)
})

t.test('in a line of JSON is nothing that commands a terminal, and it says the same', async (t) => {
  const message = { city: 'a\u001b[2J\u009b2J\u007f\u202e\u2028\u{e0001}\u6771\u4eac' }
  const line = jsonLine(message)
  t.notMatch(line, /[\p{Cc}\p{Cf}\u2028]/u)
  t.match(line, '\u6771\u4eac')
  t.strictSame(JSON.parse(line), message)
})

t.test('what is watched: all, codes, countries, both', async (t) => {
  const [fra1, ams1] = [pop('fra1'), pop('ams1', { country: 'NL' })]
  const all = new Selection({ pops: [], countries: [] })
  t.strictSame([all.isAll, all.popsFilter, all.has('x'), all.unfit(popsOf())], [true, true, true, []])

  const codes = new Selection({ pops: ['fra1', 'xxx9'], countries: [] })
  t.strictSame(codes.popsFilter, { code: ['fra1', 'xxx9'] })
  t.strictSame([codes.has('fra1'), codes.has('ams1')], [true, false])

  const countries = new Selection({ pops: [], countries: ['DE', 'XX'] })
  t.strictSame(countries.popsFilter, { country: ['DE', 'XX'] })
  t.equal(countries.has('fra1'), undefined, 'not known yet')
  countries.learn(popsOf(fra1))
  t.strictSame([countries.has('fra1'), countries.has('ams1')], [true, undefined])

  const both = new Selection({ pops: ['ams1'], countries: ['NL'] })
  both.learn(popsOf(ams1))
  t.strictSame([both.popsFilter, both.has('ams1'), both.has('fra1')], [{ code: ['ams1'], country: ['NL'] }, true, false])
  t.strictSame([`${both}`, `${codes}`, `${countries}`], ['ams1 in NL', 'fra1, xxx9', 'DE, XX'])
})

const fra1 = pop('fra1')
const ams1 = pop('ams1', { country: 'NL' })
interface Unfit {
  pops?: string[]
  countries?: string[]
  /** What the server has said. */
  unknown?: UnknownPops
  /** The PoPs that it tells. */
  fit?: Array<ReturnType<typeof pop>>
  says: string[]
}
const unfits: Unfit[] = [
  { pops: ['fra1'], fit: [fra1], says: [] },
  { pops: ['fra1', 'xxx9', 'yyy9'], fit: [fra1], says: ['no such PoP reports: xxx9, yyy9'] },
  { countries: ['DE'], fit: [fra1], says: [] },
  { countries: ['DE', 'XX'], fit: [fra1], says: ['no PoP in XX'] },
  { pops: ['fra1', 'ams1'], countries: ['DE', 'NL'], fit: [fra1, ams1], says: [] },
  // Each is known, together they fit nothing.
  { pops: ['fra1'], countries: ['NL'], says: ['not in NL: fra1'] },
  { pops: ['fra1', 'ams1'], countries: ['US', 'CA'], says: ['not in US, CA: fra1, ams1'] },
  { pops: ['fra1', 'ams1'], countries: ['DE'], fit: [fra1], says: ['not in DE: ams1'] },
  { pops: ['fra1'], countries: ['DE', 'NL'], fit: [fra1], says: ['in NL none of fra1'] },
  { pops: ['fra1', 'ams1'], countries: ['DE', 'US'], fit: [fra1], says: ['not in DE, US: ams1', 'in US none of fra1, ams1'] },
  // The server has said what nobody has.
  { pops: ['xxx9'], countries: ['NL'], unknown: { code: ['xxx9'] }, says: ['no such PoP reports: xxx9'] },
  { pops: ['fra1'], countries: ['XX'], unknown: { country: ['XX'] }, says: ['no PoP in XX'] },
  {
    pops: ['xxx9'],
    countries: ['XX'],
    unknown: { code: ['xxx9'], country: ['XX'] },
    says: ['no such PoP reports: xxx9', 'no PoP in XX']
  },
  {
    pops: ['fra1', 'ams1', 'xxx9'],
    countries: ['DE', 'XX'],
    unknown: { code: ['xxx9'], country: ['XX'] },
    fit: [fra1],
    says: ['no such PoP reports: xxx9', 'no PoP in XX', 'not in DE: ams1']
  },
  { pops: ['xxx9', 'fra1'], countries: ['DE'], unknown: { code: ['xxx9'] }, fit: [fra1], says: ['no such PoP reports: xxx9'] },
  // It reports by now.
  { pops: ['fra1'], countries: ['DE'], unknown: { code: ['fra1'] }, fit: [fra1], says: [] }
]
for (const { pops = [], countries = [], unknown, fit = [], says } of unfits) {
  t.test(`--pops ${pops} --country ${countries}: ${says.join('; ') || 'all fit'}`, async (t) => {
    const selection = new Selection({ pops, countries })
    selection.learnUnknown(unknown)
    t.strictSame(selection.unfit(popsOf(...fit)), says)
  })
}

t.test('what is said of a PoP waits until its country is known, in order', async (t) => {
  const selection = new Selection({ pops: [], countries: ['DE'] })
  const gate = new Gate(selection)
  const passed: string[] = []
  const pass = (code: string) => gate.pass([code], () => passed.push(code))
  pass('fra1')
  pass('ams1')
  t.strictSame(passed, [])
  selection.learn(popsOf(pop('fra1')))
  pass('fra1')
  t.strictSame(passed, [], 'after what waits already')
  gate.open()
  t.strictSame(passed, ['fra1', 'ams1', 'fra1'])
  pass('fra1')
  t.equal(passed.length, 4, 'at once')
})

t.test('the screen writes only the lines that are other ones, and puts all back', async (t) => {
  const written: string[] = []
  const screen = new Screen((text) => written.push(text))
  screen.draw(['before it is open'], 10)
  t.strictSame(written, [])
  screen.open()
  screen.open()
  screen.draw(['a', 'b'.repeat(10)], 10)
  screen.draw(['a', 'c'], 10)
  screen.draw(['a', 'c'], 10)
  screen.draw(['a'], 10)
  screen.forget()
  screen.draw(['a'], 10)
  screen.close()
  screen.close()
  t.strictSame(written, [
    '\u001b[?1049h\u001b[?25l\u001b[?7l',
    `\u001b[2J\u001b[1;1Ha\u001b[K\u001b[2;1H${'b'.repeat(10)}`,
    '\u001b[2;1Hc\u001b[K',
    '\u001b[2;1H\u001b[K',
    '\u001b[2J\u001b[1;1Ha\u001b[K',
    '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l'
  ])
})
