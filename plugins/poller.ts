import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import type { Clock } from '../lib/clock.ts'
import { ExplainTask, PlacesTask } from '../lib/feed/beside-tasks.ts'
import { Beside } from '../lib/feed/beside.ts'
import { Collector } from '../lib/feed/collector.ts'
import { Demand } from '../lib/feed/demand.ts'
import { Past } from '../lib/feed/past.ts'
import { PopHistory } from '../lib/feed/pop-history.ts'
import { Poller } from '../lib/feed/poller.ts'
import { ReadingPlan } from '../lib/feed/reading-plan.ts'
import { Schedule } from '../lib/feed/schedule.ts'
import { TickMaker } from '../lib/feed/tick-maker.ts'
import { Troubles } from '../lib/feed/troubles.ts'
import { WriterPhase } from '../lib/feed/writer-phase.ts'
import { RegressionDetector } from '../lib/fleet/regression-detector.ts'
import { SampleFleet } from '../lib/fleet/sample-fleet.ts'
import { SampleWindow } from '../lib/fleet/sample-window.ts'
import { MeasuredSource, QueryStatistics } from '../lib/source/measured-source.ts'
import { SummaryStore } from '../lib/fleet/summary-store.ts'
import type { Log } from '../lib/log.ts'
import { hasReceivers } from '../lib/notify/settings.ts'
import type { SampleSource } from '../lib/source/sample-source.ts'

/** A query has its deadline from when it begins, and is not begun by who waits for it, and its answer takes time to sum up. */
const READ_SLACK_MS = 1_000

declare module 'fastify' {
  interface FastifyInstance {
    tickMaker: TickMaker
    poller: Poller
    troubles: Troubles
    popHistory: PopHistory
    queryStatistics: QueryStatistics
    /** Somebody reads data over HTTP. Resolves when there is something to tell that is not from before nobody asked. */
    read (): Promise<void>
  }
}

/**
 * Decorates `tickMaker` (what is made of the source's answers), `poller` (when it is asked) and `troubles` (what is not
 * understood of the data), `popHistory` (what PoPs were) and `queryStatistics`; polls from ready to the begin of the shutdown.
 */
export default fp<{ config: Config, clock: Clock }>(async (app, { config, clock }) => {
  const { log } = app
  const intervalMs = config.BROADCAST_INTERVAL_MS
  const troubles = new Troubles(log)
  // Who is to be woken at night has nobody looking.
  const poll = hasReceivers(config) ? 'always' : config.POLL
  const demand = new Demand({ poll, intervalMs, clock, clients: () => app.connections.size })
  const isWanted = () => demand.isWanted
  const store = new SummaryStore()
  const queryStatistics = new QueryStatistics()
  const source = new MeasuredSource({ source: app.metricsSource, statistics: queryStatistics, clock, tracer: app.tracer })
  const collector = collectorOf(config, { source, store, clock, log, troubles, isWanted })
  const schedule = new Schedule({ intervalMs, clock, phase: new WriterPhase(intervalMs) })
  const tickMaker = new TickMaker({
    source: app.metricsSource,
    collect: () => collector.collect(),
    schedule,
    updates: app.updates,
    clock,
    log,
    tracer: app.tracer
  })
  const poller = new Poller({
    schedule,
    clock,
    isWanted,
    tick: () => tickMaker.tick(),
    idle: () => { void tickMaker.probe() },
    onError: (err) => log.error({ event: 'tick_failed', code: 'INTERNAL', err }, 'a tick threw')
  })
  app.decorate('tickMaker', tickMaker)
  app.decorate('poller', poller)
  app.decorate('troubles', troubles)
  app.decorate('queryStatistics', queryStatistics)
  app.decorate('popHistory', new PopHistory({ updates: app.updates, store, clock, intervalMs }))
  app.decorate('read', () => {
    demand.read()
    poller.wake()
    return app.view.settled(config.QUERY_TIMEOUT_MS + READ_SLACK_MS)
  })

  app.addHook('onReady', async () => poller.start())
  app.addHook('preClose', async () => {
    poller.stop()
    tickMaker.stop()
    collector.stop()
    log.info({ event: 'poller_stopped' }, 'polling stopped')
  })
}, { name: 'poller', dependencies: ['connections', 'metrics-source', 'updates', 'broadcaster', 'tracing'] })

interface Parts {
  source: SampleSource
  store: SummaryStore
  clock: Clock
  log: Log
  troubles: Troubles
  isWanted: () => boolean
}

/** What the samples go through: window, fleet, what was usual, and what is read when. */
function collectorOf (config: Config, { source, store, clock, log, troubles, isWanted }: Parts): Collector {
  const { BROADCAST_INTERVAL_MS: intervalMs, OVERVIEW_WINDOW_MS: windowMs, HEALTHY_BELOW_MS: healthyBelowMs } = config
  const limits = { maxRows: config.WINDOW_MAX_ROWS, maxBytes: config.WINDOW_MAX_BYTES }
  const window = new SampleWindow({ ...limits, spanMs: windowMs })
  const detector = new RegressionDetector({
    store,
    newNormalAfterMs: config.NEW_NORMAL_AFTER_MS,
    minDeviationMs: config.MIN_DEVIATION_MS
  })
  const fleet = new SampleFleet({ window, detector, clock, log, healthyBelowMs, pollMs: intervalMs })
  const plan = new ReadingPlan({ intervalMs, windowMs, maxRows: config.INFLUXDB_MAX_ROWS })
  const past = new Past({ source, store, window, plan, clock, troubles, limits })
  const common = { source, fleet, clock, troubles }
  const beside = new Beside({
    clock,
    intervalMs,
    isWanted,
    tasks: [new ExplainTask(common), new PlacesTask(common), past],
    onError: (task, err) => log.error({ event: 'task_failed', task, err }, 'a task beside the ticks threw')
  })
  return new Collector({ source, fleet, window, plan, beside, clock, log, troubles, isWanted, keepPast: () => past.keepPast() })
}
