import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { type Clock } from '../lib/clock.ts'
import { Timestamp } from './schemas.ts'
import { timestamp } from '../lib/protocol/timestamp.ts'

const Health = Type.Object({
  status: Type.Union([Type.Literal('ok'), Type.Literal('degraded'), Type.Literal('shutting_down')]),
  timestamp: Timestamp,
  uptimeSeconds: Type.Number(),
  services: Type.Object({
    influxdb: Type.Object({
      healthy: Type.Boolean(),
      source: Type.String({ description: 'influxdb or demo' }),
      lastSuccess: Type.Union([Timestamp, Type.Null()]),
      failure: Type.Union([Type.String(), Type.Null()], { description: 'unavailable, timeout, unauthorized or bad_answer' }),
      consecutiveFailures: Type.Integer()
    }),
    feed: Type.Object({
      healthy: Type.Boolean(),
      failedTicks: Type.Integer({ description: 'updates in a row that could not be made, by a defect of popcast' })
    }),
    websocket: Type.Object({
      healthy: Type.Boolean(),
      activeConnections: Type.Integer(),
      totalConnectionsTracked: Type.Integer()
    })
  })
})

const Live = Type.Object({ status: Type.Literal('ok') })
const Ready = Type.Object({ status: Type.String(), reason: Type.Union([Type.String(), Type.Null()]) })

/** Health for people and orchestrators, from what is known: none of it asks the database. */
const routes: FastifyPluginAsyncTypebox<{ clock: Clock }> = async (app, { clock }) => {
  const startedAt = clock.monotonic()

  app.get(
    '/health',
    { schema: { tags: ['operations'], summary: 'What works', response: { 200: Health, 503: Health } } },
    async (_request, reply) => {
      const { lifecycle, connections, tickMaker, metricsSource } = app
      const { lastSuccess, ...source } = tickMaker.health.report
      const healthy = source.healthy && !connections.isFull && tickMaker.defects === 0
      if (!lifecycle.isServing) reply.code(503)
      return {
        status: !lifecycle.isServing ? ('shutting_down' as const) : healthy ? ('ok' as const) : ('degraded' as const),
        timestamp: timestamp(clock.now()),
        uptimeSeconds: Math.round(clock.monotonic() - startedAt) / 1_000,
        services: {
          influxdb: { ...source, source: metricsSource.kind, lastSuccess: lastSuccess === null ? null : timestamp(lastSuccess) },
          feed: { healthy: tickMaker.defects === 0, failedTicks: tickMaker.defects },
          websocket: {
            healthy: lifecycle.isServing && !connections.isFull,
            activeConnections: connections.size,
            totalConnectionsTracked: connections.size
          }
        }
      }
    }
  )

  // A restart mends neither a database nor an overload: as long as the process answers, it is alive.
  app.get('/health/live', { schema: { tags: ['operations'], summary: 'Liveness', response: { 200: Live } } }, async () => ({
    status: 'ok' as const
  }))

  app.get(
    '/health/ready',
    { schema: { tags: ['operations'], summary: 'Readiness', response: { 200: Ready, 503: Ready } } },
    async (_request, reply) => {
      const reason = notReady()
      if (reason !== null) reply.code(503)
      return { status: reason === null ? 'ready' : 'not_ready', reason }
    }
  )

  function notReady (): string | null {
    if (!app.lifecycle.isServing) return 'shutting_down'
    if (!app.tickMaker.health.isKnown) return 'starting'
    if (app.connections.isFull) return 'over_capacity'
    return null
  }
}

export default routes
