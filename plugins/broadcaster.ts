import { randomUUID } from 'node:crypto'
import fp from 'fastify-plugin'
import type { Clock } from '../lib/clock.ts'
import type { Config } from '../config.ts'
import { Broadcaster } from '../lib/clients/broadcaster.ts'
import { PopsFilters } from '../lib/feed/pops-filter.ts'
import { MemoryLog, type UpdateLog } from '../lib/feed/update-log.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Random per process start. */
    epoch: string
    broadcaster: Broadcaster
    updates: UpdateLog
    popsFilters: PopsFilters
  }
}

/** Decorates `updates`, the log of what was published, and `broadcaster`, which follows it. */
export default fp<{ config: Config, clock: Clock }>(async (app, { config, clock }) => {
  const { COMPRESSION_THRESHOLD_BYTES: deflateFrom } = config
  const epoch = randomUUID()
  const broadcaster = new Broadcaster({ connections: app.connections, clock, deflateFrom })
  const updates = new MemoryLog({ epoch, maxEntries: config.UPDATE_LOG_COUNT, maxBytes: config.UPDATE_LOG_BYTES, deflateFrom })
  app.decorate('epoch', epoch)
  app.decorate('broadcaster', broadcaster)
  app.decorate<UpdateLog>('updates', updates)
  app.decorate('popsFilters', new PopsFilters(config.MAX_POPS_FILTERS))

  updates.follow(async (tick) => {
    const fanOut = await broadcaster.publish(tick)
    const { durationMs, ...counts } = fanOut
    const { queryMs } = tick.content
    app.tickStatistics.recordTick(fanOut, queryMs)
    app.log.debug({ event: 'broadcast', seq: tick.seq, ...counts, queryMs, fanOutMs: durationMs }, 'update broadcast')
  })
}, { name: 'broadcaster', dependencies: ['connections'] })
