import t, { type Test } from 'tap'
import { FluxReader } from '../../../../lib/source/influx/flux-reader.ts'
import { InfluxqlReader } from '../../../../lib/source/influx/influxql-reader.ts'
import { NOWHERE, type Place } from '../../../../lib/source/sample-source.ts'
import type { SourceFailure } from '../../../../lib/source/source-error.ts'
import { failureOf, recordedAnswers, type RecordedAnswer } from '../../../support/fake-influx-server.ts'
import { setUp } from '../../../support/influx-connections.ts'
import { SAMPLE_SCHEMA } from '../../../support/recorded.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')
const RANGE = { start: NOON - 20_000, stop: NOON + 20_000 }
const FRANKFURT: Place = { ...NOWHERE, city: 'Frankfurt am Main', country: 'DE', tier: '1' }
const FAILED = 'HTTP 500: 500 Internal Server Error : error failed to initialize execute state:'

const engines: Array<{ fixture: string, wrongDatabase: [SourceFailure, string], wrongPolicy: [SourceFailure, string] }> = [
  ...['1.6.7', '1.8.10'].map((version) => ({
    fixture: `samples-influxql-${version}`,
    wrongDatabase: ['bad_answer', 'the query failed: database not found: nope'] as [SourceFailure, string],
    wrongPolicy: ['bad_answer', 'the query failed: retention policy not found: nope'] as [SourceFailure, string]
  })),
  {
    fixture: 'samples-flux-1.8.10',
    // 1.8 has 500 for every fault of a script.
    wrongDatabase: ['unavailable', `${FAILED} no database`],
    wrongPolicy: ['unavailable', `${FAILED} invalid retention policy`]
  }
]

for (const { fixture, ...failures } of engines) {
  t.test(fixture, async (t) => {
    const recorded = recordedAnswers(fixture)
    const answered = async (t: Test, name: string) => {
      const { influx, connection } = await setUp(t)
      influx.replay(recorded[name] as RecordedAnswer)
      return fixture.startsWith('samples-flux')
        ? new FluxReader(connection, 'any', SAMPLE_SCHEMA, 1_000)
        : new InfluxqlReader(connection, SAMPLE_SCHEMA, 1_000)
    }

    await t.test('samples: an integer, then floats, two hosts, a name to be quoted, one without a PoP', async (t) => {
      const samples: Array<{ pop: string, functionName: string, place: Place, second: number, value: number }> = []
      const reader = await answered(t, 'samples')
      const { rows, ignored } = await reader.read(RANGE, ({ pop, functionName }, place, time, value) => {
        samples.push({ pop, functionName, place, second: (time - NOON) / 1_000, value })
      })
      const fra1 = { pop: 'fra1', functionName: 'auth', place: FRANKFURT }
      t.strictSame([rows, ignored], [5, 0])
      t.strictSame(samples.sort((a, b) => a.second - b.second), [
        { ...fra1, second: -10, value: 5 },
        { ...fra1, second: 0, value: 5.5 },
        { ...fra1, second: 1, value: 7.25 },
        { pop: 'we"ird, 1', functionName: 'a\\b', place: NOWHERE, second: 2, value: 2.5 }
      ])
    })

    await t.test('places', async (t) => {
      t.strictSame(await (await answered(t, 'places')).places(RANGE), new Map([
        ['fra1', { sampleTime: NOON + 1_000, latitude: 50.11, longitude: 8.68 }],
        ['we"ird, 1', { sampleTime: NOON + 2_000 }]
      ]))
    })

    await t.test('what there is', async (t) => {
      const fields = await (await answered(t, 'fields')).fields('cold_start_time_ms')
      t.strictSame(fields, ['cold_start_time_ms', 'latitude', 'longitude'])
      t.strictSame(await (await answered(t, 'tags')).tags(), ['city', 'country', 'function_name', 'host', 'pop_code', 'tier'])
      t.strictSame(await (await answered(t, 'measurements')).measurements(), ['cold_start_metrics', 'texts'])
      t.match(await (await answered(t, 'newest')).newest(0), { time: Number, type: 'number' })
      t.equal(await (await answered(t, 'empty')).newest(0), null)
    })

    await t.test('no rows', async (t) => {
      t.match(await (await answered(t, 'empty')).read(RANGE, () => t.fail('a sample')), { rows: 0, ignored: 0 })
      t.strictSame(await (await answered(t, 'empty')).places(RANGE), new Map())
    })

    await t.test('strings', async (t) => {
      const message = 'the field `cold_start_time_ms` of cold_start_metrics holds values of the type string, and no numbers'
      t.match(await failureOf((await answered(t, 'strings')).read(RANGE, () => {})), { reason: 'bad_answer', message })
    })

    await t.test('failures', async (t) => {
      for (const name of ['wrongDatabase', 'wrongPolicy'] as const) {
        const { reason, message } = await failureOf((await answered(t, name)).read(RANGE, () => {}))
        t.strictSame([reason, message], failures[name], name)
      }
    })
  })
}
