import t from 'tap'
import { explain } from '../../../../lib/source/influx/explanation.ts'
import type { Catalog } from '../../../../lib/source/influx/reader.ts'
import type { SampleSchema } from '../../../../lib/source/influx/schema.ts'
import { SourceError } from '../../../../lib/source/source-error.ts'
import { failureOf } from '../../../support/fake-influx-server.ts'
import { SAMPLE_SCHEMA } from '../../../support/recorded.ts'

const NOW = Date.UTC(2026, 0, 2)
const MINUTE = 60_000
const HOUR = 60 * MINUTE

const catalog: Catalog = {
  buckets: async () => ['other', 'pops'],
  measurements: async () => ['cold_start_metrics', 'cpu'],
  fields: async () => ['cold_start_time_ms'],
  tags: async () => ['function_name', 'pop_code'],
  tagValues: async () => ['a', 'b'],
  newest: async () => ({ time: NOW, type: 'number' })
}
const failing = async () => { throw new SourceError('unavailable', 'down') }
const newest = (age: number) => async (start: number) => NOW - age >= start ? { time: NOW - age, type: 'number' } : null

const cases: Array<{ name: string, found?: Partial<Catalog>, schema?: Partial<SampleSchema>, says: string | null }> = [
  { name: 'all there', says: null },
  {
    name: 'a bucket that has nothing',
    found: { measurements: async () => [] },
    says: 'measurement `cold_start_metrics` not found in pops; it has none'
  },
  {
    name: 'no bucket, and no failure either',
    found: { measurements: async () => [], buckets: async () => ['other'] },
    says: 'bucket `pops` not found; there is other'
  },
  {
    name: 'no bucket, and a failure',
    found: { tags: failing, buckets: async () => ['x', 'y'] },
    says: 'bucket `pops` not found; there are x, y'
  },
  {
    name: 'many names',
    found: { measurements: async () => Array.from({ length: 13 }, (_, index) => `m${index}`) },
    says: 'measurement `cold_start_metrics` not found in pops; it has m0, m1, m2, m3, m4, m5, m6, m7, m8, m9 and 3 more'
  },
  { name: 'fields are not asked for where the field has samples', found: { fields: failing }, says: null },
  {
    name: 'a field that is not there, before a tag that is not',
    found: { newest: async () => null, fields: async () => ['other'], tags: async () => [] },
    says: 'field `cold_start_time_ms` not found in cold_start_metrics; it has other'
  },
  { name: 'one value of two is enough', schema: { filter: [{ tag: 'pop_code', values: ['x', 'b'] }] }, says: null },
  { name: 'as old as the window', found: { newest: newest(10 * MINUTE) }, says: null },
  { name: 'older', found: { newest: newest(11 * MINUTE) }, says: 'newest sample of `cold_start_time_ms` is 11 min old' },
  { name: 'hours old', found: { newest: newest(3 * HOUR) }, says: 'newest sample of `cold_start_time_ms` is 3 h old' },
  { name: 'days old', found: { newest: newest(50 * HOUR) }, says: 'newest sample of `cold_start_time_ms` is 2 d old' },
  { name: 'ahead', found: { newest: newest(-HOUR) }, says: 'newest sample of `cold_start_time_ms` is 1 h ahead of the clock' },
  {
    name: 'no sample',
    found: { newest: async () => null },
    says: 'cold_start_metrics has no sample of `cold_start_time_ms` within the last 7 days'
  }
]
for (const { name, found, schema, says } of cases) {
  t.test(name, async (t) => {
    const database = { catalog: { ...catalog, ...found }, schema: { ...SAMPLE_SCHEMA, ...schema } }
    t.equal(await explain({ ...database, now: NOW, windowMs: 10 * MINUTE }), says)
  })
}

t.test('a database that fails is told as that', async (t) => {
  for (const buckets of [failing, catalog.buckets]) {
    const down = { ...catalog, measurements: failing, buckets }
    const failure = await failureOf(explain({ catalog: down, schema: SAMPLE_SCHEMA, now: NOW, windowMs: MINUTE }))
    t.match(failure, { reason: 'unavailable', message: 'down' })
  }
})
