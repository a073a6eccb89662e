import { randomUUID } from 'node:crypto'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import type { Clock } from '../lib/clock.ts'
import { DirectoryLog } from '../lib/cluster/directory-log.ts'
import { MemoryLog } from '../lib/cluster/memory-log.ts'
import type { SharedLog } from '../lib/cluster/shared-log.ts'
import { FindingsCodec } from '../lib/feed/findings-codec.ts'
import { PopsFilters } from '../lib/feed/pops-filter.ts'
import type { Findings } from '../lib/feed/tick.ts'
import { Troubles } from '../lib/feed/troubles.ts'
import { UpdateLog, type Note } from '../lib/feed/update-log.ts'
import { View } from '../lib/feed/view.ts'

declare module 'fastify' {
  interface FastifyInstance {
    stream: SharedLog<Findings, Note>
    updates: UpdateLog
    view: View
    popsFilters: PopsFilters
    troubles: Troubles
  }
}

export interface UpdatesOptions {
  config: Config
  clock: Clock
}

/**
 * Decorates `stream`, into which goes what was found out, `updates`, what was read back from it, `view`, which follows that and
 * knows what is now, `popsFilters`, and `troubles` (what is not as it should be, for the operator).
 */
export default fp<UpdatesOptions>(async (app, { config, clock }) => {
  const limits = { maxEntries: config.UPDATE_LOG_COUNT, maxBytes: config.UPDATE_LOG_BYTES }
  const updates = new UpdateLog(limits)
  const troubles = new Troubles(app.log)
  const codec = new FindingsCodec((id) => updates.toldIn(id))
  const { STATE_DIR: directory } = config
  const newEpoch = randomUUID
  const stream = directory === undefined
    ? new MemoryLog<Findings, Note>(newEpoch())
    : await DirectoryLog.open<Findings, Note>({
      directory,
      codec,
      limits,
      newEpoch,
      clock,
      log: app.log,
      onFault: (message) => troubles.set('state_not_kept', message)
    })
  app.decorate<SharedLog<Findings, Note>>('stream', stream)
  app.decorate('updates', updates)
  app.decorate('view', new View({ updates, clock, intervalMs: config.BROADCAST_INTERVAL_MS }))
  app.decorate('popsFilters', new PopsFilters(config.MAX_POPS_FILTERS))
  app.decorate('troubles', troubles)
  // Also where the start fails before anything was read.
  app.addHook('onClose', () => stream.close())
}, { name: 'updates', dependencies: ['tracing'] })
