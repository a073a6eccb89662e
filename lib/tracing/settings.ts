import { Type } from 'typebox'

/** Where traces go, by the name that OpenTelemetry gives it. */
export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    Type.String({ description: 'an http:// or https:// URL of a collector of OTLP over HTTP, e.g. http://127.0.0.1:4318' })
  ),
  OTEL_SERVICE_NAME: Type.String({ description: 'the name of this service in traces', default: 'popcast' })
}

/** What is wrong with the URL, which is not shown; null: nothing. */
export function endpointFault (endpoint: string): string | null {
  if (!URL.canParse(endpoint)) return 'cannot be parsed as a URL'
  const { protocol, username, password, search, hash, pathname } = new URL(endpoint)
  if (protocol !== 'http:' && protocol !== 'https:') return `has the protocol ${JSON.stringify(protocol)}`
  if (username !== '' || password !== '') return 'holds a user name or password, which belong into OTEL_EXPORTER_OTLP_HEADERS'
  if (search !== '' || hash !== '') return 'has a query or a fragment'
  return /\/v1\/traces\/?$/.test(pathname) ? 'ends with /v1/traces, which is added' : null
}
