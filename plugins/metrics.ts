import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import { systemClock } from '../lib/clock.ts'
import { broadcastFamilies } from '../lib/metrics/broadcasts.ts'
import { connectionFamilies } from '../lib/metrics/connections.ts'
import { feedFamilies } from '../lib/metrics/feed.ts'
import { LoopDelay } from '../lib/metrics/loop-delay.ts'
import { PopSeriesFamilies } from '../lib/metrics/pops.ts'
import { processFamilies } from '../lib/metrics/process.ts'
import { Registry } from '../lib/metrics/registry.ts'
import { sourceFamilies } from '../lib/metrics/source.ts'
import { streamFamilies } from '../lib/metrics/stream.ts'
import { costReadings } from '../process-readings.ts'
import { version } from '../version.ts'

declare module 'fastify' {
  interface FastifyInstance {
    metrics: Registry
  }
}

/** Decorates `metrics`: what is told to who scrapes. To read it asks nobody, and is no demand. */
export default fp<{ config: Config }>(async (app, { config }) => {
  const { connections, tickMaker, tickStatistics: statistics, view, troubles, queryStatistics } = app
  const metrics = new Registry()
  metrics.add(() => connectionFamilies(connections, config.MAX_CONNECTIONS))
  metrics.add(() => broadcastFamilies(connections, statistics))
  metrics.add(() => feedFamilies({ tickMaker, statistics, view, troubles }))
  metrics.add(() => streamFamilies(app.stream.status))
  metrics.add(() => sourceFamilies(tickMaker.health, queryStatistics))
  if (config.METRICS_PER_POP > 0) {
    const pops = new PopSeriesFamilies(view, config.METRICS_PER_POP, app.log)
    metrics.add(() => pops.read())
  }

  // Of the real loop, whatever clock the service is given.
  const loopDelay = new LoopDelay(systemClock)
  metrics.add(() => processFamilies({
    ...costReadings(app.logDropped()), version, runtime: process.version, loopDelay: loopDelay.histogram
  }))
  app.decorate('metrics', metrics)
  app.addHook('onReady', async () => loopDelay.start())
  app.addHook('onClose', async () => loopDelay.stop())
}, { name: 'metrics', dependencies: ['connections', 'updates', 'poller'] })
