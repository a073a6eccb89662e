import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { isUnlimited } from '../lib/auth/grant.ts'
import { type Clock } from '../lib/clock.ts'
import type { ConnectionStatus as Told } from '../lib/clients/connection-status.ts'
import { successRateOf } from '../lib/clients/connection-tracker.ts'
import { addDurations, statisticsOf } from '../lib/clients/durations.ts'
import { inTurns } from '../lib/clients/slice.ts'
import { transportKinds } from '../lib/clients/transport.ts'
import type { Tick } from '../lib/feed/tick.ts'
import { ErrorBody, Timestamp } from './schemas.ts'
import { describeStream, StreamStatus } from './stream-status.ts'
import { literals } from '../lib/protocol/fields.ts'
import { isLoopback } from '../lib/loopback.ts'
import { timestamp } from '../lib/protocol/timestamp.ts'
import { addTotals, connectionsOf, statesOf, type WorkerState } from '../lib/workers/report.ts'

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
      // It is sent as text: see `inTurns`.
      response: { 200: Type.Unsafe<string>(Status), 400: ErrorBody, 503: ErrorBody }
    }
  }, async (request, reply) => {
    const { limit } = request.query
    const reports = await app.gather(limit)
    const states = statesOf(reports)
    const totals = addTotals(reports.map(({ totals }) => totals))
    const sum = (of: (state: WorkerState) => number) => states.reduce((total, state) => total + of(state), 0)
    const trackedConnections = sum(({ tracked }) => tracked)
    const beforeList = {
      status: 'ok',
      timestamp: timestamp(clock.now()),
      feed: describeFeed(app.view.latest(), app.view.isIdle),
      stream: describeStream(app),
      summary: {
        activeConnections: sum(({ open }) => open),
        trackedConnections,
        connectionsByKind: {
          websocket: sum(({ byKind }) => byKind.websocket),
          sse: sum(({ byKind }) => byKind.sse)
        },
        totalBroadcasts: totals.broadcasts,
        totalErrors: totals.errors,
        totalConnections: totals.opened,
        totalSkipped: totals.skipped,
        successRate: successRateOf(totals),
        connectionDurationMs: statisticsOf(addDurations(reports.map(({ durations }) => durations)))
      }
    }
    const told = connectionsOf(states).slice(0, limit)
    const shown = showsDetails(request, config) ? (status: Told) => status : redacted
    const list = await inTurns(told, (status) => JSON.stringify(shown(status)), clock)
    const head = JSON.stringify(beforeList).slice(0, -1)
    const end = JSON.stringify({ truncated: trackedConnections > limit }).slice(1)
    return reply.type('application/json; charset=utf-8').send(`${head},"connections":[${list.join(',')}],${end}`)
  })
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

function redacted (connection: Told) {
  return { ...connection, clientInfo: { userAgent: 'redacted', ip: 'redacted' } }
}

export default routes
