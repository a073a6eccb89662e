import t from 'tap'
import { WebSocket } from 'ws'
import { comeBack } from '../support/comeback.ts'

for (const transport of ['websocket', 'sse'] as const) {
  t.test(`${transport}: everybody comes back to a service that was killed, without a gap, a duplicate or a ghost`, async (t) => {
    const env = { BROADCAST_INTERVAL_MS: '200', QUERY_TIMEOUT_MS: '150' }
    const options = { WebSocket, transport, backoff: { minMs: 50, maxMs: 500 }, pongTimeoutMs: 30_000, connectTimeoutMs: 30_000 }
    const { liveAt, faults } = await comeBack(t, { clients: 20, env, options })
    t.equal(liveAt.length, 20)
    t.strictSame(faults, [])
  })
}
