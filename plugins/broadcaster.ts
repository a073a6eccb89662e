import fp from 'fastify-plugin'
import type { Clock } from '../lib/clock.ts'
import type { Config } from '../lib/config.ts'
import { Broadcaster } from '../lib/stream/broadcaster.ts'

declare module 'fastify' {
  interface FastifyInstance {
    broadcaster: Broadcaster
  }
}

/** Decorates `broadcaster`. */
export default fp<{ config: Config, clock: Clock }>(async (app, { config, clock }) => {
  // Counted in updates of ours, as pings are: a process that was paused itself must not blame its clients.
  const maxSkippedUpdates = Math.ceil(config.SLOW_CLIENT_TIMEOUT_MS / config.BROADCAST_INTERVAL_MS)
  app.decorate('broadcaster', new Broadcaster({ connections: app.connections, clock, maxSkippedUpdates }))
}, { name: 'broadcaster', dependencies: ['connections'] })
