import { EVERYTHING } from '../../lib/auth/grant.ts'
import type { ConnectionTrackerOptions } from '../../lib/clients/connection-tracker.ts'
import { Broadcaster } from '../../lib/clients/broadcaster.ts'
import { PopsFilters } from '../../lib/feed/pops-filter.ts'
import type { ServerMessage } from '../../lib/protocol/server-messages.ts'
import type { ConversationContext } from '../../lib/clients/conversation.ts'
import { wishesOf } from '../../lib/protocol/connect-query.ts'
import { openSession } from '../../lib/clients/websocket/session.ts'
import type { Position } from '../../lib/feed/update-log.ts'
import { PLAIN } from '../../lib/clients/websocket/encodings.ts'
import { FakeSocket } from './fake-socket.ts'
import { FakeSource, reading } from './fake-source.ts'
import { followedFeed } from './feeds.ts'
import { messagesOf, START, trackClients } from './clients.ts'
import { SourceError } from '../../lib/source/source-error.ts'

export const INTERVAL_MS = 10_000
export const MAX_FILTERS = 3

/** A real feed on a source whose answers the test gives, and sessions on it. */
export function serveSessions ({ epoch = 'e1', ...options }: Partial<ConnectionTrackerOptions> & { epoch?: string } = {}) {
  const { clock, log, connections } = trackClients({ maxConnections: 100, ...options })
  const source = new FakeSource()
  const broadcaster = new Broadcaster({ connections, clock })
  const { tickMaker, tick, view, updates } = followedFeed({ source, broadcaster, clock, log, epoch })
  const filters = new PopsFilters(MAX_FILTERS)
  const state = { connects: 0 }
  const context: ConversationContext = {
    connections,
    view,
    updates,
    filters,
    clock,
    log,
    source: 'influxdb',
    intervalMs: INTERVAL_MS,
    heartbeatMs: 25_000,
    healthyBelowMs: 10,
    overviewWindowMs: 600_000,
    version: '0.0.0',
    instance: 'one',
    maxMessageBytes: 16_384,
    verify: async () => EVERYTHING,
    reach: () => null,
    onConnect: () => { state.connects++ }
  }
  const open = (socket = new FakeSocket(), position: Position | 'invalid' | null = null, topics?: string[]) => {
    openSession(
      socket,
      socket.stream,
      { info: { userAgent: 'test', ip: '127.0.0.1' }, grant: EVERYTHING, encoding: PLAIN, ...wishesOf({ topics }), position },
      context
    )
    const connection = [...connections].at(-1)
    if (connection === undefined) throw new Error('the session did not add its connection')
    return { socket, connection }
  }
  return { clock, log, connections, source, tickMaker, tick, view, updates, filters, context, state, open }
}

export type Service = ReturnType<typeof serveSessions>

export async function tick ({ source, tick }: Service, answer: 'answers' | 'fails'): Promise<void> {
  source.measurements = { readings: [reading({ value: 5, time: Date.parse(START) })] }
  source.onCollect = async () => {
    if (answer === 'fails') throw new SourceError('timeout', 'secret words of the database')
    return source.measurements
  }
  await tick()
}

/** What a client gets after its welcome. */
export function afterWelcome (socket: FakeSocket): ServerMessage[] {
  return messagesOf(socket).slice(1)
}
