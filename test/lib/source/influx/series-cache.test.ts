import t from 'tap'
import { SeriesCache, tagColumns } from '../../../../lib/source/influx/series-cache.ts'
import { SAMPLE_SCHEMA } from '../../../support/recorded.ts'

const columnsOf = (...names: string[]) => tagColumns(['time', '_value', ...names], 2, SAMPLE_SCHEMA)
const HOST = columnsOf('host', 'pop_code')
const row = (...tags: Array<string | null>) => [0, 0, ...tags]

t.test('the same series, in whatever order and table its tags come', async (t) => {
  const cache = new SeriesCache(10)
  const find = (names: string[], tags: Array<string | null>) => cache.find(columnsOf(...names), row(...tags))?.series
  const first = find(['function_name', 'host', 'pop_code', 'zone'], ['auth', 'a', 'fra1', 'z'])
  t.match(first, { pop: 'fra1', functionName: 'auth' })
  t.equal(find(['zone', 'pop_code', 'host', 'function_name'], ['z', 'fra1', 'a', 'auth']), first)
  t.equal(find(['zone', 'pop_code', 'host', 'function_name', 'x'], ['z', 'fra1', 'a', 'auth', null]), first)
  t.not(find(['pop_code', 'host', 'function_name'], ['fra1', 'a', 'auth']), first)
})

t.test('names and values are not mixed up', async (t) => {
  const cache = new SeriesCache(10)
  const ids = [
    cache.find(columnsOf('pop_code', 'a'), row('p', 'b=c')), cache.find(columnsOf('pop_code', 'a=b'), row('p', 'c')),
    cache.find(columnsOf('pop_code', 'a', 'b'), row('p', 'b', '')), cache.find(columnsOf('pop_code', 'a', 'b'), row('p', '', 'b'))
  ].map((known) => known?.series.id)
  t.equal(new Set(ids).size, 4)
})

t.test('no PoP', async (t) => {
  const cache = new SeriesCache(10)
  for (const pop of [null, '']) t.equal(cache.find(HOST, row('a', pop)), null)
  t.equal(cache.find(columnsOf('host'), row('a')), null)
})

t.test('what is seen stays, what is not goes', async (t) => {
  const cache = new SeriesCache(10)
  const kept = cache.find(HOST, row('kept', 'p'))?.series
  const lost = cache.find(HOST, row('lost', 'p'))?.series
  for (let index = 0; index < 100; index++) {
    cache.find(HOST, row(`host${index}`, 'p'))
    t.equal(cache.find(HOST, row('kept', 'p'))?.series, kept)
  }
  const again = cache.find(HOST, row('lost', 'p'))?.series
  t.not(again, lost)
  t.strictSame(again, lost, 'it has the same id all the same')
})

t.test('places are known again, and bounded', async (t) => {
  const cache = new SeriesCache(10)
  const columns = columnsOf('pop_code', 'city', 'latitude')
  const places = Array.from({ length: 25 }, (_, index) => cache.find(columns, row('p', `city${index}`, '1.5'))?.place)
  t.strictSame(places[24], { city: 'city24', country: null, tier: null, latitude: 1.5, longitude: null })
  t.equal(cache.find(columns, row('q', 'city24', '1.5'))?.place, places[24])
  t.strictSame(cache.find(columns, row('p', 'city24', ' '))?.place.latitude, null)
})
