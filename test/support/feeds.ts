import { Schedule } from '../../lib/feed/schedule.ts'
import { TickMaker } from '../../lib/feed/tick-maker.ts'
import { View } from '../../lib/feed/view.ts'
import { tellClients } from '../../lib/clients/follow.ts'
import { WebSocketTransport } from '../../lib/clients/websocket/transport.ts'
import { RegressionDetector } from '../../lib/fleet/regression-detector.ts'
import type { Baselines, FunctionReading, Measurements } from '../../lib/source/source.ts'
import { Broadcaster } from '../../lib/clients/broadcaster.ts'
import { ConnectionTracker } from '../../lib/clients/connection-tracker.ts'
import type { MetricsUpdateMessage } from '../../lib/protocol/server-messages.ts'
import { TickStatistics } from '../../lib/clients/tick-statistics.ts'
import { MemoryLog } from '../../lib/feed/update-log.ts'
import { WriterPhase } from '../../lib/feed/writer-phase.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeLog } from './fake-log.ts'
import { FakeSocket } from './fake-socket.ts'
import { FakeSource, reading } from './fake-source.ts'
import { validateServerMessage } from './validate.ts'
import { SourceError, type SourceFailure } from '../../lib/source/source-error.ts'

export const INTERVAL_MS = 10_000
export const START_MS = Date.UTC(2026, 0, 1)

export interface FollowedFeed {
  source: FakeSource
  broadcaster: Broadcaster
  clock: FakeClock
  log: FakeLog
  statistics?: TickStatistics
  epoch?: string
}

/** Ticks whose updates go through a log to a broadcaster, as in the service. */
export function followedFeed (options: FollowedFeed) {
  const { source, broadcaster, clock, log, statistics = new TickStatistics(), epoch = 'e1' } = options
  const updates = new MemoryLog({ epoch, maxEntries: 10, maxBytes: 1_048_576 })
  const view = new View({ updates, clock, intervalMs: INTERVAL_MS })
  tellClients({ updates, view, broadcaster, statistics, log })
  const phase = new WriterPhase(INTERVAL_MS)
  const schedule = new Schedule({ intervalMs: INTERVAL_MS, clock, phase })
  const tickMaker = new TickMaker({
    source,
    detector: new RegressionDetector(),
    schedule,
    writerIntervalMs: () => phase.writerIntervalMs,
    updates,
    clock,
    log,
    intervalMs: INTERVAL_MS,
    healthyBelowMs: 10
  })
  /** One tick; the next one is planned an interval later. */
  const tick = () => {
    schedule.plan(clock.monotonic())
    schedule.began()
    return tickMaker.tick()
  }
  return { tickMaker, tick, view, updates }
}

/** A feed with a source that the test answers for and one client. */
export function setUp () {
  const clock = new FakeClock(START_MS)
  const log = new FakeLog()
  const source = new FakeSource()
  const statistics = new TickStatistics()
  const connections = new ConnectionTracker({
    clock,
    log,
    maxConnections: 10,
    maxBufferedBytes: 1_000,
    keptUpdates: 360,
    maxSkippedUpdates: 3
  })
  const broadcaster = new Broadcaster({ connections, clock })
  const { tickMaker, tick, view, updates: ticks } = followedFeed({ source, broadcaster, clock, log, statistics })
  const socket = new FakeSocket()
  const connection = connections.add(new WebSocketTransport(socket, socket.stream), { userAgent: 'test', ip: '127.0.0.1' })
  /** What the client was told, checked against the protocol. */
  const messages = () => {
    for (const message of socket.messages) validateServerMessage(message)
    return socket.messages
  }
  const updates = () => messages().filter((message): message is MetricsUpdateMessage => message.type === 'metrics_update')
  const fail = (reason: SourceFailure) => {
    source.onCollect = () => Promise.reject(new SourceError(reason, 'words of the database'))
  }
  return { clock, log, source, statistics, tickMaker, view, ticks, tick, connection, messages, updates, fail }
}

const baselines: Baselines = new Map(['fra1', 'ams1'].map((pop) => [pop, { day: { count: 450, center: 5, deviation: 0.5 } }]))

/** One PoP's readings, the same of each of its five functions. */
const everyFunction = (fields: Partial<FunctionReading>) =>
  ['auth', 'images', 'rewrite', 'search', 'render'].map((functionName) => reading({ ...fields, functionName }))

/** Two PoPs as they were yesterday, newest sample at `time`. */
export function steadyPops (time: number): Measurements {
  return { readings: [...everyFunction({ time }), ...everyFunction({ pop: 'ams1', time })], baselines, places: new Map() }
}

/** The same two, one of which has become slower by 50 %. */
export function regressedPops (time: number): Measurements {
  return {
    readings: [...everyFunction({ time }), ...everyFunction({ pop: 'ams1', time, value: 7.5, recentMean: 7.5 })],
    baselines,
    places: new Map()
  }
}
