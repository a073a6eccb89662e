import fp from 'fastify-plugin'
import { Broadcaster } from '../lib/clients/broadcaster.ts'
import { tellClients } from '../lib/clients/follow.ts'
import type { Clock } from '../lib/clock.ts'
import type { Config } from '../config.ts'

declare module 'fastify' {
  interface FastifyInstance {
    broadcaster: Broadcaster
  }
}

/** Decorates `broadcaster`, which tells every client what comes into the log. */
export default fp<{ config: Config, clock: Clock }>(async (app, { config, clock }) => {
  const { connections, updates, view, tickStatistics: statistics, log } = app
  const broadcaster = new Broadcaster({ connections, clock })
  // Of workers one counts each tick, or their sum would be a multiple: who has made it, where that is one of them for certain.
  const countsTick = () => app.fellow === null ||
    (config.CLUSTER_URL === undefined ? app.stream.status.role === 'leader' : app.fellow.membership.number === 1)
  tellClients({ updates, view, broadcaster, statistics, countsTick, log, tracer: app.tracer })
  app.decorate('broadcaster', broadcaster)
}, { name: 'broadcaster', dependencies: ['connections', 'updates', 'tracing'] })
