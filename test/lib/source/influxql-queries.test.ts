import t, { type Test } from 'tap'
import { databaseOf, InfluxqlQueries } from '../../../lib/source/influxql-queries.ts'
import { failureOf, recordedAnswers, type RecordedAnswer } from '../../support/fake-influx-server.ts'
import { JSON_ANSWER, setUp } from '../../support/influx-connections.ts'
import { BASELINE, PLACES, RANGES, READINGS, SCHEMA } from '../../support/recorded.ts'
import type { SourceFailure } from '../../../lib/source/source-error.ts'

const { overview, recent, hour } = RANGES
const answer = (body: unknown): RecordedAnswer => ({ ...JSON_ANSWER, body: JSON.stringify(body) })
const EMPTY = answer({ results: [{ statement_id: 0 }] })

async function setUpQueries (t: Test, schema = SCHEMA, maxRows = 1_000) {
  const { influx, connection } = await setUp(t)
  return { influx, queries: new InfluxqlQueries(connection.client, schema, maxRows) }
}

for (const fixture of ['influxql-1.6.7', 'influxql-1.8.10']) {
  t.test(`recorded from ${fixture}`, async (t) => {
    const recorded = recordedAnswers(fixture)
    const { influx, queries } = await setUpQueries(t)
    influx.replay(recorded.readings as RecordedAnswer)
    t.strictSame(await queries.readings(overview, recent), READINGS, 'readings')
    influx.replay(recorded.baseline as RecordedAnswer)
    t.strictSame(await queries.baseline(hour), BASELINE, 'baseline')
    influx.replay(recorded.places as RecordedAnswer)
    t.same(await queries.places(overview), PLACES, 'places')
    influx.replay(recorded.empty as RecordedAnswer)
    t.strictSame(await queries.readings(overview, recent), [], 'no readings')
    influx.replay(recorded.emptyBaseline as RecordedAnswer)
    t.strictSame(await queries.baseline(hour), new Map(), 'no baseline')
    influx.replay(recorded.wrongBucket as RecordedAnswer)
    const unknown = await failureOf(queries.readings(overview, recent))
    t.strictSame([unknown.reason, unknown.message], ['bad_answer', 'the query failed: database not found: no_such_bucket'])
    influx.replay(recorded.syntaxError as RecordedAnswer)
    const syntax = await failureOf(queries.baseline(hour))
    t.equal(syntax.reason, 'bad_answer')
    t.match(syntax.message, 'HTTP 400: 400 Bad Request : {"error":"error parsing query: found FROM')
  })
}

t.test('failures under a status of 200', async (t) => {
  const series = { tags: { pop_code: 'fra1', function_name: 'auth' }, columns: ['time', 'latest'], values: [[1, 5]] }
  const partial = 'the answer is partial (max-row-limit of the database)'
  const cases: Array<{ name: string, body: unknown, reason: SourceFailure, message: string }> = [
    {
      name: 'error of the statement',
      body: { results: [{ error: 'timeout' }] },
      reason: 'bad_answer',
      message: 'the query failed: timeout'
    },
    {
      name: 'error after rows',
      body: { results: [{ series: [series], error: 'shard is gone' }] },
      reason: 'bad_answer',
      message: 'the query failed: shard is gone'
    },
    {
      name: 'error of the request',
      body: { error: 'database is required' },
      reason: 'bad_answer',
      message: 'the query failed: database is required'
    },
    { name: 'partial result', body: { results: [{ series: [series], partial: true }] }, reason: 'bad_answer', message: partial },
    {
      name: 'partial series',
      body: { results: [{ series: [{ ...series, partial: true }] }] },
      reason: 'bad_answer',
      message: partial
    },
    { name: 'no results', body: {}, reason: 'bad_answer', message: 'the answer has no results' },
    { name: 'an empty list of results', body: { results: [] }, reason: 'bad_answer', message: 'the answer has no results' },
    { name: 'null', body: null, reason: 'bad_answer', message: 'the answer has no results' }
  ]
  const { influx, queries } = await setUpQueries(t)
  for (const { name, body, reason, message } of cases) {
    influx.replay(answer(body))
    for (const ask of [() => queries.readings(overview, recent), () => queries.baseline(hour)]) {
      const failure = await failureOf(ask())
      t.strictSame([failure.reason, failure.message], [reason, message], `${name} (${ask})`)
    }
  }
})

t.test('an answer that is not JSON, as its content type says it were', async (t) => {
  const { influx, queries } = await setUpQueries(t)
  influx.replay({ ...JSON_ANSWER, body: '{"results":[' })
  // Its reason is given by InfluxSource, which classifies all that its queries throw.
  await t.rejects(queries.readings(overview, recent), { name: 'SyntaxError' })
})

t.test('the row cap', async (t) => {
  const { readings } = recordedAnswers('influxql-1.6.7')
  for (const [maxRows, tooMany] of [[13, false], [12, true]] as const) {
    const { influx, queries } = await setUpQueries(t, SCHEMA, maxRows)
    influx.replay(readings as RecordedAnswer)
    if (!tooMany) {
      t.equal((await queries.readings(overview, recent)).length, READINGS.length)
      continue
    }
    const { reason, message } = await failureOf(queries.readings(overview, recent))
    t.strictSame([reason, message], ['bad_answer', 'the answer has more than 12 rows (INFLUXDB_MAX_ROWS)'])
  }
})

t.test('series without what is asked for', async (t) => {
  const { influx, queries } = await setUpQueries(t)
  const columns = ['time', 'latest', 'recent_count', 'recent_mean']
  influx.replay(answer({
    results: [{
      series: [
        { tags: { pop_code: 'no latest', function_name: 'auth' }, columns, values: [[1, null, 6, 5]] },
        { tags: { pop_code: 'fra1' }, columns, values: [[7, 0, null, null]] },
        { columns, values: [[8, 1, null, null], [1, null, 2, 3]] }
      ]
    }]
  }))
  t.strictSame(await queries.readings(overview, recent), [
    { pop: 'fra1', functionName: '', value: 0, time: 7, recentCount: 0, recentMean: NaN },
    { pop: '', functionName: '', value: 1, time: 8, recentCount: 2, recentMean: 3 }
  ])
})

t.test('a baseline of what has no count, no tag or no quartile', async (t) => {
  const { influx, queries } = await setUpQueries(t)
  const columns = ['time', 'count', 'median', 'percentile']
  influx.replay(answer({
    results: [{
      series: [
        { tags: { pop_code: 'no count' }, columns, values: [[1, null, null, null]] },
        { tags: { pop_code: 'no rows' }, columns, values: [] },
        { tags: { pop_code: 'fra1' }, columns, values: [[1, 1, 3, null]] },
        { columns, values: [[1, 2, 3, 1]] }
      ]
    }]
  }))
  t.strictSame(await queries.baseline(hour), new Map([
    ['fra1', { count: 1, center: 3, deviation: 0 }],
    ['', { count: 2, center: 3, deviation: 2 / 0.6745 }]
  ]))
})

t.test('the request', async (t) => {
  const { influx, queries } = await setUpQueries(t)
  influx.replay(EMPTY)
  await queries.readings(overview, recent)
  await queries.baseline(hour)
  t.match(influx.requests, [{ method: 'GET', path: '/query', body: '' }, { method: 'GET', path: '/query', body: '' }])
  t.strictSame([...influx.requests[0]?.parameters.keys() ?? []], ['db', 'epoch', 'q'])
  t.equal(influx.requests[0]?.parameters.get('epoch'), 'ms')
  t.equal(
    influx.requests[0]?.parameters.get('q'),
    'SELECT latest, recent_count, recent_mean FROM ' +
      '(SELECT last("cold_start_time_ms") AS latest ' +
      'FROM "cold_start_metrics" WHERE time >= 1795175400000ms AND time < 1795176060000ms ' +
      'GROUP BY "pop_code", "function_name"), ' +
      '(SELECT count("cold_start_time_ms") AS recent_count, mean("cold_start_time_ms") AS recent_mean ' +
      'FROM "cold_start_metrics" WHERE time >= 1795175880000ms AND time < 1795176060000ms ' +
      'GROUP BY "pop_code", "function_name") ' +
      'GROUP BY "pop_code", "function_name"'
  )
  t.equal(
    influx.requests[1]?.parameters.get('q'),
    'SELECT count("cold_start_time_ms"), median("cold_start_time_ms"), percentile("cold_start_time_ms", 25) ' +
      'FROM "cold_start_metrics" WHERE time >= 1795172280000ms AND time < 1795175880000ms GROUP BY "pop_code"'
  )
})

t.test('database and retention policy', async (t) => {
  const cases: Array<[bucket: string, expected: ReturnType<typeof databaseOf>]> = [
    ['pops', { db: 'pops' }],
    ['pops/two_weeks', { db: 'pops', rp: 'two_weeks' }],
    ['pops/a/b', { db: 'pops', rp: 'a/b' }]
  ]
  for (const [bucket, expected] of cases) {
    t.strictSame(databaseOf(bucket), expected, bucket)
    const { influx, queries } = await setUpQueries(t, { ...SCHEMA, bucket })
    influx.replay(EMPTY)
    await queries.readings(overview, recent)
    const parameters = influx.requests[0]?.parameters
    t.strictSame([parameters?.get('db'), parameters?.get('rp')], [expected.db, expected.rp ?? null], `${bucket}: sent`)
  }
})

t.test('names are escaped', async (t) => {
  const hostile = {
    bucket: 'a&b=c d',
    measurement: 'm"; DROP DATABASE pops; --',
    field: 'f\\',
    popTag: 'p"op',
    functionTag: '\\"'
  }
  const { influx, queries } = await setUpQueries(t, hostile)
  influx.replay(EMPTY)
  await queries.readings(overview, recent)
  const parameters = influx.requests[0]?.parameters
  t.equal(parameters?.get('db'), 'a&b=c d')
  const statement = parameters?.get('q') ?? ''
  t.match(statement, 'FROM "m\\"; DROP DATABASE pops; --" WHERE')
  t.match(statement, 'last("f\\\\")')
  t.match(statement, 'GROUP BY "p\\"op", "\\\\\\""')
})

t.test('a value that is parsed as Infinity spoils no other', async (t) => {
  const { influx, queries } = await setUpQueries(t)
  const tags = (pop: string) => `"tags":{"pop_code":"${pop}","function_name":"auth"}`
  const columns = '"columns":["time","latest","recent_count","recent_mean"]'
  influx.replay({
    ...JSON_ANSWER,
    body: `{"results":[{"series":[{${tags('ams1')},${columns},"values":[[7,1.8e308,null,null]]},` +
      `{${tags('fra1')},${columns},"values":[[7,5,6,1.8e308]]}]}]}`
  })
  t.strictSame(await queries.readings(overview, recent), [
    { pop: 'fra1', functionName: 'auth', value: 5, time: 7, recentCount: 6, recentMean: NaN }
  ])
  influx.replay({
    ...JSON_ANSWER,
    body: '{"results":[{"series":[{"tags":{"pop_code":"ams1"},' +
      '"columns":["time","count","median","percentile"],"values":[[1,12,1.8e308,5]]}]}]}'
  })
  t.strictSame(await queries.baseline(hour), new Map())
})
