import type { ServerResponse } from 'node:http'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { WebSocket } from 'ws'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../lib/clock.ts'
import type { Config } from '../lib/config.ts'
import { OverCapacityError, ShuttingDownError, UpgradeRateError, UpgradeRequiredError } from '../lib/http-errors.ts'
import { RateLimit } from '../lib/rate-limit.ts'
import { closeCodes } from '../lib/stream/close-codes.ts'
import { openSession } from '../lib/stream/session.ts'

declare module 'fastify' {
  interface FastifyRequest {
    handshakeResponse: ServerResponse | null
  }
}

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

  app.decorateRequest('handshakeResponse', null)
  const upgrades = new RateLimit(config.UPGRADE_RATE_LIMIT, clock)

  const wsHandler = (socket: WebSocket, request: FastifyRequest) => {
    const { raw, headers, ip } = request
    // Both would keep the request and the reply in memory as long as the connection lives.
    request.handshakeResponse?.detachSocket(raw.socket)
    socket.removeAllListeners('error')
    try {
      openSession(socket, raw.socket, { info: { userAgent: headers['user-agent'] ?? '', ip }, windowBits: app.windowBitsOf(raw) }, context)
    } catch (err) {
      app.log.error({ event: 'session_failed', err }, 'a connection could not be set up')
      socket.on('error', () => {})
      socket.close(closeCodes.internal.code, closeCodes.internal.reason)
    }
    raw.socket.uncork()
  }

  const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
    if (!request.ws) return
    refuseIfNecessary(reply)
    request.handshakeResponse = reply.raw
    // Handshake, welcome and last update leave in one write: in a storm of connects, writes are what costs most.
    request.raw.socket.cork()
  }

  /** Refuses before the handshake, while there still is a status and a Retry-After to say it with. */
  function refuseIfNecessary (reply: FastifyReply): void {
    reply.header('retry-after', RETRY_AFTER_SECONDS)
    if (app.lifecycle.isClosing) throw new ShuttingDownError()
    if (app.connections.isFull) throw new OverCapacityError()
    if (!upgrades.take()) throw new UpgradeRateError()
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
