import fp from 'fastify-plugin'
import { repeat, type Clock } from '../lib/clock.ts'
import type { Config } from '../config.ts'
import { ConnectionTracker } from '../lib/clients/connection-tracker.ts'
import { statisticsOf } from '../lib/clients/durations.ts'
import { Heartbeat } from '../lib/clients/websocket/heartbeat.ts'
import { TickStatistics } from '../lib/clients/tick-statistics.ts'

declare module 'fastify' {
  interface FastifyInstance {
    connections: ConnectionTracker
    tickStatistics: TickStatistics
  }
}

export interface ConnectionsOptions {
  config: Config
  clock: Clock
}

/** Decorates `connections` and `tickStatistics`; pings the clients and logs statistics about them. */
export default fp<ConnectionsOptions>(async (app, { config, clock }) => {
  const connections = new ConnectionTracker({
    clock,
    log: app.log,
    maxConnections: config.MAX_CONNECTIONS,
    maxBufferedBytes: config.MAX_BUFFERED_BYTES,
    keptUpdates: config.UPDATE_LOG_COUNT,
    // Counted in updates of ours, as pings are: a process that was paused itself must not blame its clients.
    maxSkippedUpdates: Math.ceil(config.SLOW_CLIENT_TIMEOUT_MS / config.BROADCAST_INTERVAL_MS),
    ...(app.fellow !== null && {
      shared: app.fellow.occupancy,
      ids: { first: app.fellow.membership.number, step: app.fellow.membership.of }
    })
  })
  const statistics = new TickStatistics()
  app.decorate('connections', connections)
  app.decorate('tickStatistics', statistics)

  const heartbeat = new Heartbeat({
    connections,
    clock,
    intervalMs: config.PING_INTERVAL_MS,
    staleAfterMs: config.STALE_AFTER_MS,
    maxMissedPings: config.MAX_MISSED_PINGS,
    log: app.log
  })
  const stopLogging = repeat(clock, config.STATS_LOG_INTERVAL_MS, () => {
    if (connections.size === 0) return
    const { totals, successRate, size } = connections
    const durations = statisticsOf(connections.durations)
    const logLinesDropped = app.logDropped()
    app.log.info(
      { event: 'statistics', active: size, ...statistics.take(), totals, successRate, durations, logLinesDropped },
      'statistics'
    )
  }, (err) => app.log.error({ event: 'task_failed', task: 'statistics', err }, 'a timed task threw'))

  app.addHook('onClose', async () => {
    heartbeat.stop()
    stopLogging()
  })
}, { name: 'connections' })
