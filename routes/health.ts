import type { FastifyInstance } from 'fastify'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from 'typebox'
import { type Clock } from '../lib/clock.ts'
import { Timestamp } from './schemas.ts'
import { describeStream, StreamStatus } from './stream-status.ts'
import { timestamp } from '../lib/protocol/timestamp.ts'

/** Of what is not told to those who are not known. */
const Details = Type.Object({
  reason: Type.Union([Type.String(), Type.Null()], {
    description: 'why it is degraded: engine (the shared log is away), format (what is in it cannot be read), source, defect, ' +
      'overdue (who makes the updates says nothing), over_capacity, no_data, places_failed, baselines_failed, ' +
      'clock_ahead, clock_behind, window_full or state_not_kept'
  }),
  troubles: Type.Array(Type.Object({ reason: Type.String(), message: Type.String() }), {
    description: 'what was not understood of the data'
  }),
  uptimeSeconds: Type.Number(),
  services: Type.Object({
    influxdb: Type.Object({
      healthy: Type.Boolean(),
      source: Type.String({ description: 'influxdb or demo' }),
      lastSuccess: Type.Union([Timestamp, Type.Null()]),
      failure: Type.Union([Type.String(), Type.Null()], { description: 'unavailable, timeout, unauthorized or bad_answer' }),
      consecutiveFailures: Type.Integer()
    }),
    stream: StreamStatus,
    feed: Type.Object({
      healthy: Type.Boolean(),
      status: Type.String({ description: 'starting, fresh, stale, or idle: nobody wants data' }),
      failedTicks: Type.Integer({ description: 'updates in a row that could not be made, by a defect of popcast' })
    }),
    websocket: Type.Object({
      healthy: Type.Boolean(),
      activeConnections: Type.Integer(),
      totalConnectionsTracked: Type.Integer()
    })
  })
})

const Health = Type.Object({
  status: Type.Union([Type.Literal('ok'), Type.Literal('degraded'), Type.Literal('shutting_down')]),
  timestamp: Timestamp,
  ...Type.Partial(Details).properties
})

const Live = Type.Object({ status: Type.Literal('ok') })
const Ready = Type.Object({ status: Type.String(), reason: Type.Union([Type.String(), Type.Null()]) })

/** Health for people and orchestrators, from what is known: none of it asks the database. */
const routes: FastifyPluginAsyncTypebox<{ clock: Clock }> = async (app, { clock }) => {
  const startedAt = app.fellow?.startedAt ?? clock.monotonic()

  app.get(
    '/health',
    {
      config: { isPublic: true, saysMore: true },
      schema: {
        tags: ['operations'],
        summary: 'What works; without a token, where one is wanted, no more than whether it does',
        response: { 200: Health, 503: Health }
      }
    },
    async ({ grant }, reply) => {
      const { isServing } = app.lifecycle
      // While the others cannot be asked it is of this one: somebody is to be told that it lives.
      const others = await app.otherWorkers()
      // Only who leads knows.
      const defects = others.find(({ isLeader }) => isLeader)?.defects ?? app.tickMaker.defects
      const reason = degradedBy(app, defects)
      if (!isServing) reply.code(503)
      return {
        status: !isServing ? ('shutting_down' as const) : reason === null ? ('ok' as const) : ('degraded' as const),
        timestamp: timestamp(clock.now()),
        ...(grant !== null && details(reason, defects, others.reduce((sum, { tracked }) => sum + tracked, app.connections.size)))
      }
    }
  )

  // A restart mends neither a database nor an overload: as long as the process answers, it is alive.
  app.get(
    '/health/live',
    { config: { isPublic: true }, schema: { tags: ['operations'], summary: 'Liveness', response: { 200: Live } } },
    async () => ({ status: 'ok' as const })
  )

  app.get(
    '/health/ready',
    { config: { isPublic: true }, schema: { tags: ['operations'], summary: 'Readiness', response: { 200: Ready, 503: Ready } } },
    async (_request, reply) => {
      const reason = notReady()
      if (reason !== null) reply.code(503)
      return { status: reason === null ? 'ready' : 'not_ready', reason }
    }
  )

  function details (reason: string | null, defects: number, clients: number): Static<typeof Details> {
    const { lifecycle, connections, tickMaker, metricsSource, troubles } = app
    const { lastSuccess, failingSince, ...source } = tickMaker.health.report
    return {
      reason,
      troubles: troubles.current,
      uptimeSeconds: Math.round(clock.monotonic() - startedAt) / 1_000,
      services: {
        influxdb: { ...source, source: metricsSource.kind, lastSuccess: lastSuccess === null ? null : timestamp(lastSuccess) },
        stream: describeStream(app),
        feed: {
          healthy: defects === 0 && troubles.current.length === 0,
          status: app.view.isIdle ? 'idle' : app.view.latest()?.content.header.status ?? 'starting',
          failedTicks: defects
        },
        websocket: {
          healthy: lifecycle.isServing && !connections.isFull,
          activeConnections: clients,
          totalConnectionsTracked: clients
        }
      }
    }
  }

  function notReady (): string | null {
    if (!app.lifecycle.isServing) return 'shutting_down'
    if (!app.stream.status.isSynced) return 'engine'
    if (!app.tickMaker.health.isKnown) return 'starting'
    if (app.connections.isFull) return 'over_capacity'
    return null
  }
}

function degradedBy ({ tickMaker, connections, troubles, stream, view }: FastifyInstance, defects: number): string | null {
  const { away, isSynced } = stream.status
  if (away !== null || !isSynced) return away ?? 'engine'
  // Before the source was asked at all nothing is known to work either.
  if (!tickMaker.health.report.healthy) return 'source'
  if (defects > 0) return 'defect'
  if (view.isOverdue) return 'overdue'
  if (connections.isFull) return 'over_capacity'
  return troubles.current[0]?.reason ?? null
}

export default routes
