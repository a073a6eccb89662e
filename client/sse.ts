import type { Fetch } from './environment.ts'
import { eventStreamReader } from './event-stream.ts'
import type { Transport, TransportEvents } from './transport.ts'

const EVENT_STREAM = 'text/event-stream'

/** Server-Sent Events by fetch: an EventSource tells neither status nor Retry-After nor comments, and Node 20 has none. */
export function openEventStream (url: string, fetch: Fetch, on: TransportEvents): Transport {
  const abort = new AbortController()
  const read = async () => {
    const { status, headers, body } = await fetch(url, {
      headers: { accept: EVENT_STREAM },
      cache: 'no-store',
      signal: abort.signal
    })
    const type = headers.get('content-type')
    if (status !== 200 || !type?.startsWith(EVENT_STREAM)) {
      const seconds = Number.parseInt(headers.get('retry-after') ?? '')
      return { reason: `HTTP ${status} ${type}`, retryAfterMs: seconds >= 0 ? seconds * 1000 : null }
    }
    const decoder = new TextDecoder()
    const feed = eventStreamReader(on.message)
    const reader = body.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return { reason: 'the stream has ended' }
      on.heard()
      feed(decoder.decode(value, { stream: true }))
    }
  }
  const closed = read().catch((error: unknown) => ({ reason: `${error}` })).then((end) => {
    abort.abort()
    on.end(end)
  })
  return {
    kind: 'sse',
    send () {},
    close () {
      abort.abort()
      return closed
    }
  }
}
