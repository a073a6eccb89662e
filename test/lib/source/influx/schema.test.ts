import t from 'tap'
import { converter, databaseOf, UNITS } from '../../../../lib/source/influx/schema.ts'

t.test('database and retention policy', async (t) => {
  t.strictSame(databaseOf('pops'), { db: 'pops' })
  t.strictSame(databaseOf('pops/two_weeks'), { db: 'pops', rp: 'two_weeks' })
  t.strictSame(databaseOf('pops/a/b'), { db: 'pops', rp: 'a/b' })
})

t.test('units', async (t) => {
  t.strictSame(UNITS.map((unit) => converter(unit)(12.3)), [12.3 / 1_000_000, 0.0123, 12.3, 12_300])
  t.equal(converter('ns')(123_456), 0.123456, 'as exact as it can be')
})
