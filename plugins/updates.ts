import { randomUUID } from 'node:crypto'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import type { Clock } from '../lib/clock.ts'
import { PopsFilters } from '../lib/feed/pops-filter.ts'
import { MemoryLog, type UpdateLog } from '../lib/feed/update-log.ts'
import { View } from '../lib/feed/view.ts'

declare module 'fastify' {
  interface FastifyInstance {
    updates: UpdateLog
    view: View
    popsFilters: PopsFilters
  }
}

/** Decorates `updates`, the log of what was found out, `view`, which follows it and knows what is now, and `popsFilters`. */
export default fp<{ config: Config, clock: Clock }>(async (app, { config, clock }) => {
  const { UPDATE_LOG_COUNT: maxEntries, UPDATE_LOG_BYTES: maxBytes, BROADCAST_INTERVAL_MS: intervalMs } = config
  const updates = new MemoryLog({ epoch: randomUUID(), maxEntries, maxBytes, tracer: app.tracer })
  app.decorate<UpdateLog>('updates', updates)
  app.decorate('view', new View({ updates, clock, intervalMs }))
  app.decorate('popsFilters', new PopsFilters(config.MAX_POPS_FILTERS))
}, { name: 'updates', dependencies: ['tracing'] })
