import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import type { Clock } from '../lib/clock.ts'
import { Poller } from '../lib/feed/poller.ts'
import { Schedule } from '../lib/feed/schedule.ts'
import { TickMaker } from '../lib/feed/tick-maker.ts'
import { WriterPhase } from '../lib/feed/writer-phase.ts'
import { RegressionDetector } from '../lib/fleet/regression-detector.ts'

declare module 'fastify' {
  interface FastifyInstance {
    tickMaker: TickMaker
    poller: Poller
  }
}

/**
 * Decorates `tickMaker` (what is made of the source's answers) and `poller` (when it
 * is asked); polls from ready to the begin of the shutdown.
 */
export default fp<{ config: Config, clock: Clock }>(async (app, { config, clock }) => {
  const { BROADCAST_INTERVAL_MS: intervalMs, HEALTHY_BELOW_MS: healthyBelowMs } = config
  const phase = new WriterPhase(intervalMs)
  const schedule = new Schedule({ intervalMs, clock, phase })
  const tickMaker = new TickMaker({
    source: app.metricsSource,
    detector: new RegressionDetector(),
    schedule,
    writerIntervalMs: () => phase.writerIntervalMs,
    updates: app.updates,
    clock,
    log: app.log,
    intervalMs,
    healthyBelowMs
  })
  const poller = new Poller({
    schedule,
    clock,
    isWanted: () => app.connections.size > 0,
    tick: () => tickMaker.tick(),
    idle: () => { void tickMaker.probe() },
    onError: (err) => app.log.error({ event: 'tick_failed', code: 'INTERNAL', err }, 'a tick threw')
  })
  app.decorate('tickMaker', tickMaker)
  app.decorate('poller', poller)

  app.addHook('onReady', async () => poller.start())
  app.addHook('preClose', async () => {
    poller.stop()
    tickMaker.stop()
    app.log.info({ event: 'poller_stopped' }, 'polling stopped')
  })
}, { name: 'poller', dependencies: ['connections', 'metrics-source', 'updates', 'broadcaster'] })
