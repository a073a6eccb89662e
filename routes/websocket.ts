import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { WebSocket } from 'ws'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../lib/clock.ts'
import type { Config } from '../lib/config.ts'
import { OverCapacityError, ShuttingDownError, UpgradeRequiredError } from '../lib/http-errors.ts'
import { openSession } from '../lib/stream/session.ts'

/** Told to clients that are refused: by then others may have left. */
const RETRY_AFTER_SECONDS = 10

/** `/ws` and `/` take WebSockets; without an upgrade `/` names the routes. */
const routes: FastifyPluginAsyncTypebox<{ config: Config, clock: Clock }> = async (app, { config, clock }) => {
  const context = {
    connections: app.connections,
    feed: app.feed,
    clock,
    log: app.log,
    source: app.metricsSource.kind,
    intervalMs: config.BROADCAST_INTERVAL_MS,
    heartbeatMs: config.PING_INTERVAL_MS,
    maxMessageBytes: config.MAX_MESSAGE_BYTES,
    onConnect: () => app.poller.wake()
  }

  const wsHandler = (socket: WebSocket, request: FastifyRequest) => {
    try {
      openSession(socket, request.raw.socket, { userAgent: request.headers['user-agent'] ?? '', ip: request.ip }, context)
    } catch (err) {
      app.log.error({ event: 'session_failed', err }, 'a connection could not be set up')
      socket.terminate()
    }
  }

  /** Refuses before the handshake, while there still is a status and a Retry-After to say it with. */
  const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
    if (!request.ws) return
    reply.header('retry-after', RETRY_AFTER_SECONDS)
    if (app.lifecycle.isClosing) throw new ShuttingDownError()
    if (app.connections.isFull) throw new OverCapacityError()
  }

  app.route({
    method: 'GET',
    url: '/ws',
    config: { acceptsWebSocket: true },
    onRequest,
    handler: async (_request, reply) => {
      reply.header('upgrade', 'websocket')
      throw new UpgradeRequiredError()
    },
    wsHandler
  })

  app.route({
    method: 'GET',
    url: '/',
    config: { acceptsWebSocket: true },
    onRequest,
    handler: async () => ({
      name: 'popcast',
      routes: {
        websocket: '/ws',
        latest: '/api/metrics/latest',
        status: '/api/websocket/status',
        health: '/health',
        live: '/health/live',
        ready: '/health/ready'
      }
    }),
    wsHandler
  })
}

export default routes
