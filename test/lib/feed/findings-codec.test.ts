import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Written } from '../../../lib/cluster/codec.ts'
import { FindingsCodec } from '../../../lib/feed/findings-codec.ts'
import type { Findings } from '../../../lib/feed/tick.ts'
import { PopsSnapshot, type PopDetail } from '../../../lib/fleet/pop-state.ts'
import { findingsOf, REGRESSION } from '../../support/clients.ts'
import { popState } from '../../support/pop-states.ts'

const FORMAT_1 = new URL('../../../../test/fixtures/findings-format-1.json', import.meta.url)
const at = (seq: number) => ({ epoch: 'e1', seq })
const detail: PopDetail = { intervalMs: 10_000, functions: 5, comparison: REGRESSION.comparison }

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

t.test('what format 1 said is understood: a fleet may be of both while it is upgraded', async (t) => {
  const codec = new FindingsCodec(() => undefined)
  const written = findings(7)
  // As an instance of that format wrote the same.
  const read = codec.read(JSON.parse(readFileSync(FORMAT_1, 'utf8')) as Written, at(3))
  const today = new FindingsCodec(() => undefined).read(codec.write(written, at(3)), at(3))
  t.strictSame(read.pops.states, written.pops.states)
  t.strictSame(Array.from(read.pops.readings), Array.from(written.pops.readings))
  t.strictSame(Array.from(read.details), Array.from(written.details))
  t.strictSame({ ...read, pops: null, details: null }, { ...today, pops: null, details: null })
})
