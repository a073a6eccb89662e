import type { AddressInfo } from 'node:net'
import { buildApp } from '../../app.ts'
import { loadConfig } from '../../config.ts'
import type { MetricsUpdateMessage } from '../../lib/protocol/server-messages.ts'
import { Tick } from '../../lib/feed/tick.ts'
import { message, options, serve } from './peer.ts'

// The whole service as it is; only what is told comes from here instead of a database, so that it has the size asked for.
const HOUR = '3600000'
class Payload extends Tick {
  override get update (): MetricsUpdateMessage {
    return message(this.seq) as unknown as MetricsUpdateMessage
  }
}

const config = loadConfig({
  MAX_CONNECTIONS: '100000',
  PING_INTERVAL_MS: HOUR,
  STALE_AFTER_MS: HOUR,
  BROADCAST_INTERVAL_MS: String(options.intervalMs),
  QUERY_TIMEOUT_MS: String(options.intervalMs - 1),
  SLOW_CLIENT_TIMEOUT_MS: '3000'
})
const app = await buildApp(config)
await app.listen({ port: 0, host: '127.0.0.1' })
app.poller.stop()
// A last known update, which everybody who connects gets after the welcome.
await app.tickMaker.tick()
serve((app.server.address() as AddressInfo).port, async (seq) => {
  const tick = app.view.latest() as Tick
  await app.broadcaster.publish(new Payload({ ...tick.content, header: { ...tick.content.header, seq: seq + 1 } }))
}, () => app.connections.totals.closed)
