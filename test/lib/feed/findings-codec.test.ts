import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import t from 'tap'
import type { Written } from '../../../lib/cluster/codec.ts'
import { changeOf } from '../../../lib/feed/alert.ts'
import { FindingsCodec } from '../../../lib/feed/findings-codec.ts'
import type { Findings } from '../../../lib/feed/tick.ts'
import { PopsSnapshot, type PopDetail, type PopsForm } from '../../../lib/fleet/pop-state.ts'
import { findingsOf, REGRESSION } from '../../support/clients.ts'
import { popState } from '../../support/pop-states.ts'

const fixture = (name: string) => readFileSync(new URL(`../../../../test/fixtures/${name}`, import.meta.url), 'utf8')
const at = (seq: number) => ({ epoch: 'e1', seq })
const detail: PopDetail = { intervalMs: 10_000, functions: 5, comparison: REGRESSION.comparison }

function readingsOf (pops: PopsForm): unknown[] {
  const readings: unknown[] = []
  pops.eachReading((...reading) => readings.push(reading))
  return readings
}

function findings (coldStartMs: number, fields: Partial<Findings> = {}): Findings {
  return {
    ...findingsOf([{ state: 'opened', regression: REGRESSION }]),
    pops: new PopsSnapshot([popState({ code: 'ams1' }), popState({ code: 'fra1', coldStartMs })], null),
    details: new Map([['fra1', detail], ['ams1', { ...detail, comparison: null }]]),
    regressions: { open: [REGRESSION], closed: [] },
    ...fields
  }
}

t.test('everything comes back', async (t) => {
  const codec = new FindingsCodec(() => undefined)
  const written = findings(7, { oldInMs: 25_000 })
  const { pops, details, toldIn, ...read } = codec.read(codec.write(written, at(3)), at(3))
  const { pops: states, details: before, ...known } = written
  t.strictSame(read, known)
  t.strictSame(pops.states, states.states)
  t.strictSame(Array.from(details), Array.from(before))
  t.strictSame([details.size, details.has('fra1'), details.get('fra1')], [2, true, detail])
  t.strictSame([Array.from(details.keys()), Array.from(details.values()).length], [['fra1', 'ams1'], 2])
  const visited: string[] = []
  details.forEach((_, code) => { visited.push(code) })
  t.strictSame(visited, ['fra1', 'ams1'])
  t.strictSame(Array.from(toldIn ?? []), [[REGRESSION.id, 3]], 'it is told in this tick')
})

t.test('what was told before is known by its tick, as far as anybody knows it', async (t) => {
  for (const known of [2, undefined]) {
    const codec = new FindingsCodec(() => known)
    const { toldIn } = codec.read(codec.write(findings(7, { events: [] }), at(3)), at(3))
    t.strictSame(Array.from(toldIn ?? []), known === undefined ? [] : [[REGRESSION.id, known]])
  }
})

t.test('ends that never come are far away', async (t) => {
  const codec = new FindingsCodec(() => undefined)
  for (const oldInMs of [Infinity, -Infinity]) {
    const read = codec.read(codec.write(findings(7, { oldInMs }), at(3)), at(3))
    t.equal(Math.sign(read.oldInMs), Math.sign(oldInMs))
    t.ok(Math.abs(read.oldInMs) > 1e300)
  }
})

t.test('what has changed is told where the one before was read', async (t) => {
  const [writer, reader] = [new FindingsCodec(() => undefined), new FindingsCodec(() => undefined)]
  const read = (seq: number, coldStartMs: number) => {
    const { pops } = reader.read(writer.write(findings(coldStartMs), at(seq)), at(seq))
    return pops.changes.map(({ after }) => after?.code)
  }
  t.strictSame([read(1, 5), read(2, 6), read(3, 6), read(5, 7), read(6, 8)], [[], ['fra1'], [], [], ['fra1']])
})

t.test('of one that is past PoPs are not known, and it says so', async (t) => {
  const codec = new FindingsCodec(() => undefined)
  const { entry } = codec.write(findings(7), at(3))
  t.match(codec.read({ entry, view: null }, at(3)), { isPast: true, pops: { states: [] }, events: [{ state: 'opened' }] })
})

for (const format of [1, 2]) {
  t.test(`what format ${format} said is understood: a fleet may be of both while it is upgraded`, async (t) => {
    const codec = new FindingsCodec(() => undefined)
    const written = findings(7)
    // As an instance of that format wrote the same.
    const older = JSON.parse(fixture(`findings-format-${format}.json`)) as Written
    const read = codec.read(older, at(3))
    const today = new FindingsCodec(() => undefined).read(codec.write(written, at(3)), at(3))
    t.strictSame(read.pops.states, written.pops.states)
    t.strictSame(readingsOf(read.pops), readingsOf(written.pops))
    t.strictSame(Array.from(read.details), Array.from(written.details))
    t.strictSame({ ...read, pops: null, details: null }, { ...today, pops: null, details: null })
  })
}

t.test('of what is asked for of single PoPs as much is written as is told', async (t) => {
  const codec = new FindingsCodec(() => undefined)
  const comparison = {
    ...REGRESSION.comparison,
    recentMs: 4.268800000000001,
    baselineMs: 0.004196900129318237,
    deviationMs: 0.6295350193977356,
    increase: -0.017131661098984268,
    zScore: 0.11421107399322845
  }
  const written = codec.write(findings(7, { details: new Map([['fra1', { ...detail, comparison }]]) }), at(3))
  const { details } = codec.read(written, at(3))
  t.strictSame(details.get('fra1')?.comparison, {
    ...comparison, recentMs: 4.27, baselineMs: 0.0042, deviationMs: 0.63, increase: -0.017, zScore: 0.11
  })
  t.strictSame(changeOf(details.get('fra1')?.comparison ?? comparison), changeOf(comparison))
})

t.test('values that change, and change back, are those that were written', async (t) => {
  const [writer, reader] = [new FindingsCodec(() => undefined), new FindingsCodec(() => undefined)]
  for (const [index, coldStartMs] of [5, 5, 6, 5, 5].entries()) {
    const { pops } = reader.read(writer.write(findings(coldStartMs), at(index)), at(index))
    t.match(readingsOf(pops), [['ams1', Number, 5], ['fra1', Number, coldStartMs]])
    t.equal(pops.get('fra1')?.coldStartMs, coldStartMs)
  }
})

/** As if somebody had written it so. */
function sealed (...lines: Array<string | undefined>): string {
  const text = lines.join('\n')
  return `${text}\n${crc32(text)}`
}

t.test('what is not what was written is refused when it is read, not when somebody asks for it', async (t) => {
  const written = new FindingsCodec(() => undefined).write(findings(7), at(3))
  const [known = '', readings = '', others = '', details = '', check = ''] = written.view.split('\n')
  const read = (view: string) => new FindingsCodec(() => undefined).read({ ...written, view }, at(3))
  t.equal(sealed(known, readings, others, details), written.view)
  const unsealed = [
    [known],
    [known, '', '', ''],
    [known, readings, others, details],
    [known, details, others, readings, check],
    [known.replace('fra1', 'fra2'), readings, others, details, check],
    [known, readings, others.replace('Frankfurt', 'Frankfort'), details, check],
    [known, readings, others, details.slice(1), check],
    [known, readings, others, details, '1']
  ]
  for (const lines of unsealed) t.throws(() => read(lines.join('\n')), { message: 'not what was written' }, lines.join('\n'))
  const malformed = [
    sealed(known),
    sealed(known, readings),
    sealed(known, readings, others),
    sealed(known, readings.replace('["ams1",', '['), others, details),
    sealed(known, readings.replace(/"sampleTime":\[\d+/, '"sampleTime":[null'), others, details),
    sealed(known, readings.replace(/"sampleTime":\[\d+/, '"sampleTime":[1e300'), others, details),
    sealed(known, readings.replace('"status"', '"state"'), others, details)
  ]
  for (const view of malformed) t.throws(() => read(view), { message: 'no PoPs' }, view)
  for (const line of ['', '{', '{}', '[]', 'null']) t.throws(() => read(sealed(known, line, others, details)), line)
  t.throws(() => read(sealed('', '', '', '')))
})

t.test('what an older format says is refused where it makes no sense', async (t) => {
  for (const format of [1, 2]) {
    const older = JSON.parse(fixture(`findings-format-${format}.json`)) as Written & { view: string }
    const read = (view: string) => new FindingsCodec(() => undefined).read({ ...older, view }, at(3))
    t.equal(read(older.view).pops.states.length, 2)
    for (const time of ['null', 'true', '1e300', '"yesterday"']) {
      t.throws(() => read(older.view.replace(/"none",("2026[^"]*"|\d+)/, `"none",${time}`)), { message: 'no PoP' }, time)
    }
    t.throws(() => read(older.view.replace('["ams1",', '[')), { message: 'no PoP' })
  }
})

t.test('from one format to the next it is told what has changed', async (t) => {
  for (const format of [1, 2]) {
    const codec = new FindingsCodec(() => undefined)
    codec.read(JSON.parse(fixture(`findings-format-${format}.json`)) as Written, at(3))
    const { pops } = codec.read(codec.write(findings(8), at(4)), at(4))
    t.match(pops.changes, [{ before: { code: 'fra1', coldStartMs: 7 }, after: { code: 'fra1', coldStartMs: 8 } }])
    t.equal(pops.changes.length, 1)
  }
})

t.test('of what is silent nothing is read', async (t) => {
  const codec = new FindingsCodec(() => undefined)
  const silent = popState({ code: 'ams1', status: 'silent' })
  const pops = new PopsSnapshot([silent, popState({ code: 'fra1', coldStartMs: 7 })], null)
  const read = codec.read(codec.write(findings(7, { pops }), at(3)), at(3)).pops
  t.match(readingsOf(read), [['fra1', Number, 7]])
  t.strictSame(readingsOf(pops), readingsOf(read))
})
