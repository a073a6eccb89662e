import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { detectIntervals } from '../../detect/intervals.ts'
import { readSamples } from '../../detect/samples.ts'
import { SimulatedFleet, type Incident } from '../../lib/simulation/fleet.ts'
import { startProgram } from '../support/service.ts'

const START = Date.UTC(2026, 0, 1)
const TICK_MS = 10_000
const HEADER = 'time,pop_code,function_name,cold_start_time_ms'

/** Two PoPs for an hour and a half; one of them is three times slower for 5 min. */
const INCIDENT: Incident = { pop: 'ams1', factor: 3, start: START + 4_200_000, stop: START + 4_500_000 }
function lines (incidents: Incident[] = [INCIDENT]): string[] {
  const fleet = new SimulatedFleet({ pops: 2, seed: 1, randomIncidents: false, incidents })
  return Array.from({ length: 540 }, (_, tick) => START + tick * TICK_MS).flatMap((time) =>
    fleet.pops.flatMap(({ code }, pop) =>
      fleet.functions.map(
        (functionName, index) => `${new Date(time).toISOString()},${code},${functionName},${fleet.coldStartMs(pop, index, time)}`
      )
    )
  )
}

const read = (text: string) => readSamples(Readable.from([text]))

t.test('one incident is one interval', async (t) => {
  const intervals = Array.from(detectIntervals(await read([HEADER, ...lines()].join('\n'))))
  t.equal(intervals.length, 1)
  t.match(intervals[0], { pop: 'ams1', severity: 'critical', closeReason: 'recovered', worst: { baselineKind: 'hour' } })
  t.equal(intervals[0]?.since, INCIDENT.start, 'when it began')
  const late = (intervals[0]?.until as number) - INCIDENT.stop
  t.ok(late >= TICK_MS && late <= 3 * TICK_MS, `resolved ${late} ms after it was over`)
  t.ok((intervals[0]?.worst.increase as number) > 1.8)
})

t.test('one that lasts until the end is open, samples in any order give the same', async (t) => {
  const lasting = lines([{ ...INCIDENT, stop: Infinity }])
  const intervals = Array.from(detectIntervals(await read([HEADER, ...lasting].join('\n'))))
  t.match(intervals, [{ pop: 'ams1', until: null, closeReason: null }])
  t.strictSame(Array.from(detectIntervals(await read([HEADER, ...lasting.toReversed()].join('\r\n')))), intervals)
})

t.test('times and columns', async (t) => {
  const cases: Array<{ name: string, text: string, functionName?: string }> = [
    { name: 'ISO 8601', text: `${HEADER}\n2026-01-01T00:00:00Z,fra1,auth,5` },
    { name: 'seconds', text: `${HEADER}\n${START / 1_000},fra1,auth,5` },
    { name: 'milliseconds', text: `${HEADER}\n${START},fra1,auth,5` },
    { name: 'microseconds', text: `${HEADER}\n${START}000,fra1,auth,5` },
    { name: 'nanoseconds', text: `${HEADER}\n${START}000000,fra1,auth,5` },
    {
      name: 'another order, further columns, quotes, a byte order mark',
      text: `\ufeff"cold_start_time_ms",city,pop_code,time,function_name\n5,"Frankfurt, am Main",fra1,${START},auth`
    },
    { name: 'no function', text: `pop_code,time,cold_start_time_ms\nfra1,${START},5`, functionName: '' }
  ]
  for (const { name, text, functionName = 'auth' } of cases) {
    t.strictSame(await read(text), [{ time: START, pop: 'fra1', functionName, value: 5 }], name)
  }
})

const faults: Array<{ name: string, text: string, message: RegExp }> = [
  { name: 'nothing', text: '', message: /^there are no samples$/ },
  { name: 'a header alone', text: HEADER, message: /^there are no samples$/ },
  {
    name: 'no such column',
    text: 'time,pop\n1,a',
    message: /^line 1: there is no column pop_code, cold_start_time_ms; the header has time, pop$/
  },
  {
    name: 'no time',
    text: `${HEADER}\n${START},a,b,1\nyesterday,a,b,1`,
    message: /^line 3, time: "yesterday" is neither ISO 8601/
  },
  { name: 'no PoP', text: `${HEADER}\n${START},,b,1`, message: /^line 2, pop_code: it is empty$/ },
  { name: 'no number', text: `${HEADER}\n${START},a,b,fast`, message: /^line 2, cold_start_time_ms: "fast" is no number$/ },
  { name: 'an empty value', text: `${HEADER}\n${START},a,b,`, message: /^line 2, cold_start_time_ms: "" is no number$/ },
  { name: 'a line that is too short', text: `${HEADER}\n${START},a`, message: /line 2/ },
  { name: 'a quote that does not end', text: `${HEADER}\n${START},"a,b,1`, message: /line 2/ }
]

for (const { name, text, message } of faults) {
  t.test(`refused: ${name}`, async (t) => { await t.rejects(read(text), { name: 'SamplesError', message }) })
}

function fileWith (t: Test, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'popcast-detect-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'samples.csv'), text)
  return join(folder, 'samples.csv')
}

t.test('npm run detect prints the intervals and a summary', async (t) => {
  const program = startProgram(t, 'detect/main.js', [fileWith(t, [HEADER, ...lines()].join('\n'))], {})
  await program.output(
    new RegExp(
      String.raw`^ams1 critical from 2026-01-01T01:10:00.000Z to 2026-01-01T01:15:\d0.000Z \(3\d0 s\): at worst ` +
      String.raw`\d+\.\d\d ms instead of \d\.\d\d ms \(hour before\), \+\d+ %, z \d+\.\d, \d+ samples against \d+\n1 ` +
      String.raw`regression in 5400 samples of 2 PoPs\n$`
    )
  )
  t.strictSame(await program.exit, { code: 0, signal: null })
})

const misuses: Array<{ name: string, args: string[], stderr: RegExp }> = [
  { name: 'no file', args: [], stderr: /one FILE.csv is wanted, not 0\n\nPrints/ },
  { name: 'a file that is not there', args: ['/nowhere.csv'], stderr: /\/nowhere.csv: ENOENT/ },
  { name: 'an interval that is none', args: ['--interval', 'x', 'a.csv'], stderr: /--interval: "x" is not a number of seconds/ },
  { name: 'an unknown option', args: ['--fast', 'a.csv'], stderr: /Unknown option '--fast'/ }
]

for (const { name, args, stderr } of misuses) {
  t.test(`npm run detect: ${name}`, async (t) => {
    const program = startProgram(t, 'detect/main.js', args, {})
    t.strictSame(await program.exit, { code: 1, signal: null })
    t.match(program.stderr(), stderr)
  })
}

for (const { name, stepMs, slowFrom, slowFor } of [
  { name: 'a minute', stepMs: 60_000, slowFrom: 30 * 60, slowFor: 60 },
  { name: 'five minutes', stepMs: 300_000, slowFrom: 30 * 12, slowFor: 36 },
  { name: 'an hour', stepMs: 3_600_000, slowFrom: 24 * 9, slowFor: 18 }
]) {
  t.test(`series of one sample every ${name}: a slow stretch is found, and nothing else`, async (t) => {
    const samples = Array.from({ length: slowFrom + 3 * slowFor }, (_, index) => ({
      time: START + index * stepMs,
      pop: 'fra1',
      functionName: '',
      value: (50 + index % 7) * (index >= slowFrom && index < slowFrom + slowFor ? 2 : 1)
    }))
    const intervals = Array.from(detectIntervals(samples))
    t.match(intervals, [{ pop: 'fra1', since: START + slowFrom * stepMs, closeReason: 'recovered' }])
    t.equal(intervals.length, 1)
  })
}

t.test('npm run detect --svg draws what was found', async (t) => {
  const file = fileWith(t, [HEADER, ...lines()].join('\n').replaceAll('ams1', 'a<b&"c'.replaceAll('"', '')))
  const svg = `${file}.svg`
  const program = startProgram(t, 'detect/main.js', ['--svg', svg, file], {})
  t.strictSame(await program.exit, { code: 0, signal: null })
  const text = readFileSync(svg, 'utf8')
  t.match(text, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/)
  t.match(text, 'a&lt;b&amp;c: 1 found')
  t.match(text, /<title>critical from 2026-01-01T01:10:00.000Z, at worst \d+\.\d\d ms<\/title>/)
  t.notMatch(text, /NaN|Infinity|undefined/)
})

t.test('npm run detect --help', async (t) => {
  const program = startProgram(t, 'detect/main.js', ['--help'], {})
  await program.output(/^Prints the regressions/)
  t.strictSame(await program.exit, { code: 0, signal: null })
})
