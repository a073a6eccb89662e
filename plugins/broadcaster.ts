import fp from 'fastify-plugin'
import { Broadcaster } from '../lib/clients/broadcaster.ts'
import { tellClients } from '../lib/clients/follow.ts'
import type { Clock } from '../lib/clock.ts'

declare module 'fastify' {
  interface FastifyInstance {
    broadcaster: Broadcaster
  }
}

/** Decorates `broadcaster`, which tells every client what comes into the log. */
export default fp<{ clock: Clock }>(async (app, { clock }) => {
  const { connections, updates, view, tickStatistics: statistics, log } = app
  const broadcaster = new Broadcaster({ connections, clock })
  tellClients({ updates, view, broadcaster, statistics, log, tracer: app.tracer })
  app.decorate('broadcaster', broadcaster)
}, { name: 'broadcaster', dependencies: ['connections', 'updates', 'tracing'] })
