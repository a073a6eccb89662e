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
  app.decorate('broadcaster', new Broadcaster({ connections: app.connections, clock, deflateFrom: config.COMPRESSION_THRESHOLD_BYTES }))
}, { name: 'broadcaster', dependencies: ['connections'] })
