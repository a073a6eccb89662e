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
  // Of workers one counts each tick, or their sum would be a multiple.
  const countsTick = () => app.speaksForService()
  tellClients({ updates, view, broadcaster, statistics, countsTick, log, tracer: app.tracer })
  app.decorate('broadcaster', broadcaster)
}, { name: 'broadcaster', dependencies: ['connections', 'updates', 'tracing'] })
