import type { Clock } from '../../clock.ts'
import { InfluxConnection } from '../influx-connection.ts'
import { FluxReader } from './flux-reader.ts'
import { InfluxqlReader } from './influxql-reader.ts'
import type { SampleReader } from './reader.ts'
import { InfluxSampleSource } from './sample-source.ts'
import type { SampleSchema } from './schema.ts'
import { readAuthorities, sampleSchema, type InfluxSettings } from './settings.ts'

/** Settings that have been checked. */
export type OpenSettings = InfluxSettings & {
  INFLUXDB_URL: string
  INFLUXDB_TOKEN?: string
  INFLUXDB_ORG?: string
  INFLUXDB_QUERY_LANGUAGE: 'flux' | 'influxql'
  INFLUXDB_MAX_ROWS: number
  QUERY_TIMEOUT_MS: number
  OVERVIEW_WINDOW_MS: number
}

export interface OpenInflux {
  /** Ends with `source`. */
  connection: InfluxConnection
  reader: SampleReader
  schema: SampleSchema
  source: InfluxSampleSource
}

/** Everything between these settings and the samples they name. Nothing is asked yet. */
export function openInflux (settings: OpenSettings, clock: Pick<Clock, 'now'>): OpenInflux {
  const { INFLUXDB_URL: url, INFLUXDB_TOKEN: token, INFLUXDB_QUERY_LANGUAGE: queryLanguage, INFLUXDB_CA_FILE: file } = settings
  const authorities = file === undefined ? undefined : readAuthorities(file)
  const connection = new InfluxConnection({ url, token, queryLanguage, authorities, timeoutMs: settings.QUERY_TIMEOUT_MS })
  const schema = sampleSchema(settings)
  const { INFLUXDB_ORG: org = '', INFLUXDB_MAX_ROWS: maxRows } = settings
  const reader = queryLanguage === 'flux'
    ? new FluxReader(connection, org, schema, maxRows)
    : new InfluxqlReader(connection, schema, maxRows)
  const source = new InfluxSampleSource({ connection, reader, schema, windowMs: settings.OVERVIEW_WINDOW_MS, clock })
  return { connection, reader, schema, source }
}
