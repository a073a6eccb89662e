import type { Test } from 'tap'
import { NOWHERE } from '../../lib/source/sample-source.ts'
import { explainsWhatIsMissing } from './explanation-suite.ts'
import { failureOf } from './fake-influx-server.ts'
import type { Engine } from './influxd.ts'
import { MINUTE, NOW, RANGE, read, sourceOf, write } from './real-source.ts'
import { createShortShards } from './short-shards.ts'
import { samplesInDatabases, type DatabaseSamples } from './source-rows.ts'
import { withEngine } from './with-engine.ts'

/** Runs the source of samples against a real InfluxDB. See `withEngine`. */
export function exerciseSource (
  name: string,
  language: 'influxql' | 'flux',
  missing: string | null,
  start: () => Promise<Engine>
): void {
  withEngine(name, language, missing, start, async (t, engine) => {
    t.comment(`engine exercised: ${engine.name}`)
    const bucket = await createShortShards(engine)
    const shortShards = { ...engine, env: { ...engine.env, INFLUXDB_BUCKET: bucket } }
    for (const [index, row] of samplesInDatabases.entries()) await readsSamples(t, shortShards, `samples ${index}`, row)
    await tellsSeriesApart(t, shortShards)
    await followsPlaces(t, shortShards)
    await readsPlaces(t, shortShards)
    await refusesStrings(t, shortShards)
    await boundsRows(t, shortShards)
    await explainsWhatIsMissing(t, shortShards)
    await needsTheRightToken(t, shortShards)
  })
}

function readsSamples (t: Test, engine: Engine, measurement: string, row: DatabaseSamples) {
  const { name, env = {}, lines, samples, ignored = 0 } = row
  return t.test(name, async (t) => {
    await write(engine, measurement, lines)
    const { source } = await sourceOf(t, engine, measurement, env)
    const { taken, result } = await read(source)
    t.strictSame(taken.map(({ text }) => text).sort(), samples)
    const language = engine.env.INFLUXDB_QUERY_LANGUAGE === 'flux' ? 'flux' : 'influxql'
    t.equal(result.ignored, typeof ignored === 'number' ? ignored : ignored[language])
    t.ok(result.bytes > 0)
  })
}

function tellsSeriesApart (t: Test, engine: Engine) {
  return t.test('a series is all of its tags but those of its place', async (t) => {
    const measurement = 'series'
    await write(engine, measurement, [
      'pop_code=p,function_name=f,host=a,city=X V=1 0', 'pop_code=p,function_name=f,host=a,city=Y V=2 1',
      'pop_code=p,function_name=f,host=b,city=X V=3 2', 'pop_code=p,function_name=f V=4 3',
      'pop_code=p,function_name=f,zone=a V=5 4', 'pop_code=p,function_name=f,host=a,zone=b V=6 5'
    ])
    const { source } = await sourceOf(t, engine, measurement)
    const { taken } = await read(source)
    const byValue = new Map(taken.map(({ value, series }) => [value, series]))
    t.equal(byValue.get(1), byValue.get(2), 'the same object, whatever the city')
    t.equal(new Set(byValue.values()).size, 5)
    t.equal(new Set(Array.from(byValue.values(), ({ id }) => id)).size, 5)
    const again = await read(source)
    for (const { value, series } of again.taken) t.equal(series, byValue.get(value), 'in every read')
  })
}

function followsPlaces (t: Test, engine: Engine) {
  return t.test('places in tags, and a PoP that moves', async (t) => {
    const measurement = 'moves'
    const env = {
      INFLUXDB_CITY_TAG: 'town',
      INFLUXDB_COUNTRY_TAG: 'cc',
      INFLUXDB_TIER_TAG: 'class',
      INFLUXDB_LATITUDE: 'lat',
      INFLUXDB_LONGITUDE: 'lon'
    }
    await write(engine, measurement, [
      'pop_code=p,town=Paris,cc=FR,class=1,lat=48.86,lon=2.35 V=1 0',
      'pop_code=p,town=Lyon,cc=FR,class=2,lat=45.76,lon=4.84 V=2 1',
      'pop_code=q V=3 2',
      'pop_code=r,town=Paris,cc=FR,class=1,lat=48.86,lon=2.35 V=4 3',
      'pop_code=s,lat=north V=5 4'
    ])
    const { source } = await sourceOf(t, engine, measurement, env)
    const { taken } = await read(source)
    const places = new Map(taken.map(({ value, place }) => [value, place]))
    t.strictSame(places.get(1), { city: 'Paris', country: 'FR', tier: '1', latitude: 48.86, longitude: 2.35 })
    t.strictSame(places.get(2), { city: 'Lyon', country: 'FR', tier: '2', latitude: 45.76, longitude: 4.84 })
    t.strictSame(places.get(3), NOWHERE)
    t.equal(places.get(4), places.get(1), 'the same object as long as they say the same')
    t.strictSame(places.get(5), NOWHERE, 'what is no number is no latitude')
    t.strictSame(new Set(taken.filter(({ series }) => series.pop === 'p').map(({ series }) => series)).size, 1)
  })
}

function readsPlaces (t: Test, engine: Engine) {
  return t.test('newest samples, and places in fields', async (t) => {
    const measurement = 'fields'
    await write(engine, measurement, [
      'pop_code=p,function_name=z V=1,latitude=1.5,longitude=2i -20',
      'pop_code=p,function_name=a V=2,latitude=3.5,longitude=4i -5',
      'pop_code=p,function_name=m V=3,latitude=5.5,longitude=6i -12',
      'pop_code=q V=1 -3',
      'pop_code=r latitude=7 0',
      'function_name=f V=9,latitude=1 0'
    ])
    const { source } = await sourceOf(t, engine, measurement)
    t.strictSame(new Map([...await source.places(RANGE)].sort()), new Map([
      ['p', { sampleTime: NOW - 5_000, latitude: 3.5, longitude: 4 }],
      ['q', { sampleTime: NOW - 3_000 }]
    ]))
    t.strictSame(await source.places({ start: NOW - 10 * MINUTE, stop: NOW - 9 * MINUTE }), new Map())
  })
}

function refusesStrings (t: Test, engine: Engine) {
  return t.test('strings', async (t) => {
    const measurement = 'strings'
    await write(engine, measurement, ['pop_code=a V="5" 0'])
    const { source } = await sourceOf(t, engine, measurement)
    const { reason, message } = await failureOf(source.read(RANGE, () => {}))
    t.equal(reason, 'bad_answer')
    t.equal(message, 'the field `cold_start_time_ms` of strings holds values of the type string, and no numbers')
    t.equal(await source.explain(), 'field `cold_start_time_ms` of strings is of the type string, not a number')
  })
}

function boundsRows (t: Test, engine: Engine) {
  return t.test('as many rows as are allowed, and one more', async (t) => {
    const measurement = 'many'
    await write(engine, measurement, Array.from({ length: 2_500 }, (_, index) => `pop_code=p${index} V=1 0`))
    for (const [maxRows, tooMany] of [['2500', false], ['2499', true]] as const) {
      const { source } = await sourceOf(t, engine, measurement, { INFLUXDB_MAX_ROWS: maxRows })
      if (!tooMany) t.equal((await read(source)).result.rows, 2_500)
      else {
        const { message } = await failureOf(source.read(RANGE, () => {}))
        t.equal(message, 'the answer has more than 2499 rows (INFLUXDB_MAX_ROWS)')
      }
    }
  })
}

function needsTheRightToken (t: Test, engine: Engine) {
  return t.test('a wrong token', async (t) => {
    const { source } = await sourceOf(t, engine, 'any', { INFLUXDB_TOKEN: 'admin:wrong-and-secret' })
    for (const call of [() => source.read(RANGE, () => {}), () => source.places(RANGE), () => source.explain()]) {
      const { reason, message } = await failureOf(call())
      t.equal(reason, 'unauthorized')
      t.notMatch(message, 'wrong-and-secret')
    }
  })
}
