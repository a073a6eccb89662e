import { EVERYTHING } from '../../lib/auth/grant.ts'
import { ConnectionTracker, type ConnectionTrackerOptions } from '../../lib/clients/connection-tracker.ts'
import type { Connection } from '../../lib/clients/connection.ts'
import { PopsSnapshot } from '../../lib/fleet/pop-state.ts'
import type { Regression } from '../../lib/fleet/regression-detector.ts'
import type { MetricsUpdateMessage, ServerMessage } from '../../lib/protocol/server-messages.ts'
import { Tick, type Findings, type TickContent } from '../../lib/feed/tick.ts'
import type { Outcome } from '../../lib/feed/update-log.ts'
import { PLAIN } from '../../lib/clients/websocket/encodings.ts'
import { WebSocketTransport } from '../../lib/clients/websocket/transport.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeLog } from './fake-log.ts'
import { FakeSocket } from './fake-socket.ts'
import { validateServerMessage } from './validate.ts'

export const MAX_BUFFERED_BYTES = 1_000
export const START = '2026-01-01T00:00:00.000Z'

export interface Client {
  socket: FakeSocket
  connection: Connection
}

/**
 * A tracker on a fake clock, and a way to add clients whose closing removes
 * them and whose failures are counted, as a session does.
 */
export function trackClients (options: Partial<ConnectionTrackerOptions> = {}) {
  const clock = new FakeClock(Date.parse(START))
  const log = new FakeLog()
  const connections = new ConnectionTracker({
    clock,
    log,
    maxConnections: 10,
    maxBufferedBytes: MAX_BUFFERED_BYTES,
    keptUpdates: 360,
    maxSkippedUpdates: 3,
    ...options
  })
  const connect = (encoding = PLAIN): Client => {
    const socket = new FakeSocket()
    const info = { userAgent: 'test', ip: '127.0.0.1' }
    const connection = connections.add(new WebSocketTransport(socket, socket.stream, encoding), info, EVERYTHING)
    socket.stream.on('error', (error) => connections.writeFailed(connection, error))
    socket.on('close', (code: number, reason: Buffer) => connections.remove(connection, code, reason.toString()))
    return { socket, connection }
  }
  return { clock, log, connections, connect }
}

/** More waits for this client than it may leave unread. */
export function congest ({ socket }: Client): void {
  socket.stream.writableLength = MAX_BUFFERED_BYTES + 1
  socket.stream.writableNeedDrain = true
}

export function relieve ({ socket }: Client): void {
  socket.stream.drain()
}

/** What was written to a client, oldest first, each message checked against the protocol. */
export function messagesOf (socket: FakeSocket): ServerMessage[] {
  const { messages } = socket
  for (const message of messages) validateServerMessage(message)
  return messages
}

export const UPDATE: MetricsUpdateMessage = {
  type: 'metrics_update',
  data: { totalPops: 2, healthyPops: 1, averageColdStart: 7.25, regressions: 0 },
  epoch: 'e1',
  seq: 1,
  dataTime: START,
  polledAt: START,
  ageMs: 0,
  status: 'fresh',
  nextPollAt: '2026-01-01T00:00:10.000Z',
  silentPops: 0
}

/** One that is open. */
export const REGRESSION: Regression = {
  id: 'fra1_1',
  pop: 'fra1',
  state: 'opened',
  severity: 'warning',
  openedAt: Date.parse(START),
  since: Date.parse(START),
  closedAt: null,
  closeReason: null,
  comparison: {
    recentMs: 10,
    baselineMs: 5,
    baselineKind: 'day',
    baselineDays: 1,
    deviationMs: 1,
    increase: 1,
    zScore: 3,
    samples: { recent: 60, baseline: 450 }
  }
}

/** What a tick found out that is told as `UPDATE`. */
export function findingsOf (events: Findings['events'] = []): Findings {
  const { alerts, header: { epoch, seq, ...header }, ...answer } = tickOf(0).content
  return { ...answer, header, events }
}

/** What a tick comes to that is told as `UPDATE`. */
export function outcomeOf (events: Findings['events'] = []): Pick<Outcome, 'update' | 'note'> {
  return { update: findingsOf(events), note: { failure: null, isTick: true } }
}

/** A tick whose update is `UPDATE` with this seq. */
export function tickOf (seq: number, content: Partial<TickContent> = {}): Tick {
  const { type, data: overview, silentPops, ...header } = UPDATE
  const states = content.pops ?? new PopsSnapshot([], null)
  const regressions = { open: [], closed: [] }
  const known = { overview, silentPops, queryMs: 0, dataTime: Date.parse(START), oldInMs: Infinity, regressions }
  return new Tick({ header: { ...header, seq }, alerts: [], details: new Map(), ...known, ...content, pops: states })
}
