import { eventStreamReader } from './event-stream.ts'
import type { Settings } from './options.ts'
import type { Transport, TransportEvents } from './transport.ts'

const EVENT_STREAM = 'text/event-stream'

/** Server-Sent Events by fetch: an EventSource tells neither status nor Retry-After nor comments, and Node 20 has none. */
export async function openEventStream (url: string, { fetch, token }: Settings, on: TransportEvents): Promise<Transport> {
  const abort = new AbortController()
  const read = async () => {
    const given = await token?.()
    const { status, headers, body } = await fetch!(url, {
      headers: { accept: EVENT_STREAM, ...given && { authorization: `Bearer ${given}` } },
      cache: 'no-store',
      signal: abort.signal
    })
    const type = headers.get('content-type')
    if (status !== 200 || !type?.startsWith(EVENT_STREAM)) {
      const closeCode = status === 401 ? 4500 : 0
      return {
        closeCode, reason: `HTTP ${status} ${type}`, retryAfterMs: Number.parseInt(headers.get('retry-after')!) * 1000 || null
      }
    }
    const reader = body.pipeThrough(new TextDecoderStream()).getReader()
    const feed = eventStreamReader(on.message)
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return { reason: 'ended' }
      on.heard()
      feed(value)
    }
  }
  const closed = read().catch((error: unknown) => ({ reason: `${error}` })).then((end) => {
    abort.abort()
    on.end(end)
  })
  return {
    send () {},
    close () {
      abort.abort()
      return closed
    }
  }
}
