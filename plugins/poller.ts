import fp from 'fastify-plugin'
import { intakeSettings, type Config } from '../config.ts'
import type { Clock } from '../lib/clock.ts'
import { Intake } from '../lib/feed/intake.ts'
import { Keeper } from '../lib/feed/keeper.ts'
import { Leading } from '../lib/feed/leading.ts'
import { PopHistory } from '../lib/feed/pop-history.ts'
import { Poller } from '../lib/feed/poller.ts'
import { Schedule } from '../lib/feed/schedule.ts'
import { TickMaker } from '../lib/feed/tick-maker.ts'
import { WriterPhase } from '../lib/feed/writer-phase.ts'
import { MeasuredSource, QueryStatistics } from '../lib/source/measured-source.ts'
import { SummaryStore } from '../lib/fleet/summary-store.ts'

/** A query has its deadline from when it begins, and is not begun by who waits for it, and its answer takes time to sum up. */
const READ_SLACK_MS = 1_000

declare module 'fastify' {
  interface FastifyInstance {
    tickMaker: TickMaker
    poller: Poller
    popHistory: PopHistory
    queryStatistics: QueryStatistics
    /** Somebody wants data now. */
    wake (): void
    /** Somebody reads data over HTTP. Resolves when there is something to tell that is not from before nobody asked. */
    read (): Promise<void>
  }
}

/**
 * Decorates `tickMaker` (what is made of the source's answers), `poller` (when it is asked), `popHistory` (what PoPs were) and
 * `queryStatistics`; polls from ready to the begin of the shutdown, as long as this process leads.
 */
export default fp<{ config: Config, clock: Clock }>(async (app, { config, clock }) => {
  const { log, stream, view, troubles, demand } = app
  const intervalMs = config.BROADCAST_INTERVAL_MS
  const isWanted = () => demand.isWanted
  const store = new SummaryStore()
  const queryStatistics = new QueryStatistics()
  const source = new MeasuredSource({ source: app.metricsSource, statistics: queryStatistics, clock, tracer: app.tracer })
  const phase = new WriterPhase(intervalMs)
  const leading = new Leading({
    newIntake: () => new Intake({ ...intakeSettings(config), source, store, clock, log, troubles, isWanted }),
    phase,
    keeper: new Keeper({ stream, store, clock, log }),
    view,
    log
  })
  const schedule = new Schedule({ intervalMs, clock, phase })
  const tickMaker = new TickMaker({
    source: app.metricsSource,
    collect: leading.collect,
    memory: leading.memory,
    troubles: () => troubles.current,
    schedule,
    stream,
    clock,
    log,
    tracer: app.tracer
  })
  const poller = new Poller({
    schedule,
    clock,
    isWanted,
    tick: async () => {
      await tickMaker.tick()
      await leading.keep()
    },
    idle: () => { void tickMaker.probe() },
    onError: (err) => log.error({ event: 'tick_failed', code: 'INTERNAL', err }, 'a tick threw')
  })
  leading.use(tickMaker, poller)
  app.decorate('tickMaker', tickMaker)
  app.decorate('poller', poller)
  app.decorate('queryStatistics', queryStatistics)
  app.decorate('popHistory', new PopHistory({ updates: app.updates, store, clock, intervalMs }))
  app.decorate('wake', () => {
    poller.wake()
    stream.want()
  })
  // Who leads asks for all.
  app.updates.follow(({ knows, isOwn }) => {
    if (stream.status.role === 'leader' || isOwn || knows === undefined) return
    tickMaker.health.adopt(knows.source)
    troubles.adopt(knows.troubles)
  }, ({ knows }) => {
    if (knows === undefined) return
    tickMaker.health.adopt(knows.source)
    troubles.adopt(knows.troubles)
  })
  app.decorate('read', () => {
    demand.read()
    app.wake()
    return view.settled(config.QUERY_TIMEOUT_MS + READ_SLACK_MS)
  })

  app.addHook('onReady', async () => {
    await stream.follow(app.updates)
    await stream.lead(leading)
  })
  app.addHook('preClose', async () => {
    tickMaker.stop()
    await leading.stop()
    await stream.close()
    log.info({ event: 'poller_stopped' }, 'polling stopped')
  })
}, { name: 'poller', dependencies: ['connections', 'metrics-source', 'updates', 'stream', 'broadcaster', 'tracing'] })
