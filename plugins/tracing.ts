import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import { within, type Clock } from '../lib/clock.ts'
import { noTracer, type Tracer } from '../lib/tracer.ts'
import type { OpenTelemetryOptions, OpenTelemetryTracer } from '../lib/tracing/opentelemetry.ts'
import { version } from '../version.ts'

declare module 'fastify' {
  interface FastifyInstance {
    tracer: Tracer
  }
}

/** What was not told yet may take so long at the end of the process. */
const CLOSE_TIMEOUT_MS = 2_000

/** Decorates `tracer`: OpenTelemetry where a collector is named; else nothing of it is loaded. */
export default fp<{ config: Config, clock: Clock }>(async (app, { config, clock }) => {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: serviceName } = config
  if (endpoint === undefined) {
    app.decorate('tracer', noTracer)
    return
  }
  const tracer = await openTracer({ endpoint, serviceName, version, clock, log: app.log })
  app.log.info({ event: 'traces', host: new URL(endpoint).host }, 'traces go to a collector')
  app.decorate<Tracer>('tracer', tracer)
  app.addHook('onClose', () => within(clock, CLOSE_TIMEOUT_MS, tracer.close()))
}, { name: 'tracing' })

async function openTracer (options: OpenTelemetryOptions): Promise<OpenTelemetryTracer> {
  const opentelemetry = await import('../lib/tracing/opentelemetry.ts')
  return new opentelemetry.OpenTelemetryTracer(options)
}
