import { SourceError, type SourceFailure } from '../../lib/errors.ts'
import { Feed } from '../../lib/feed.ts'
import { RegressionDetector } from '../../lib/metrics/regression-detector.ts'
import type { Baselines, Measurements } from '../../lib/metrics/source.ts'
import { Broadcaster } from '../../lib/stream/broadcaster.ts'
import { ConnectionTracker } from '../../lib/stream/connection-tracker.ts'
import type { MetricsUpdateMessage } from '../../lib/stream/protocol.ts'
import { TickStatistics } from '../../lib/stream/tick-statistics.ts'
import { FakeClock } from '../fakes/clock.ts'
import { FakeLog } from '../fakes/log.ts'
import { FakeSocket } from '../fakes/socket.ts'
import { FakeSource, reading } from '../fakes/source.ts'
import { validateServerMessage } from '../fakes/validate.ts'

export const INTERVAL_MS = 10_000
export const START_MS = Date.UTC(2026, 0, 1)

/** A feed with a source that the test answers for and one client. */
export function setUp () {
  const clock = new FakeClock(START_MS)
  const log = new FakeLog()
  const source = new FakeSource()
  const statistics = new TickStatistics()
  const connections = new ConnectionTracker({ clock, log, maxConnections: 10, maxBufferedBytes: 1_000, maxSkippedUpdates: 3 })
  const broadcaster = new Broadcaster({ connections, clock, deflateFrom: 1_024 })
  const feed = new Feed({ source, detector: new RegressionDetector(), broadcaster, statistics, clock, log, epoch: 'e1', intervalMs: INTERVAL_MS, healthyBelowMs: 10 })
  const socket = new FakeSocket()
  const connection = connections.add(socket, socket.stream, { userAgent: 'test', ip: '127.0.0.1' })
  /** What the client was told, checked against the protocol. */
  const messages = () => {
    for (const message of socket.messages) validateServerMessage(message)
    return socket.messages
  }
  const updates = () => messages().filter((message): message is MetricsUpdateMessage => message.type === 'metrics_update')
  const fail = (reason: SourceFailure) => { source.onCollect = () => Promise.reject(new SourceError(reason, 'words of the database')) }
  return { clock, log, source, statistics, feed, connection, messages, updates, fail }
}

const baselines: Baselines = new Map(['fra1', 'ams1'].map((pop) => [pop, { day: { count: 450, mean: 5, standardDeviation: 0.5 } }]))

/** Two PoPs as they were yesterday, newest sample at `time`. */
export function steadyPops (time: number): Measurements {
  return { readings: [reading({ time }), reading({ pop: 'ams1', time })], baselines }
}

/** The same two, one of which has become slower by 50 %. */
export function regressedPops (time: number): Measurements {
  return { readings: [reading({ time }), reading({ pop: 'ams1', time, value: 7.5, recentMean: 7.5 })], baselines }
}
