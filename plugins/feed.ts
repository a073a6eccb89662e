import fp from 'fastify-plugin'
import type { Clock } from '../lib/clock.ts'
import type { Config } from '../config.ts'
import { Feed } from '../lib/feed/feed.ts'
import { RegressionDetector } from '../lib/fleet/regression-detector.ts'
import { Poller } from '../lib/feed/poller.ts'
import { WriterPhase } from '../lib/feed/writer-phase.ts'

declare module 'fastify' {
  interface FastifyInstance {
    regressions: RegressionDetector
    feed: Feed
    poller: Poller
  }
}

/** Decorates `feed` (what is known) and `poller` (when it is asked); polls from ready to the begin of the shutdown. */
export default fp<{ config: Config, clock: Clock }>(async (app, { config, clock }) => {
  const { BROADCAST_INTERVAL_MS: intervalMs, HEALTHY_BELOW_MS: healthyBelowMs, COMPRESSION_THRESHOLD_BYTES: deflateFrom } = config
  const detector = new RegressionDetector()
  const phase = new WriterPhase(intervalMs)
  const feed = new Feed({
    source: app.metricsSource,
    detector,
    phase,
    updates: app.updates,
    announce: (error) => app.broadcaster.announce(error),
    onFailedTick: () => app.tickStatistics.recordFailedTick(),
    clock,
    log: app.log,
    epoch: app.epoch,
    intervalMs,
    healthyBelowMs,
    deflateFrom
  })
  const poller = new Poller({
    intervalMs,
    clock,
    isWanted: () => app.connections.size > 0,
    tick: (nextPollAt) => feed.tick(nextPollAt),
    idle: () => feed.probe(),
    align: (notBefore) => phase.nextPoll(notBefore),
    onError: (err) => app.log.error({ event: 'tick_failed', code: 'INTERNAL', err }, 'a tick threw')
  })
  app.decorate('regressions', detector)
  app.decorate('feed', feed)
  app.decorate('poller', poller)

  app.addHook('onReady', async () => poller.start())
  app.addHook('preClose', async () => {
    poller.stop()
    feed.stop()
    app.log.info({ event: 'poller_stopped' }, 'polling stopped')
  })
}, { name: 'poller', dependencies: ['connections', 'metrics-source', 'broadcaster'] })
