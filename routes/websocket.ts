import type { ServerResponse } from 'node:http'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type, type Static } from 'typebox'
import type { WebSocket } from 'ws'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../lib/clock.ts'
import type { Config } from '../config.ts'
import { OverCapacityError, ShuttingDownError, UpgradeRateError, UpgradeRequiredError } from '../http-errors.ts'
import { RateLimit } from '../lib/clients/rate-limit.ts'
import { closeCodes } from '../lib/protocol/close-codes.ts'
import { openSession, type SessionContext } from '../lib/clients/websocket/session.ts'
import type { Wishes } from '../lib/clients/subscriptions.ts'
import { positionOf } from '../lib/protocol/client-messages.ts'
import { version } from '../version.ts'
import { ErrorBody } from './schemas.ts'

declare module 'fastify' {
  interface FastifyRequest {
    handshakeResponse: ServerResponse | null
  }
}

/** Where a client resumes that cannot send headers, and has seen this much already. */
const PositionQuerystring = Type.Object({
  epoch: Type.Optional(Type.Unknown({ description: 'with seq: the last position that the client has seen' })),
  seq: Type.Optional(
    Type.Unknown({ description: 'with epoch; one that makes no sense is answered with recovered: false, never refused' })
  ),
  topics: Type.Optional(Type.Unknown({ description: 'comma separated, instead of a first subscribe' }))
})
const Routes = Type.Object({ name: Type.String(), routes: Type.Record(Type.String(), Type.String()) })
type PositionQuery = Static<typeof PositionQuerystring>

const ROUTES = {
  websocket: '/ws',
  latest: '/api/metrics/latest',
  regressions: '/api/regressions',
  status: '/api/websocket/status',
  health: '/health',
  live: '/health/live',
  ready: '/health/ready',
  documentation: '/docs',
  openapi: '/openapi.json'
}
const MAX_TOPICS = 16

/** Told to clients that are refused: by then others may have left. */
const RETRY_AFTER_SECONDS = 10

interface WebsocketRoutesOptions {
  config: Config
  clock: Clock
}

/** `/ws` and `/` take WebSockets; without an upgrade `/` names the routes. */
const routes: FastifyPluginAsyncTypebox<WebsocketRoutesOptions> = async (app, options) => {
  app.decorateRequest('handshakeResponse', null)
  const upgrade = {
    config: { acceptsWebSocket: true },
    onRequest: refuseUpgrades(app, options),
    preHandler: prepareHandshake,
    wsHandler: takeConnections(app, sessionContext(app, options))
  }

  app.route({
    ...upgrade,
    method: 'GET',
    url: '/ws',
    schema: {
      tags: ['feed'],
      summary: 'The live feed, over WebSocket',
      querystring: PositionQuerystring,
      response: { 426: ErrorBody, 503: ErrorBody }
    },
    handler: async (_request, reply) => {
      reply.header('upgrade', 'websocket')
      throw new UpgradeRequiredError()
    }
  })

  app.route({
    ...upgrade,
    method: 'GET',
    url: '/',
    schema: {
      tags: ['feed'],
      summary: 'The routes; with an upgrade the live feed',
      querystring: PositionQuerystring,
      response: { 200: Routes, 503: ErrorBody }
    },
    handler: async () => ({ name: 'popcast', routes: ROUTES })
  })
}

function sessionContext (app: FastifyInstance, { config, clock }: WebsocketRoutesOptions): SessionContext {
  return {
    connections: app.connections,
    view: app.view,
    updates: app.updates,
    filters: app.popsFilters,
    clock,
    log: app.log,
    source: app.metricsSource.kind,
    intervalMs: config.BROADCAST_INTERVAL_MS,
    heartbeatMs: config.PING_INTERVAL_MS,
    healthyBelowMs: config.HEALTHY_BELOW_MS,
    overviewWindowMs: config.OVERVIEW_WINDOW_MS,
    version,
    maxMessageBytes: config.MAX_MESSAGE_BYTES,
    onConnect: () => app.poller.wake()
  }
}

function takeConnections (app: FastifyInstance, context: SessionContext) {
  return (socket: WebSocket, request: FastifyRequest) => {
    const { raw, headers, ip } = request
    app.pendingUpgrades.release(raw.socket)
    // Both would keep the request and the reply in memory as long as the connection lives.
    request.handshakeResponse?.detachSocket(raw.socket)
    socket.removeAllListeners('error')
    const client = { info: { userAgent: headers['user-agent'] ?? '', ip }, encoding: app.encodingOf(raw), ...wishesOf(request) }
    try {
      openSession(socket, raw.socket, client, context)
    } catch (err) {
      app.log.error({ event: 'session_failed', err }, 'a connection could not be set up')
      socket.on('error', () => {})
      socket.close(closeCodes.internal.code, closeCodes.internal.reason)
    }
    raw.socket.uncork()
  }
}

/** Refuses before the handshake, while there still is a status and a Retry-After to say it with. */
function refuseUpgrades (app: FastifyInstance, { config, clock }: WebsocketRoutesOptions) {
  const upgrades = new RateLimit(config.UPGRADE_RATE_LIMIT, clock)
  const refusal = (): Error | null => {
    if (app.lifecycle.isClosing) return new ShuttingDownError()
    // The sockets that are still being upgraded count as well, this one among them.
    if (!app.connections.hasRoomFor(app.pendingUpgrades.size)) return new OverCapacityError()
    return upgrades.take() ? null : new UpgradeRateError()
  }
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const error = request.ws ? refusal() : null
    if (error === null) return
    reply.header('retry-after', RETRY_AFTER_SECONDS)
    throw error
  }
}

/** The last thing before the handshake: from here on nothing refuses. */
async function prepareHandshake (request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (!request.ws) return
  request.handshakeResponse = reply.raw
  // Handshake, welcome and last update leave in one write: in a storm of connects, writes are what costs most.
  request.raw.socket.cork()
}

/** What the client wants to begin with. No part of it is a reason to refuse the upgrade: a browser would only see a bare 1006. */
function wishesOf ({ query }: FastifyRequest): Wishes {
  const { epoch, seq, topics } = query as PositionQuery
  // Once, comma separated; or several times, as many libraries write a list.
  const names = [topics].flat().flatMap((list) => typeof list === 'string' ? list.split(',') : [])
    .map((name) => name.trim()).filter((name) => name !== '').slice(0, MAX_TOPICS)
  const isGiven = epoch !== undefined || seq !== undefined
  const number = typeof seq === 'string' && /^\d{1,16}$/.test(seq) ? Number(seq) : seq
  return { position: isGiven ? positionOf({ epoch, seq: number }) : null, ...(names.length > 0 && { topics: names }) }
}

export default routes
