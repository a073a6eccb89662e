import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyRequest } from 'fastify'
import { isLoopback, type Config } from '../config.ts'
import { isUnlimited } from '../lib/auth/grant.ts'
import { type Clock } from '../lib/clock.ts'
import type { Connection } from '../lib/clients/connection.ts'
import { Slice } from '../lib/clients/slice.ts'
import { transportKinds } from '../lib/clients/transport.ts'
import type { Tick } from '../lib/feed/tick.ts'
import { ErrorBody, Timestamp } from './schemas.ts'
import { describeStream, StreamStatus } from './stream-status.ts'
import { literals } from '../lib/protocol/fields.ts'
import { timestamp } from '../lib/protocol/timestamp.ts'

const DEFAULT_LIMIT = 1_000
const Count = Type.Integer()
const MaybeTimestamp = Type.Union([Timestamp, Type.Null()])

const ConnectionStatus = Type.Object({
  id: Type.String(),
  connectedAt: Timestamp,
  broadcastCount: Count,
  errorCount: Count,
  lastBroadcast: MaybeTimestamp,
  lastError: Type.Union([Type.String(), Type.Null()]),
  clientInfo: Type.Object({ userAgent: Type.String(), ip: Type.String() }),
  lastActivity: Timestamp,
  missedPings: Count,
  bufferedBytes: Count,
  skippedCount: Count,
  topics: Type.Array(Type.String()),
  kind: literals(transportKinds)
})

/** The last update, as it is now. */
const FeedStatus = Type.Object({
  epoch: Type.String(),
  seq: Count,
  status: Type.String({ description: 'fresh, stale, or idle: nobody wants data, so the source is not asked' }),
  dataTime: MaybeTimestamp,
  polledAt: Timestamp,
  ageMs: Type.Number({ description: 'of the newest sample; -1 while there is none' }),
  nextPollAt: Type.Union([Timestamp, Type.Null()], { description: 'when the source is asked next; null while the feed is idle' }),
  silentPops: Count
})

const Status = Type.Object({
  status: Type.Literal('ok'),
  timestamp: Timestamp,
  feed: Type.Union([FeedStatus, Type.Null()], { description: 'null before the source first answered' }),
  stream: StreamStatus,
  summary: Type.Object({
    activeConnections: Count,
    trackedConnections: Count,
    connectionsByKind: Type.Object({ websocket: Count, sse: Count }),
    totalBroadcasts: Count,
    totalErrors: Count,
    totalConnections: Count,
    totalSkipped: Count,
    successRate: Type.Number(),
    connectionDurationMs: Type.Object({
      count: Count,
      mean: Type.Number(),
      p50: Type.Number(),
      p90: Type.Number(),
      max: Type.Number()
    })
  }),
  connections: Type.Array(ConnectionStatus),
  truncated: Type.Boolean()
})

/** `GET /api/websocket/status`: every connection and what is counted over all of them. */
const routes: FastifyPluginAsyncTypebox<{ config: Config, clock: Clock }> = async (app, { config, clock }) => {
  app.get('/api/websocket/status', {
    schema: {
      tags: ['operations'],
      summary: 'Every connection, and totals',
      querystring: Type.Object({ limit: Type.Integer({ minimum: 0, default: DEFAULT_LIMIT }) }),
      // It is sent as text: see `listed`.
      response: { 200: Type.Unsafe<string>(Status), 400: ErrorBody }
    }
  }, async (request, reply) => {
    const { limit } = request.query
    const { connections } = app
    const { totals, successRate, durations, counts } = connections
    const tracked = Array.from(connections)
    const beforeList = {
      status: 'ok',
      timestamp: timestamp(clock.now()),
      feed: describeFeed(app.view.latest(), app.view.isIdle),
      stream: describeStream(app.stream),
      summary: {
        activeConnections: tracked.filter(({ isOpen }) => isOpen).length,
        trackedConnections: tracked.length,
        connectionsByKind: { websocket: counts.open('websocket'), sse: counts.open('sse') },
        totalBroadcasts: totals.broadcasts,
        totalErrors: totals.errors,
        totalConnections: totals.opened,
        totalSkipped: totals.skipped,
        successRate,
        connectionDurationMs: durations
      }
    }
    const list = await listed(tracked.slice(0, limit), showsDetails(request, config) ? describe : redacted, clock)
    const [head, isTruncated] = [JSON.stringify(beforeList).slice(0, -1), tracked.length > limit]
    return reply.type('application/json; charset=utf-8').send(`${head},"connections":${list},"truncated":${isTruncated}}`)
  })
}

/** As JSON, some at a time: of thousands at once everybody else would wait. */
async function listed (connections: readonly Connection[], shown: typeof describe, clock: Clock): Promise<string> {
  const slice = new Slice(clock)
  const texts: string[] = []
  for (const connection of connections) {
    if (slice.isOverBefore(connection)) await slice.next()
    texts.push(JSON.stringify(shown(connection)))
  }
  return `[${texts.join(',')}]`
}

function describeFeed (tick: Tick | null, isIdle: boolean) {
  if (tick === null) return null
  const { header, silentPops } = tick.content
  return { ...header, ...(isIdle && { status: 'idle', nextPollAt: null }), ageMs: header.ageMs ?? -1, silentPops }
}

/** With STATUS_DETAILS=full whoever may ask is shown whose connections there are; else who is known, or sits at this machine. */
function showsDetails (request: FastifyRequest, { AUTH, STATUS_DETAILS }: Config): boolean {
  if (STATUS_DETAILS !== undefined) return STATUS_DETAILS === 'full'
  return AUTH === 'none' ? isLocal(request) : isUnlimited(request.grant!)
}

/** A proxy on this machine is local as well, but not those that it asks for. */
function isLocal ({ ip, headers }: FastifyRequest): boolean {
  return isLoopback(ip) && headers['x-forwarded-for'] === undefined && headers.forwarded === undefined
}

function redacted (connection: Connection) {
  return { ...describe(connection), clientInfo: { userAgent: 'redacted', ip: 'redacted' } }
}

function describe (connection: Connection) {
  return {
    id: connection.id,
    connectedAt: timestamp(connection.connectedAt),
    broadcastCount: connection.broadcastCount,
    errorCount: connection.errorCount,
    lastBroadcast: connection.lastBroadcast === null ? null : timestamp(connection.lastBroadcast),
    lastError: connection.lastError,
    clientInfo: connection.clientInfo,
    lastActivity: timestamp(connection.lastActivity),
    missedPings: connection.missedPings,
    bufferedBytes: connection.bufferedBytes,
    skippedCount: connection.skippedCount,
    topics: Array.from(connection.topics),
    kind: connection.kind
  }
}

export default routes
