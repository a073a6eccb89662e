import { AsyncLocalStorage } from 'node:async_hooks'
import { ROOT_CONTEXT, SpanStatusCode, trace, type Attributes, type Context, type Tracer as OtelTracer } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { Outage } from '../outage.ts'
import { described } from '../request-failure.ts'
import type { Span, SpanName, Tracer } from '../tracer.ts'

export interface OpenTelemetryOptions {
  /** Of a collector; `/v1/traces` is added. */
  endpoint: string
  serviceName: string
  version: string
  clock: Pick<Clock, 'monotonic'>
  log: Log
}

/** Tells a collector of spans, in batches and beside the work. Nothing of it is global: a process may have several. */
export class OpenTelemetryTracer implements Tracer {
  readonly #provider: BasicTracerProvider
  readonly #tracer: OtelTracer
  readonly #current = new AsyncLocalStorage<Context>()

  constructor ({ endpoint, serviceName, version, clock, log }: OpenTelemetryOptions) {
    const url = new URL(endpoint)
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`
    const exporter = new OTLPTraceExporter({ url: url.href })
    this.#provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }),
      spanProcessors: [new BatchSpanProcessor(told(exporter, url.host, clock, log))]
    })
    this.#tracer = this.#provider.getTracer('popcast', version)
  }

  async span<T> (name: SpanName, work: (span: Span) => Promise<T>): Promise<T> {
    // A tick is set off by a timer: whatever set that up is not what it belongs to.
    const parent = name === 'tick' ? ROOT_CONTEXT : this.#current.getStore() ?? ROOT_CONTEXT
    const span = this.#tracer.startSpan(name, {}, parent)
    const set = (attributes: Attributes) => {
      for (const [attribute, value = ''] of Object.entries(attributes)) span.setAttribute(`popcast.${attribute}`, value)
    }
    try {
      return await this.#current.run(trace.setSpan(parent, span), () => work({ set }))
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) })
      throw error
    } finally {
      span.end()
    }
  }

  /** Resolves when what is known was told, or could not be, which is in the log by then. */
  async close (): Promise<void> {
    await this.#provider.shutdown().catch(() => {})
  }
}

/** The same exporter; the log has a line when spans are not taken, every few minutes of that, and when they are again. */
function told (exporter: SpanExporter, host: string, clock: Pick<Clock, 'monotonic'>, log: Log): SpanExporter {
  const outage = new Outage()
  return {
    export (spans: ReadableSpan[], done) {
      exporter.export(spans, (result) => {
        if (result.code === 0) {
          const failures = outage.ended()
          if (failures > 0) log.info({ event: 'traces_recovered', host, failures }, 'traces are taken again')
        } else {
          const line = outage.failed(clock.monotonic())
          const detail = detailOf(result.error)
          if (line !== null) log.warn({ event: 'traces_failed', host, detail, ...line }, 'traces are not taken')
        }
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.()
  }
}

/** Of an answer the exporter's error has the status as its code. */
function detailOf (error: Error & { code?: unknown } = new Error('')): string {
  return typeof error.code === 'number' ? `status ${error.code}` : described(error)
}
