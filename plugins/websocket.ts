import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../lib/clock.ts'
import { chooseSubprotocol } from '../lib/auth/presented.ts'
import type { Config } from '../config.ts'
import { BadHandshakeError, NotAWebSocketRouteError } from '../http-errors.ts'
import type { Encoding } from '../lib/feed/shared-message.ts'
import { closeTimeoutMs, drain, shutdownMessage } from '../lib/clients/drain.ts'
import { PLAIN, WebSocketEncodings } from '../lib/clients/websocket/encodings.ts'
import { negotiableOffers } from '../lib/clients/websocket/extension-offer.ts'
import { Doorway } from '../lib/clients/websocket/doorway.ts'
import { PendingUpgrades } from '../lib/clients/websocket/pending-upgrades.ts'
import { agreedWindowBits } from '../lib/clients/websocket/permessage-deflate.ts'

export interface WebsocketOptions {
  config: Config
  clock: Clock
  random: () => number
}

const EXTENSIONS = 'Sec-WebSocket-Extensions: '
/** Of the protocol, that ws speaks. */
const VERSIONS = ['13', '8']
const KEY = /^[+/0-9A-Za-z]{22}==$/
/** A message of `MAX_MESSAGE_BYTES` may come in this many frames; the default of ws would let one buffer 16,384. */
const MAX_FRAGMENTS = 64
/** Clients that have not said yet who they are: this share of MAX_CONNECTIONS, but so many in any case. */
const VISITOR_SHARE = 10
const MIN_VISITORS = 16

/** WebSockets: @fastify/websocket with bounded messages, and a drain instead of its silent close. */
export default fp<WebsocketOptions>(async (app, { config, clock, random }) => {
  const pendingUpgrades = new PendingUpgrades(clock)
  app.decorate('pendingUpgrades', pendingUpgrades)
  const doorway = new Doorway({
    clock,
    verify: (token) => app.verifyToken(token),
    limit: Math.max(MIN_VISITORS, Math.floor(config.MAX_CONNECTIONS / VISITOR_SHARE)),
    hasRoom: () => app.connections.hasRoomFor(app.pendingUpgrades.size + 1),
    onRefused (reason, ip, detail) {
      app.connections.counts.refused.add(reason)
      if (reason === 'UNAUTHORIZED' || reason === 'AUTH_UNAVAILABLE') app.tokenRefused(ip, 'message', detail)
    },
    onDefect: (err) => app.log.error({ event: 'session_failed', err }, 'a token could not be looked at')
  })
  app.decorate('doorway', doorway)
  await app.register(websocket, {
    // What fails on an open socket is handled where its session is; this keeps
    // the plugin's default from cutting off close frames.
    errorHandler: () => {},
    options: serverOptions(config),
    preClose: (done) => {
      app.lifecycle.close()
      pendingUpgrades.destroyAll()
      doorway.dismissAll(() => shutdownMessage(clock.now(), doorway.size, random))
      drain({ connections: app.connections, clock, log: app.log, timeoutMs: config.DRAIN_TIMEOUT_MS, random }).then(
        () => done(),
        done
      )
    }
  })

  dispatchUpgrades(app, pendingUpgrades)

  const encodings = new WebSocketEncodings(config.COMPRESSION_THRESHOLD_BYTES)
  const agreed = new WeakMap<IncomingMessage, Encoding>()
  app.websocketServer.on('headers', (headers, request) => {
    const extensions = headers.find((header) => header.startsWith(EXTENSIONS))
    if (extensions !== undefined) agreed.set(request, encodings.of(agreedWindowBits(extensions.slice(EXTENSIONS.length))))
  })
  app.decorate('encodingOf', (request) => agreed.get(request) ?? PLAIN)

  // The plugin completes the handshake on any known route and then closes without a code; a refusal before it says more.
  app.addHook('onRequest', async (request, reply) => {
    if (!request.ws || request.is404) return
    if (request.routeOptions.config.acceptsWebSocket !== true) throw new NotAWebSocketRouteError(request.url)
    checkHandshake(request, reply)
  })
}, { name: 'popcast-websocket', dependencies: ['connections'] })

/** What ws would refuse with a text of its own. @throws {BadHandshakeError} */
function checkHandshake ({ headers }: FastifyRequest, reply: FastifyReply): void {
  const { 'sec-websocket-key': key = '', 'sec-websocket-version': version = '' } = headers
  if (!VERSIONS.includes(String(version))) {
    reply.header('sec-websocket-version', VERSIONS.join(', '))
    throw new BadHandshakeError('Sec-WebSocket-Version', VERSIONS.join(' or '))
  }
  if (!KEY.test(key)) throw new BadHandshakeError('Sec-WebSocket-Key', '16 bytes in base64')
}

type UpgradeListener = (request: IncomingMessage, socket: Socket, head: Buffer) => void

/**
 * Puts one listener in front of the plugin's: every socket gets an owner,
 * and only what asks for a WebSocket is taken for one.
 */
function dispatchUpgrades (app: FastifyInstance, pendingUpgrades: PendingUpgrades): void {
  const { server } = app
  const upgrade = server.listeners('upgrade').at(-1) as UpgradeListener
  server.removeListener('upgrade', upgrade)
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (app.streaming.has(socket)) {
      socket.destroy()
      return
    }
    pendingUpgrades.own(socket)
    if (asksForWebSocket(request)) {
      // ws compares it as a whole; here it may stand beside others, in any case.
      request.headers.upgrade = 'websocket'
      declineInvalidExtensions(request)
      upgrade(request, socket, head)
      return
    }
    // h2c and the like: RFC 9110 7.8 lets a server ignore it and answer as if it had not been asked.
    dropBody(request, socket)
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    // Node took its own listener off with the upgrade; without one an answer that is piped stops at the first full buffer.
    socket.on('drain', () => { if (response.writableNeedDrain) response.emit('drain') })
    response.on('finish', () => {
      response.detachSocket(socket)
      socket.end()
    })
    app.routing(request, response)
  })
}

/**
 * Node stops reading HTTP at an upgrade, so a body would never come. No route
 * of ours takes one, and the socket ends after the answer.
 */
function dropBody ({ headers }: IncomingMessage, socket: Socket): void {
  for (const header of ['content-length', 'transfer-encoding', 'content-type']) delete headers[header]
  socket.resume()
}

function asksForWebSocket ({ method, headers: { upgrade = '' } }: IncomingMessage): boolean {
  return method === 'GET' && upgrade.split(',').some((token) => token.trim().toLowerCase() === 'websocket')
}

/** What cannot be understood is declined by leaving it out of the answer (RFC 7692 7.1.2.2); ws would refuse the connection. */
function declineInvalidExtensions ({ headers }: IncomingMessage): void {
  const offer = headers['sec-websocket-extensions']
  if (offer === undefined) return
  const negotiable = negotiableOffers(offer)
  if (negotiable === '') delete headers['sec-websocket-extensions']
  else headers['sec-websocket-extensions'] = negotiable
}

/** Of https://github.com/websockets/ws/blob/master/doc/ws.md; its type definitions lag behind. */
function serverOptions (config: Config) {
  return {
    handleProtocols: chooseSubprotocol,
    maxPayload: config.MAX_MESSAGE_BYTES,
    maxFragments: MAX_FRAGMENTS,
    closeTimeout: closeTimeoutMs(config.DRAIN_TIMEOUT_MS),
    // The tracker has its own list, and pongs go through the same bounded writer as every other frame.
    clientTracking: false,
    autoPong: false,
    // Else it hands over every message of a chunk in one turn of the loop, and nobody else has theirs.
    allowSynchronousEvents: false,
    // ws agrees on it and inflates what clients send, each message by itself and up to maxPayload. What we send is
    // deflated once for all (SharedMessage): ws would do it, and keep some 270 KiB of zlib's state, per client.
    perMessageDeflate: config.COMPRESSION === 'on' && { serverNoContextTakeover: true, clientNoContextTakeover: true }
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The sockets that asked for an upgrade and were neither taken nor refused yet. */
    pendingUpgrades: PendingUpgrades
    /** The WebSockets whose client has not said yet who it is. */
    doorway: Doorway
    /** What the client of this upgrade request agreed on with the handshake. */
    encodingOf (request: IncomingMessage): Encoding
  }
  interface FastifyContextConfig {
    acceptsWebSocket?: boolean
  }
}
