import t, { type Test } from 'tap'
import { FluxQueries } from '../../../lib/source/flux-queries.ts'
import { failureOf, recordedAnswers, type RecordedAnswer } from '../../support/fake-influx-server.ts'
import { CSV, setUp } from '../../support/influx-connections.ts'
import { BASELINE, PLACES, RANGES, READINGS, SCHEMA } from '../../support/recorded.ts'
import type { SourceFailure } from '../../../lib/source/source-error.ts'

const { overview, recent, hour } = RANGES
const recorded = recordedAnswers('flux-1.8.10')

async function setUpQueries (t: Test, schema = SCHEMA, maxRows = 1_000) {
  const { influx, connection } = await setUp(t, { queryLanguage: 'flux', token: 'user:hunter2' })
  return { influx, connection, queries: new FluxQueries(connection.client, 'my org', schema, maxRows) }
}

/** The script of the only request. */
const scriptOf = ({ requests }: { requests: Array<{ body: string }> }): string => JSON.parse(requests[0]?.body ?? '').query

/** What a real server answers, table by table. */
const csv = (...tables: string[][]): RecordedAnswer => ({
  ...CSV,
  body: tables.map((lines) => `${lines.join('\r\n')}\r\n\r\n`).join('')
})

t.test('recorded readings', async (t) => {
  const { influx, queries } = await setUpQueries(t)
  influx.replay(recorded.readings as RecordedAnswer)
  t.strictSame(await queries.readings(overview, recent), READINGS)
})

t.test('a recorded baseline', async (t) => {
  const { influx, queries } = await setUpQueries(t)
  influx.replay(recorded.baseline as RecordedAnswer)
  t.strictSame(await queries.baseline(hour), BASELINE)
})

t.test('a quartile that is left out is the median', async (t) => {
  const { influx, queries } = await setUpQueries(t)
  const { body } = recorded.baseline as RecordedAnswer
  influx.replay({ ...CSV, body: body.split('\r\n\r\n').filter((table) => !table.includes('quartile')).join('\r\n\r\n') })
  t.strictSame((await queries.baseline(hour)).get('fra1'), { count: 12, center: 4.5, deviation: 0 })
})

t.test('recorded places', async (t) => {
  const { influx, queries } = await setUpQueries(t)
  influx.replay(recorded.places as RecordedAnswer)
  t.same(await queries.places(overview), PLACES)
})

t.test('recorded answers without rows', async (t) => {
  const { influx, queries } = await setUpQueries(t)
  influx.replay(recorded.empty as RecordedAnswer)
  t.strictSame(await queries.readings(overview, recent), [])
  influx.replay(recorded.emptyBaseline as RecordedAnswer)
  t.strictSame(await queries.baseline(hour), new Map())
})

t.test('recorded failures', async (t) => {
  const cases: Array<[answer: string, reason: SourceFailure, message: string]> = [
    // 1.8 has 500 for every fault of a script.
    [
      'wrongBucket',
      'unavailable',
      'HTTP 500: 500 Internal Server Error : ' +
        '{"error":"failed to initialize execute state: no database"}'
    ],
    ['syntaxError', 'unavailable', 'HTTP 500: 500 Internal Server Error : {"error":"loc 1:1-1:14: expected RPAREN, got EOF"}'],
    [
      'scriptFailsAtOnce',
      'unavailable',
      'HTTP 500: 500 Internal Server Error : ' +
        '{"error":"failed to evaluate map function: strconv.ParseInt: parsing \\"auth\\": invalid syntax"}'
    ],
    [
      'scriptFailsLater',
      'bad_answer',
      'the script failed: failed to evaluate map function: strconv.ParseInt: parsing "ams1": invalid syntax'
    ]
  ]
  const { influx, queries } = await setUpQueries(t)
  for (const [name, reason, message] of cases) {
    influx.replay(recorded[name] as RecordedAnswer)
    const failure = await failureOf(queries.readings(overview, recent))
    t.strictSame([failure.reason, failure.message.trimEnd()], [reason, message], name)
    t.equal((await failureOf(queries.baseline(hour))).reason, reason, `${name}: baseline`)
  }
})

t.test('an error table without rows before it', async (t) => {
  const { influx, queries } = await setUpQueries(t)
  influx.replay(csv(['#datatype,string,string', '#group,true,true', '#default,,', ',error,reference', ',out of memory,897']))
  t.equal((await failureOf(queries.readings(overview, recent))).message, 'the script failed: out of memory')
})

t.test('the row cap counts over all results', async (t) => {
  // Seven latest, six counts, six means.
  for (const [maxRows, tooMany] of [[19, false], [18, true], [6, true]] as const) {
    const { influx, queries } = await setUpQueries(t, SCHEMA, maxRows)
    influx.replay(recorded.readings as RecordedAnswer)
    if (tooMany) {
      const { reason, message } = await failureOf(queries.readings(overview, recent))
      t.strictSame(
        [reason, message],
        ['bad_answer', `the answer has more than ${maxRows} rows (INFLUXDB_MAX_ROWS)`],
        `${maxRows}`
      )
    } else {
      t.equal((await queries.readings(overview, recent)).length, READINGS.length, `${maxRows}`)
    }
    t.equal(scriptOf(influx).split(`|> limit(n: ${maxRows + 1})`).length - 1, 3, `${maxRows}: the database stops there, too`)
  }
})

t.test('a count for a series without a latest sample is left out', async (t) => {
  const { influx, queries } = await setUpQueries(t)
  influx.replay(
    csv([
      '#datatype,string,long,string,string,long',
      '#group,false,false,false,false,false',
      '#default,count,,,,',
      ',result,table,pop_code,function_name,_value',
      ',,0,fra1,auth,6'
    ])
  )
  t.strictSame(await queries.readings(overview, recent), [])
})

t.test('the request', async (t) => {
  const { influx, queries } = await setUpQueries(t)
  influx.replay(recorded.empty as RecordedAnswer)
  await queries.readings(overview, recent)
  t.match(influx.requests, [
    { method: 'POST', path: '/api/v2/query', headers: { authorization: 'Token user:hunter2', 'accept-encoding': 'identity' } }
  ])
  t.equal(influx.requests[0]?.parameters.get('org'), 'my org')
  const script = scriptOf(influx)
  t.match(script, 'from(bucket: "pops") |> range(start: 2026-11-20T11:50:00.000Z, stop: 2026-11-20T12:01:00.000Z)')
  t.match(script, 'from(bucket: "pops") |> range(start: 2026-11-20T11:58:00.000Z, stop: 2026-11-20T12:01:00.000Z)')
  t.match(script, 'r._measurement == "cold_start_metrics" and r._field == "cold_start_time_ms"')
  t.match(script, '|> group(columns: ["pop_code","function_name"])')
})

t.test('the request for a baseline', async (t) => {
  const { influx, queries } = await setUpQueries(t)
  influx.replay(recorded.baseline as RecordedAnswer)
  await queries.baseline(hour)
  const script = scriptOf(influx)
  t.match(script, 'group(columns: ["pop_code"])')
  t.match(script, 'range(start: 2026-11-20T10:58:00.000Z, stop: 2026-11-20T11:58:00.000Z)')
  t.strictSame(script.match(/yield\(name: "\w+"\)/g), [
    'yield(name: "count")',
    'yield(name: "median")',
    'yield(name: "quartile")'
  ])
})

t.test('names are escaped', async (t) => {
  const hostile = { bucket: 'b"ucket', measurement: 'm\\"', field: '$' + '{drop}', popTag: 'p"op', functionTag: 'f\\n' }
  const { influx, queries } = await setUpQueries(t, hostile)
  influx.replay(recorded.empty as RecordedAnswer)
  await queries.readings(overview, recent)
  const script = scriptOf(influx)
  t.match(script, 'from(bucket: "b\\"ucket")')
  t.match(script, 'r._measurement == "m\\\\\\""')
  t.match(script, 'r._field == "\\$' + '{drop}")')
  t.match(script, 'group(columns: ["p\\"op","f\\\\n"])')
})

t.test('a value that is parsed as Infinity spoils no other', async (t) => {
  const { influx, queries } = await setUpQueries(t)
  const { body } = recorded.readings as RecordedAnswer
  const ams1 = READINGS.find(({ pop, functionName }) => pop === 'ams1' && functionName === 'auth')
  for (const value of ['1.8e308', '+Inf', 'NaN']) {
    influx.replay({ ...CSV, body: body.replace(`,${ams1?.value},`, `,${value},`) })
    t.strictSame(await queries.readings(overview, recent), READINGS.filter((reading) => reading !== ams1), value)
  }
})
