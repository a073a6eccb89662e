import type { ServerResponse } from 'node:http'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { WebSocket } from 'ws'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { UpgradeRequiredError } from '../http-errors.ts'
import type { Grant } from '../lib/auth/grant.ts'
import { closeCodes } from '../lib/protocol/close-codes.ts'
import { openSession } from '../lib/clients/websocket/session.ts'
import { wishesOf, type ConnectQuery } from '../lib/protocol/connect-query.ts'
import { ConnectQuerystring, ErrorBody } from './schemas.ts'

declare module 'fastify' {
  interface FastifyRequest {
    handshakeResponse: ServerResponse | null
  }
}

const Routes = Type.Object({ name: Type.String(), routes: Type.Record(Type.String(), Type.String()) })

const ROUTES = {
  websocket: '/ws',
  stream: '/api/stream',
  latest: '/api/metrics/latest',
  pops: '/api/pops',
  regressions: '/api/regressions',
  fleet: '/api/fleet',
  status: '/api/websocket/status',
  metrics: '/metrics',
  health: '/health',
  live: '/health/live',
  ready: '/health/ready',
  documentation: '/docs',
  openapi: '/openapi.json'
}

/** `/ws` and `/` take WebSockets; without an upgrade `/` is the page for a browser, and names the routes for everybody else. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.decorateRequest('handshakeResponse', null)
  const upgrade = {
    config: { acceptsWebSocket: true, isPublic: true },
    onRequest: async (request: FastifyRequest, reply: FastifyReply) => { if (request.ws) app.admit(reply)(request.raw.socket) },
    preHandler: prepareHandshake,
    wsHandler: takeConnections(app)
  }

  app.route({
    ...upgrade,
    method: 'GET',
    url: '/ws',
    schema: {
      tags: ['feed'],
      summary: 'The live feed, over WebSocket',
      querystring: ConnectQuerystring,
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
      summary: 'The page for a browser, the routes for everybody else; with an upgrade the live feed',
      querystring: ConnectQuerystring,
      response: { 200: Routes, 503: ErrorBody }
    },
    handler: async (request, reply) => {
      reply.vary('accept')
      // Who takes either (a script's */*) reads JSON.
      if (request.type(['json', 'html']) === 'html') return reply.sendPage()
      return { name: 'popcast', routes: ROUTES }
    }
  })
}

function takeConnections (app: FastifyInstance) {
  return (socket: WebSocket, request: FastifyRequest) => {
    const { raw, headers, ip, wishes, grant, isRefused } = request
    app.pendingUpgrades.release(raw.socket)
    // Both would keep the request and the reply in memory as long as the connection lives.
    request.handshakeResponse?.detachSocket(raw.socket)
    socket.removeAllListeners('error')
    const info = { userAgent: headers['user-agent'] ?? '', ip }
    const client = { info, encoding: app.encodingOf(raw), ...wishes! }
    const enter = (grant: Grant) => {
      try {
        openSession(socket, raw.socket, { ...client, grant }, app.sessionContext)
      } catch (err) {
        app.log.error({ event: 'session_failed', err }, 'a connection could not be set up')
        socket.on('error', () => {})
        socket.close(closeCodes.internal.code, closeCodes.internal.reason)
      }
    }
    if (isRefused) app.doorway.refuse(socket, ip)
    else if (grant !== null) enter(grant)
    else app.doorway.wait(socket, ip, enter)
    raw.socket.uncork()
  }
}

/** The last thing before the handshake: from here on nothing refuses. */
async function prepareHandshake (request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (!request.ws) return
  request.wishes = wishesOf(request.query as ConnectQuery)
  const reached = request.server.reach(request.wishes.position)
  if (reached !== null) await reached
  request.handshakeResponse = reply.raw
  // Handshake, welcome and last update leave in one write: in a storm of connects, writes are what costs most.
  request.raw.socket.cork()
}

export default routes
