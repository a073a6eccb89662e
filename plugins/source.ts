import fp from 'fastify-plugin'
import type { Clock } from '../lib/clock.ts'
import type { Config, InfluxConfig } from '../config.ts'
import type { Log } from '../lib/log.ts'
import { DemoSource } from '../lib/source/demo-source.ts'
import { FluxQueries } from '../lib/source/flux-queries.ts'
import { InfluxConnection } from '../lib/source/influx-connection.ts'
import { InfluxSource } from '../lib/source/influx-source.ts'
import { InfluxqlQueries } from '../lib/source/influxql-queries.ts'
import type { MetricsSource } from '../lib/source/source.ts'

declare module 'fastify' {
  interface FastifyInstance {
    metricsSource: MetricsSource
  }
}

export interface MetricsSourceOptions {
  config: Config
  clock: Clock
  random: () => number
}

/** Decorates `metricsSource`: InfluxDB with one client for the whole process, or the demo. Closes it last. */
export default fp<MetricsSourceOptions>(async (app, { config, clock, random }) => {
  const source: MetricsSource = config.METRICS_SOURCE === 'influxdb'
    ? influxSource(config, clock, app.log)
    : demoSource(config, clock, random, app.log)
  app.decorate<MetricsSource>('metricsSource', source)
  app.addHook('onClose', () => source.close())
}, { name: 'metrics-source' })

function influxSource (config: InfluxConfig, clock: Clock, log: Log): InfluxSource {
  const { INFLUXDB_URL: url, INFLUXDB_TOKEN: token, INFLUXDB_QUERY_LANGUAGE: queryLanguage, INFLUXDB_MAX_ROWS: maxRows } = config
  const connection = new InfluxConnection({ url, token, queryLanguage, timeoutMs: config.QUERY_TIMEOUT_MS })
  const schema = {
    bucket: config.INFLUXDB_BUCKET,
    measurement: config.INFLUXDB_MEASUREMENT,
    field: config.INFLUXDB_FIELD,
    popTag: config.INFLUXDB_POP_TAG,
    functionTag: config.INFLUXDB_FUNCTION_TAG
  }
  const queries = queryLanguage === 'flux'
    ? new FluxQueries(connection.client, config.INFLUXDB_ORG ?? '', schema, maxRows)
    : new InfluxqlQueries(connection.client, schema, maxRows)
  log.info({ event: 'source', source: 'influxdb', url, queryLanguage, ...schema }, 'metrics come from InfluxDB')
  return new InfluxSource({ connection, queries, overviewWindowMs: config.OVERVIEW_WINDOW_MS, clock, log })
}

function demoSource (config: Config, clock: Clock, random: () => number, log: Log): DemoSource {
  const seed = config.DEMO_SEED ?? Math.floor(random() * 2 ** 32)
  log.warn(
    { event: 'source', source: 'demo', pops: config.DEMO_POPS, seed },
    'DEMO: these metrics are SIMULATED, set INFLUXDB_URL to serve real ones'
  )
  return new DemoSource({ pops: config.DEMO_POPS, seed, overviewWindowMs: config.OVERVIEW_WINDOW_MS, clock })
}
