import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import type { Clock } from '../lib/clock.ts'
import { PopsFilters } from '../lib/feed/pops-filter.ts'
import { Troubles } from '../lib/feed/troubles.ts'
import { UpdateLog } from '../lib/feed/update-log.ts'
import { View } from '../lib/feed/view.ts'

declare module 'fastify' {
  interface FastifyInstance {
    updates: UpdateLog
    view: View
    popsFilters: PopsFilters
    troubles: Troubles
  }
}

/**
 * Decorates `updates`, what was read of the stream, `view`, which follows that and knows what is now, `popsFilters`, and
 * `troubles` (what is not as it should be, for the operator).
 */
export default fp<{ config: Config, clock: Clock }>(async (app, { config, clock }) => {
  const { UPDATE_LOG_COUNT: maxEntries, UPDATE_LOG_BYTES: maxBytes, BROADCAST_INTERVAL_MS: intervalMs } = config
  const updates = new UpdateLog({ maxEntries, maxBytes })
  app.decorate('updates', updates)
  app.decorate('view', new View({ updates, clock, intervalMs }))
  app.decorate('popsFilters', new PopsFilters(config.MAX_POPS_FILTERS))
  app.decorate('troubles', new Troubles(app.log))
}, { name: 'updates', dependencies: ['tracing'] })
