import { EVERYTHING } from '../../lib/auth/grant.ts'
import { SampleFleet } from '../../lib/fleet/sample-fleet.ts'
import { SampleWindow } from '../../lib/fleet/sample-window.ts'
import { SLOT_MS, SummaryStore } from '../../lib/fleet/summary-store.ts'
import { Schedule } from '../../lib/feed/schedule.ts'
import { TickMaker } from '../../lib/feed/tick-maker.ts'
import { FindingsCodec } from '../../lib/feed/findings-codec.ts'
import { findingsOf, type Tick } from '../../lib/feed/tick.ts'
import type { UpdateLog } from '../../lib/feed/update-log.ts'
import { View } from '../../lib/feed/view.ts'
import { tellClients } from '../../lib/clients/follow.ts'
import { WebSocketTransport } from '../../lib/clients/websocket/transport.ts'
import { RegressionDetector } from '../../lib/fleet/regression-detector.ts'
import { Broadcaster } from '../../lib/clients/broadcaster.ts'
import { ConnectionTracker } from '../../lib/clients/connection-tracker.ts'
import type { MetricsUpdateMessage } from '../../lib/protocol/server-messages.ts'
import { TickStatistics } from '../../lib/clients/tick-statistics.ts'
import { WriterPhase } from '../../lib/feed/writer-phase.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeLog } from './fake-log.ts'
import { FakeSocket } from './fake-socket.ts'
import { memoryLog } from './memory-logs.ts'
import { FakeSource, reading, type Reading } from './fake-source.ts'
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
  const { stream, updates } = memoryLog({ epoch, maxEntries: 10, maxBytes: 1_048_576 })
  const view = new View({ updates, clock, intervalMs: INTERVAL_MS })
  tellClients({ updates, view, broadcaster, statistics, log })
  const schedule = new Schedule({ intervalMs: INTERVAL_MS, clock, phase: new WriterPhase(INTERVAL_MS) })
  const fleet = new SampleFleet({
    window: new SampleWindow({ spanMs: 600_000, maxRows: 100_000, maxBytes: 10_000_000 }),
    detector: new RegressionDetector({ store: yesterday(clock.now()), newNormalAfterMs: 86_400_000, minDeviationMs: 0.5 }),
    clock,
    log,
    healthyBelowMs: 10,
    pollMs: INTERVAL_MS
  })
  const collect = async () => {
    await source.read({ start: 0, stop: Infinity }, fleet.take)
    fleet.readingEnds()
    return fleet.update()
  }
  const tickMaker = new TickMaker({ source, collect, schedule, stream, clock, log })
  /** One tick; the next one is planned an interval later. */
  const tick = () => {
    schedule.plan(clock.monotonic())
    schedule.began()
    return tickMaker.tick()
  }
  return { tickMaker, tick, view, updates, stream }
}

/** A stream begins anew behind this process, with nothing in it. @returns tells what `goOnAs` does */
export async function beginAnew ({ view, updates }: { view: View, updates: UpdateLog }): Promise<() => Promise<void>> {
  const head = view.head!
  await updates.begin({ position: { epoch: 'e2', seq: 0 }, updates: [], note: null, ageMs: 0 })
  return () => goOnAs(head, updates)
}

/**
 * Tells three updates as this one was, as they are read from a log that processes share; the first two were read at once.
 * @param between before the second one is told
 */
export async function goOnAs (tick: Tick, updates: UpdateLog, between = async () => {}): Promise<void> {
  const codec = new FindingsCodec(() => undefined)
  const last = updates.seq + 3
  for (let seq = updates.seq + 1; seq <= last; seq++) {
    const position = { epoch: updates.epoch, seq }
    const { entry, view } = codec.write(findingsOf(tick), position)
    const update = codec.read({ entry, view: seq === last - 2 ? null : view }, position)
    await updates.next({ seq, update, note: { failure: null, isTick: true }, ageMs: 0 })
    if (seq === last - 2) await between()
  }
}

/** A feed with a source that the test answers for and one client. */
export function setUp ({ epoch = 'e1' } = {}) {
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
  const { tickMaker, tick, view, updates: ticks, stream } = followedFeed({ source, broadcaster, clock, log, statistics, epoch })
  const socket = new FakeSocket()
  const info = { userAgent: 'test', ip: '127.0.0.1' }
  const connection = connections.add(new WebSocketTransport(socket, socket.stream), info, EVERYTHING)
  /** What the client was told, checked against the protocol. */
  const messages = () => {
    for (const message of socket.messages) validateServerMessage(message)
    return socket.messages
  }
  const updates = () => messages().filter((message): message is MetricsUpdateMessage => message.type === 'metrics_update')
  const fail = (reason: SourceFailure) => {
    source.onCollect = () => Promise.reject(new SourceError(reason, 'words of the database'))
  }
  return { clock, log, source, statistics, tickMaker, view, ticks, stream, tick, connection, messages, updates, fail }
}

/** Two PoPs had 5 ms, half a millisecond more or less, around this time a day ago, and for an hour after it. */
export function yesterday (now: number): SummaryStore {
  const store = new SummaryStore()
  const first = Math.floor((now - 86_400_000 - 3 * SLOT_MS) / SLOT_MS) * SLOT_MS
  for (let start = first; start < first + 18 * SLOT_MS; start += SLOT_MS) {
    const points = Array.from({ length: 30 }, (_, index) =>
      ({ time: start + (index + 1) * INTERVAL_MS, value: 5 + (index % 3 - 1) * 0.34, samples: 5 }))
    for (const pop of ['fra1', 'ams1']) store.take(pop, start, points)
  }
  return store
}

/** One PoP's samples, the same of each of its five functions. */
const everyFunction = (fields: Partial<Reading>) =>
  ['auth', 'images', 'rewrite', 'search', 'render'].map((functionName) => reading({ ...fields, functionName }))

/** Two PoPs as they were yesterday, newest sample at `time`. */
export function steadyPops (time: number): { readings: Reading[] } {
  return { readings: [...everyFunction({ time }), ...everyFunction({ pop: 'ams1', time })] }
}

/** The same two, one of which has become slower by 50 %. */
export function regressedPops (time: number): { readings: Reading[] } {
  return { readings: [...everyFunction({ time }), ...everyFunction({ pop: 'ams1', time, value: 7.5 })] }
}
