import t from 'tap'
import { InfluxqlReader } from '../../../../lib/source/influx/influxql-reader.ts'
import { InfluxSampleSource } from '../../../../lib/source/influx/sample-source.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { failureOf } from '../../../support/fake-influx-server.ts'
import { setUp } from '../../../support/influx-connections.ts'
import { SAMPLE_SCHEMA } from '../../../support/recorded.ts'

t.test('an empty range is not asked for, ping and close are the connection\'s', async (t) => {
  const { influx, connection } = await setUp(t)
  const reader = new InfluxqlReader(connection, SAMPLE_SCHEMA, 10)
  const source = new InfluxSampleSource({ connection, reader, schema: SAMPLE_SCHEMA, windowMs: 1_000, clock: new FakeClock(0) })
  t.strictSame(await source.read({ start: 5, stop: 5 }, () => {}), { rows: 0, bytes: 0, ignored: 0 })
  t.strictSame(await source.places({ start: 5, stop: 4 }), new Map())
  t.equal(influx.requests.length, 0)
  await source.ping()
  t.equal(influx.requests[0]?.path, '/ping')
  await source.close()
  for (const call of [() => source.read({ start: 0, stop: 1 }, () => {}), () => source.explain()]) {
    t.match(await failureOf(call()), { reason: 'unavailable', message: 'the connection is closed' })
  }
})
