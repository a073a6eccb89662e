import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Type } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { StreamUnderWayError } from '../http-errors.ts'
import { closeTimeoutMs } from '../lib/clients/drain.ts'
import { gzipEvents, PLAIN_EVENTS, type EventEncoding } from '../lib/clients/sse/encodings.ts'
import { openStream } from '../lib/clients/sse/session.ts'
import { wishesOf } from '../lib/protocol/connect-query.ts'
import { acceptsGzip } from './accept-encoding.ts'
import { ConnectQuerystring, ErrorBody } from './schemas.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who is answered is a client from then on. */
    streams?: boolean
  }
}

interface StreamRouteOptions {
  config: Config
  /** Uniform in [0, 1). */
  random: () => number
}

const EventStream = {
  description: 'each message of PROTOCOL.md as an event',
  content: { 'text/event-stream': { schema: Type.String() } }
}

/** A browser that was cut off comes back after so long, at random: not all of them at once. */
const RETRY_MS = { from: 1_000, to: 5_000 }

/** Neither stored nor changed by what lies between, nor held back: nginx buffers otherwise. */
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no'
}

/** `GET /api/stream`: the live feed as server-sent events. */
const routes: FastifyPluginAsyncTypebox<StreamRouteOptions> = async (app, { config, random }) => {
  const gzip = gzipEvents(config.COMPRESSION_THRESHOLD_BYTES)
  const context = { ...app.sessionContext, closeTimeoutMs: closeTimeoutMs(config.DRAIN_TIMEOUT_MS) }
  /** Connections on which a request has come before the one before it was answered. */
  const othersWait = new WeakSet<Socket>()
  app.server.on('request', (request, response) => { if (response.socket === null) othersWait.add(request.socket) })
  const encodingOf = ({ headers }: FastifyRequest) =>
    config.COMPRESSION === 'on' && acceptsGzip(headers['accept-encoding']) ? gzip : PLAIN_EVENTS

  app.get(
    '/api/stream',
    {
      config: { streams: true },
      preHandler: async (request) => {
        request.wishes = wishesOf(request.query, lastEventId(request))
        await app.reach(request.wishes.position)
      },
      schema: {
        tags: ['feed'],
        summary: 'The live feed, as server-sent events',
        querystring: ConnectQuerystring,
        response: { 200: EventStream, 503: ErrorBody }
      }
    },
    async (request, reply) => {
      const encoding = encodingOf(request)
      if (request.method === 'HEAD') {
        writeHead(reply, encoding).end()
        return
      }
      // What waits behind a stream is never answered, and one that waits behind an answer would come before it.
      const { socket: owned } = request.raw
      if (app.streaming.has(owned) || reply.raw.socket !== owned) throw new StreamUnderWayError()
      const occupy = app.admit(reply)
      const { headers, ip, wishes, grant } = request
      const retryMs = Math.round(RETRY_MS.from + random() * (RETRY_MS.to - RETRY_MS.from))
      const info = { userAgent: headers['user-agent'] ?? '', ip }
      app.streaming.add(owned)
      app.pendingUpgrades.release(owned)
      const socket = takeOver(request.raw, writeHead(reply, encoding), othersWait)
      occupy(socket)
      try {
        openStream(socket, { info, grant: grant!, encoding, retryMs, ...wishes! }, context)
        socket.uncork()
      } catch (err) {
        app.log.error({ event: 'session_failed', err }, 'a stream could not be set up')
        socket.destroy()
      }
    }
  )
}

function writeHead (reply: FastifyReply, { contentEncoding }: EventEncoding): ServerResponse {
  const { raw } = reply
  reply.hijack()
  reply.vary('accept-encoding').headers({ ...HEADERS, ...(contentEncoding !== null && { 'content-encoding': contentEncoding }) })
  // Its end is that of the connection, in HTTP/1.0 as in 1.1: chunks would have to be made for each client.
  raw.useChunkedEncodingByDefault = false
  raw.shouldKeepAlive = false
  return raw.writeHead(200, reply.getHeaders() as Record<string, string>)
}

/**
 * The connection, for what follows the head: written to the response it would leave in a turn of its own for each client. As
 * the response never ends, nothing else is written to it.
 */
function takeOver (request: IncomingMessage, response: ServerResponse, othersWait: WeakSet<Socket>): Socket {
  const { socket } = request
  socket.cork()
  response.flushHeaders()
  // Those would keep what the framework has of the request and the reply in memory as long as the stream goes on.
  request.removeAllListeners()
  response.removeAllListeners()
  const ofHttp = listenersOf(socket)
  // A request that was not read to its end, or is not answered, would be aborted, and the connection with it.
  request.once('end', () => { if (!othersWait.has(socket)) releaseFromHttp(socket, response, ofHttp) }).resume()
  // Of a request that asked for an upgrade to something else (h2c) Node has taken its own listener off.
  socket.once('end', endToo)
  return socket
}

type Listener = (...args: unknown[]) => void
type Listeners = [event: string, listener: Listener][]

function listenersOf (socket: Socket): Listeners {
  return (socket.eventNames() as string[]).flatMap((event) =>
    socket.listeners(event).map((listener): Listeners[number] => [event, listener as Listener]))
}

/**
 * Frees what Node keeps of HTTP for a connection: parser, request and response, as much again as a client takes. After an upgrade
 * it does so by itself; here its server is told that the connection is closed, as whoever gives it one may do ('connection',
 * node:http).
 */
function releaseFromHttp (socket: Socket, response: ServerResponse, ofHttp: Listeners): void {
  if (socket.destroyed || response.socket !== socket) return
  response.detachSocket(socket)
  for (const [event, listener] of ofHttp) socket.removeListener(event, listener)
  for (const [event, listener] of ofHttp) if (event === 'close') listener.call(socket)
  // Nobody reads it, and it is no request.
  socket.once('data', cutOff)
}

function endToo (this: Socket): void {
  this.end()
}

function cutOff (this: Socket): void {
  this.destroy()
}

function lastEventId ({ headers }: FastifyRequest): string | undefined {
  const id = headers['last-event-id']
  return typeof id === 'string' && id !== '' ? id : undefined
}

export default routes
