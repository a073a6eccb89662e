import t from 'tap'
import { FindingsCodec } from '../../../lib/feed/findings-codec.ts'
import { entryOf, noteOf } from '../../../lib/feed/read-back.ts'
import { findingsOf, REGRESSION } from '../../support/clients.ts'

const regression = { ...REGRESSION, state: 'opened' as const }
const { entry } = new FindingsCodec(() => undefined)
  .write(findingsOf([{ state: 'opened', regression }]), { epoch: 'e1', seq: 1 })
const note = {
  failure: { code: 'SOURCE_TIMEOUT' },
  isTick: true,
  knows: {
    source: { healthy: false, lastSuccess: 5, failure: 'timeout', consecutiveFailures: 1 },
    troubles: [{ reason: 'no_data', message: 'x' }]
  }
}

/** The same with one value changed, in the place that `path` leads to; undefined: without it. */
function changed (value: object, path: string, to: unknown): string {
  const copy = structuredClone(value) as Record<string, any>
  const names = path.split('.')
  const last = names.pop()!
  const place = names.reduce((part, name) => part[name], copy)
  place[last] = to
  return JSON.stringify(copy)
}

t.test('what was written is read back', async (t) => {
  t.strictSame(entryOf(entry), JSON.parse(entry))
  for (const written of [note, { failure: null, isTick: false }, { ...note, newer: 'field' }]) {
    t.strictSame(noteOf(JSON.stringify(written)), written)
  }
})

const NONE = ['', 'no JSON', 'null', '5', '[]', '{}', '"text"']

for (const text of NONE) {
  t.test(`what is neither an update nor a note is refused: ${text}`, async (t) => {
    t.throws(() => entryOf(text))
    t.throws(() => noteOf(text))
  })
}

const badEntries: Array<[path: string, to: unknown]> = [
  ['header', null],
  ['header.polledAt', 'soon'],
  ['header.nextPollAt', 5],
  ['header.dataTime', ''],
  ['header.status', 'good'],
  ['overview', {}],
  ['overview.totalPops', '20'],
  ['silentPops', undefined],
  ['dataTime', 1e300],
  ['queryMs', null],
  ['events', {}],
  ['events.0', null],
  ['events.0.regression', {}],
  ['events.0.regression.since', 1e300],
  ['events.0.regression.severity', 'dreadful'],
  ['events.0.regression.comparison', null],
  ['events.0.regression.comparison.recentMs', 'slow'],
  ['events.0.regression.comparison.samples', 5]
]

for (const [path, to] of badEntries) {
  t.test(`an update is refused with ${path}: ${JSON.stringify(to)}`, async (t) => {
    t.throws(() => entryOf(changed(JSON.parse(entry) as object, path, to)))
  })
}

const badNotes: Array<[path: string, to: unknown]> = [
  ['failure', 7],
  ['failure', undefined],
  ['failure.code', 'NO_SUCH_CODE'],
  ['isTick', 'x'],
  ['knows', null],
  ['knows.source', 5],
  ['knows.source.lastSuccess', 1e300],
  ['knows.troubles', {}],
  ['knows.troubles.0', 'no_data']
]

for (const [path, to] of badNotes) {
  t.test(`a note is refused with ${path}: ${JSON.stringify(to)}`, async (t) => {
    t.throws(() => noteOf(changed(note, path, to)))
  })
}
