import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { Test } from 'tap'

/** A span as OTLP's JSON has it: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
export interface ReceivedSpan {
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
  status: { code?: number, message?: string }
  attributes: Record<string, unknown>
  service: unknown
}

type KeyValue = { key: string, value: Record<string, unknown> }
interface Request {
  resourceSpans: Array<{
    resource: { attributes: KeyValue[] }
    scopeSpans: Array<{ spans: Array<Omit<ReceivedSpan, 'attributes' | 'service'> & { attributes: KeyValue[] }> }>
  }>
}

const plain = (attributes: KeyValue[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

/** A collector of OTLP over HTTP, which answers with this status. */
export async function startCollector (t: Test, status = 200) {
  const spans: ReceivedSpan[] = []
  const paths = new Set<string | undefined>()
  const server = createServer((request, response) => {
    paths.add(request.url)
    void json(request).then((body) => {
      for (const { resource, scopeSpans } of (body as Request).resourceSpans) {
        const service = plain(resource.attributes)['service.name']
        const received = scopeSpans.flatMap(({ spans }) => spans)
        spans.push(...received.map((span) => ({ ...span, attributes: plain(span.attributes), service })))
      }
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
    })
  }).listen(0, '127.0.0.1')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, paths }
}
