import t, { type Test } from 'tap'
import { FluxReader } from '../../../../lib/source/influx/flux-reader.ts'
import { InfluxqlReader } from '../../../../lib/source/influx/influxql-reader.ts'
import type { SampleSchema } from '../../../../lib/source/influx/schema.ts'
import { failureOf } from '../../../support/fake-influx-server.ts'
import { CSV, JSON_ANSWER, setUp } from '../../../support/influx-connections.ts'
import { SAMPLE_SCHEMA } from '../../../support/recorded.ts'
import type { SourceFailure } from '../../../../lib/source/source-error.ts'

const START = Date.parse('2026-11-20T11:59:40Z')
const STOP = Date.parse('2026-11-20T12:00:20Z')
const RANGE = { start: START, stop: STOP }

async function influxql (t: Test, schema: Partial<SampleSchema> = {}, maxRows = 1_000) {
  const { influx, connection } = await setUp(t, { token: 'user:hunter2' })
  return { influx, reader: new InfluxqlReader(connection, { ...SAMPLE_SCHEMA, ...schema }, maxRows) }
}

async function flux (t: Test, schema: Partial<SampleSchema> = {}, maxRows = 1_000) {
  const { influx, connection } = await setUp(t, { queryLanguage: 'flux', token: 'user:hunter2' })
  return { influx, reader: new FluxReader(connection, 'my org', { ...SAMPLE_SCHEMA, ...schema }, maxRows) }
}

const json = (...documents: unknown[]) =>
  ({ ...JSON_ANSWER, body: documents.map((document) => `${JSON.stringify(document)}\n`).join('') })

const csv = (...tables: string[][]) => ({ ...CSV, body: tables.map((lines) => `${lines.join('\r\n')}\r\n\r\n`).join('') })

const HOSTILE = {
  bucket: 'b"ucket/r',
  measurement: 'm\\"',
  field: 'f"',
  popTag: 'p"op',
  filter: [{ tag: 't"', values: ["it's", 'b\\'] }]
}

const NOTHING = () => { throw new Error('there is no sample') }

t.test('the request of InfluxQL', async (t) => {
  const { influx, reader } = await influxql(t, HOSTILE)
  influx.replay(json({ results: [{}] }))
  t.strictSame(await reader.read(RANGE, NOTHING), { rows: 0, bytes: 17, ignored: 0 })
  const [request] = influx.requests
  t.match(request, { method: 'GET', path: '/query', headers: { authorization: `Basic ${btoa('user:hunter2')}` } })
  t.strictSame(Object.fromEntries(request?.parameters ?? []), {
    db: 'b"ucket',
    rp: 'r',
    epoch: 'ms',
    chunked: 'true',
    chunk_size: '1000',
    q: 'SELECT "f\\""::field AS "_value", *::tag FROM "m\\\\\\"" WHERE ' +
      `time >= ${START}ms AND time < ${STOP}ms AND ("t\\""::tag = 'it\\'s' OR "t\\""::tag = 'b\\\\') LIMIT 1001`
  })
})

t.test('the request of Flux', async (t) => {
  const { influx, reader } = await flux(t, HOSTILE)
  influx.replay(csv())
  await reader.read({ start: START, stop: STOP }, NOTHING)
  const [request] = influx.requests
  t.match(request, { method: 'POST', path: '/api/v2/query', headers: { authorization: 'Token user:hunter2' } })
  t.equal(request?.parameters.get('org'), 'my org')
  const { query } = JSON.parse(request?.body ?? '') as { query: string }
  t.match(query, 'from(bucket: "b\\"ucket/r") |> range(start: 2026-11-20T11:59:40.000Z, stop: 2026-11-20T11:59:59.999999999Z)')
  t.match(query, 'range(start: 2026-11-20T12:00:00.000Z, stop: 2026-11-20T12:00:19.999999999Z)')
  t.match(query, 'r._measurement == "m\\\\\\"" and (r._field == "f\\"") and (r["t\\""] == "it\'s" or r["t\\""] == "b\\\\")')
  t.strictSame(query.match(/yield\(name: "\d"\)/g), ['yield(name: "0")', 'yield(name: "1")'], 'one for each hour')
})

t.test('values that are none', async (t) => {
  const values = [[1, 2, 'a'], [1, 7, 'a']]
  const infinity = JSON.stringify({ results: [{ series: [{ columns: ['time', '_value', 'pop_code'], values }] }] })
  const inFlux = ['1.8e308', '+Inf', 'NaN', ''].map((value) => `,,0,1970-01-01T00:00:00.001Z,${value},a`)
  const readers = [
    { ...await influxql(t), answer: { ...JSON_ANSWER, body: infinity.replace('7', '1.8e308') }, ignored: 1 },
    {
      ...await flux(t),
      answer: csv(['#datatype,string,long,dateTime:RFC3339,double,string', ',result,table,_time,_value,pop_code', ...inFlux,
        ',,0,1970-01-01T00:00:00.001Z,2,a', ',,0,yesterday,2,a'
      ]),
      ignored: 5
    }
  ]
  for (const { influx, reader, answer, ignored } of readers) {
    influx.replay(answer)
    const taken: unknown[] = []
    t.match(await reader.read(RANGE, ({ pop }, _place, time, value) => taken.push([pop, time, value])), { ignored })
    t.strictSame(taken, [['a', 1, 2]])
  }
})

t.test('failures', async (t) => {
  const html = { ...CSV, headers: { 'content-type': 'text/html' } }
  const cases: Array<{ name: string, answer: typeof CSV, reason: SourceFailure, message: RegExp }> = [
    { name: 'HTML', answer: html, reason: 'bad_answer', message: /content type text\/html/ },
    { name: 'unauthorized', answer: { ...JSON_ANSWER, status: 401 }, reason: 'unauthorized', message: /^HTTP 401/ },
    { name: 'overloaded', answer: { ...JSON_ANSWER, status: 503 }, reason: 'unavailable', message: /^HTTP 503/ }
  ]
  for (const { name, answer, reason, message } of cases) {
    for (const { influx, reader } of [await influxql(t), await flux(t)]) {
      influx.replay(answer)
      for (const call of [() => reader.read(RANGE, NOTHING), () => reader.places(RANGE), () => reader.measurements()]) {
        const failure = await failureOf(call())
        t.equal(failure.reason, reason, name)
        t.match(failure.message, message, name)
      }
    }
  }
})

t.test('what is no JSON', async (t) => {
  const { influx, reader } = await influxql(t)
  influx.replay({ ...JSON_ANSWER, body: '{"results":[{}\n' })
  t.match(await failureOf(reader.read(RANGE, NOTHING)), { reason: 'bad_answer', message: 'the answer is not JSON' })
})

t.test('an answer of more bytes than so many rows have', async (t) => {
  const { influx, reader } = await influxql(t, {}, 1)
  influx.replay({ ...JSON_ANSWER, body: ' '.repeat(1_049_601) })
  t.match(await failureOf(reader.read(RANGE, NOTHING)), { message: 'the answer has more than 1049600 bytes' })
})

t.test('a taker that throws fails the read, and the next one works', async (t) => {
  const { influx, reader } = await influxql(t)
  influx.replay(json({ results: [{ series: [{ columns: ['time', '_value', 'pop_code'], values: [[1, 2, 'a']] }] }] }))
  t.match(await failureOf(reader.read(RANGE, () => { throw new Error('full') })), { reason: 'unavailable', message: 'full' })
  t.match(await reader.read(RANGE, () => {}), { rows: 1 })
})

t.test('other work has its turns during a long answer', async (t) => {
  const { influx, reader } = await influxql(t, {}, 100_000)
  const values = Array.from({ length: 1_000 }, (_, index) => [index, 5, `pop${index}`])
  const document = { results: [{ series: [{ columns: ['time', '_value', 'pop_code'], values, partial: true }], partial: true }] }
  influx.replay(json(...Array.from({ length: 99 }, () => document), { results: [{}] }))
  let turns = 0
  let mostInOneTurn = 0
  let inThisTurn = 0
  let reading = true
  const turn = () => {
    turns++
    inThisTurn = 0
    if (reading) setImmediate(turn)
  }
  setImmediate(turn)
  const { rows } = await reader.read(RANGE, () => { mostInOneTurn = Math.max(mostInOneTurn, ++inThisTurn) })
  reading = false
  t.equal(rows, 99_000)
  t.ok(turns > 10, `${turns} turns`)
  t.ok(mostInOneTurn <= 8_000, `${mostInOneTurn} samples in one turn`)
})

t.test('places of InfluxQL', async (t) => {
  const { influx, reader } = await influxql(t)
  const columns = ['time', '_value', '_latitude', '_longitude']
  const of = (pop: string, ...row: unknown[]) => ({ tags: { pop_code: pop }, columns, values: [row] })
  influx.replay(json({ results: [{ series: [of('a', 1, 2, 50.5, 8), of('', 1, 2, 3, 4), of('b', 2, 2, null, 'x')] }] }))
  t.strictSame(await reader.places(RANGE), new Map([
    ['a', { sampleTime: 1, latitude: 50.5, longitude: 8 }],
    ['b', { sampleTime: 2 }]
  ]))
})

t.test('places of Flux, in whatever order they come', async (t) => {
  const { influx, reader } = await flux(t)
  const table = (type: string, ...rows: string[]) =>
    [`#datatype,string,long,dateTime:RFC3339,${type},string,string`, ',result,table,_time,_value,_field,pop_code', ...rows]
  const at = (second: number) => `1970-01-01T00:00:0${second}Z`
  influx.replay(csv(
    table('double', `,,0,${at(2)},5,cold_start_time_ms,a`, `,,0,${at(2)},50.5,latitude,a`),
    table('long', `,,0,${at(1)},5,cold_start_time_ms,a`, `,,0,${at(1)},40,latitude,a`, `,,0,${at(1)},8,longitude,a`),
    table('string', `,,0,${at(1)},north,latitude,b`, `,,0,${at(3)},x,cold_start_time_ms,b`, `,,0,${at(3)},1,cold_start_time_ms,`),
    table('double', `,,0,${at(1)},1,latitude,c`)
  ))
  t.strictSame(await reader.places(RANGE), new Map([
    ['a', { sampleTime: 2_000, latitude: 50.5, longitude: 8 }],
    ['b', { sampleTime: 3_000 }]
  ]))
})

t.test('the row cap counts places, too', async (t) => {
  const inInfluxql = await influxql(t, {}, 1)
  const series = ['a', 'b'].map((pop) => ({ tags: { pop_code: pop }, columns: ['time', '_value'], values: [[1, 2]] }))
  inInfluxql.influx.replay(json({ results: [{ series }] }))
  const inFlux = await flux(t, {}, 1)
  const row = ',,0,1970-01-01T00:00:01Z,5,cold_start_time_ms,a'
  const head = ['#datatype,string,long,dateTime:RFC3339,double,string,string', ',result,table,_time,_value,_field,pop_code']
  inFlux.influx.replay(csv([...head, row, row]))
  for (const { reader } of [inInfluxql, inFlux]) {
    t.match(await failureOf(reader.places(RANGE)), { message: 'the answer has more than 1 rows (INFLUXDB_MAX_ROWS)' })
  }
})
