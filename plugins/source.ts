import fp from 'fastify-plugin'
import type { Clock } from '../lib/clock.ts'
import type { Config, InfluxConfig } from '../config.ts'
import type { Log } from '../lib/log.ts'
import { DemoSource } from '../lib/source/demo-source.ts'
import { openInflux } from '../lib/source/influx/open.ts'
import type { SampleSource } from '../lib/source/sample-source.ts'

declare module 'fastify' {
  interface FastifyInstance {
    metricsSource: SampleSource
  }
}

export interface MetricsSourceOptions {
  config: Config
  clock: Clock
  random: () => number
}

/** Decorates `metricsSource`: InfluxDB with one client for the whole process, or the demo. Closes it last. */
export default fp<MetricsSourceOptions>(async (app, { config, clock, random }) => {
  const source: SampleSource = config.METRICS_SOURCE === 'influxdb'
    ? influxSource(config, clock, app.log)
    : demoSource(config, clock, random, app.log)
  app.decorate<SampleSource>('metricsSource', source)
  app.addHook('onClose', () => source.close())
}, { name: 'metrics-source' })

function influxSource (config: InfluxConfig, clock: Clock, log: Log): SampleSource {
  const { source, schema } = openInflux(config, clock)
  const { INFLUXDB_URL: url, INFLUXDB_QUERY_LANGUAGE: queryLanguage } = config
  log.info({ event: 'source', source: 'influxdb', url, queryLanguage, ...schema }, 'metrics come from InfluxDB')
  return source
}

function demoSource (config: Config, clock: Clock, random: () => number, log: Log): DemoSource {
  const seed = config.DEMO_SEED ?? Math.floor(random() * 2 ** 32)
  log.warn(
    { event: 'source', source: 'demo', pops: config.DEMO_POPS, seed },
    'DEMO: these metrics are SIMULATED, set INFLUXDB_URL to serve real ones'
  )
  return new DemoSource({ pops: config.DEMO_POPS, seed, clock })
}
