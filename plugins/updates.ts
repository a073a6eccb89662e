import { randomUUID } from 'node:crypto'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import type { Clock } from '../lib/clock.ts'
import { MemoryLog } from '../lib/cluster/memory-log.ts'
import type { SharedLog } from '../lib/cluster/shared-log.ts'
import { PopsFilters } from '../lib/feed/pops-filter.ts'
import type { Findings } from '../lib/feed/tick.ts'
import { UpdateLog, type Note } from '../lib/feed/update-log.ts'
import { View } from '../lib/feed/view.ts'

declare module 'fastify' {
  interface FastifyInstance {
    stream: SharedLog<Findings, Note>
    updates: UpdateLog
    view: View
    popsFilters: PopsFilters
  }
}

/**
 * Decorates `stream`, into which goes what was found out, `updates`, what was read back from it, `view`, which follows that and
 * knows what is now, and `popsFilters`.
 */
export default fp<{ config: Config, clock: Clock }>(async (app, { config, clock }) => {
  const { UPDATE_LOG_COUNT: maxEntries, UPDATE_LOG_BYTES: maxBytes, BROADCAST_INTERVAL_MS: intervalMs } = config
  const updates = new UpdateLog({ maxEntries, maxBytes })
  app.decorate('stream', new MemoryLog<Findings, Note>(randomUUID()))
  app.decorate('updates', updates)
  app.decorate('view', new View({ updates, clock, intervalMs }))
  app.decorate('popsFilters', new PopsFilters(config.MAX_POPS_FILTERS))
}, { name: 'updates', dependencies: ['tracing'] })
