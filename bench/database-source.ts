import { systemClock } from '../lib/clock.ts'
import { InfluxConnection } from '../lib/source/influx-connection.ts'
import { FluxReader } from '../lib/source/influx/flux-reader.ts'
import { InfluxqlReader } from '../lib/source/influx/influxql-reader.ts'
import { InfluxSampleSource } from '../lib/source/influx/sample-source.ts'
import type { SampleSchema } from '../lib/source/influx/schema.ts'
import type { Engine } from '../test/support/influxd.ts'

const NAMES: Omit<SampleSchema, 'bucket'> = {
  measurement: 'cold_start_metrics',
  field: 'cold_start_time_ms',
  popTag: 'pop_code',
  functionTag: 'function_name',
  cityTag: 'city',
  countryTag: 'country',
  tierTag: 'tier',
  latitude: 'latitude',
  longitude: 'longitude',
  filter: [],
  unit: 'ms'
}

/** The source that popcast would have for this engine. */
export function sampleSourceOf ({ url, env }: Engine, maxRows = 1_000_000): InfluxSampleSource {
  const { INFLUXDB_TOKEN: token, INFLUXDB_BUCKET: bucket = '', INFLUXDB_ORG: org = '' } = env
  const queryLanguage = env.INFLUXDB_QUERY_LANGUAGE === 'flux' ? 'flux' : 'influxql'
  const connection = new InfluxConnection({ url, token, queryLanguage, timeoutMs: 60_000 })
  const schema = { ...NAMES, bucket }
  const reader = queryLanguage === 'flux'
    ? new FluxReader(connection, org, schema, maxRows)
    : new InfluxqlReader(connection, schema, maxRows)
  return new InfluxSampleSource({ connection, reader, schema, windowMs: 600_000, clock: systemClock })
}
