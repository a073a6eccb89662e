import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HTTPMethods
} from 'fastify'
import accepts from '@fastify/accepts'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { systemClock, type Clock } from './lib/clock.ts'
import type { Config } from './config.ts'
import { MethodNotAllowedError, NotFiniteError, NotFoundError } from './http-errors.ts'
import { Lifecycle } from './lib/lifecycle.ts'
import { hasReceivers } from './lib/notify/settings.ts'
import type { Fellow } from './lib/workers/fellow.ts'
import auth from './plugins/auth.ts'
import broadcaster from './plugins/broadcaster.ts'
import connections from './plugins/connections.ts'
import documentation from './plugins/documentation.ts'
import page from './plugins/page.ts'
import metricsSource from './plugins/source.ts'
import tracing from './plugins/tracing.ts'
import stream from './plugins/stream.ts'
import updates from './plugins/updates.ts'
import metrics from './plugins/metrics.ts'
import poller from './plugins/poller.ts'
import sessions from './plugins/sessions.ts'
import websocket from './plugins/websocket.ts'
import workers from './plugins/workers.ts'
import expositionRoutes from './routes/exposition.ts'
import fleetRoutes from './routes/fleet.ts'
import healthRoutes from './routes/health.ts'
import metricsRoutes from './routes/metrics.ts'
import popRoutes from './routes/pops.ts'
import regressionRoutes from './routes/regressions.ts'
import statusRoutes from './routes/status.ts'
import streamRoutes from './routes/stream.ts'
import websocketRoutes from './routes/websocket.ts'

declare module 'fastify' {
  interface FastifyInstance {
    lifecycle: Lifecycle
    /** Lines of the log that were dropped so far. */
    logDropped (): number
    /** What this process is told of the other workers of the service; null: it is all there is. */
    fellow: Fellow | null
    /** Sockets that are in the midst of an answer that does not end: nothing else may be written to them. */
    streaming: WeakSet<Socket>
  }
}

/** What a test may put in place of the real thing, and the process's own log. */
export interface Overrides {
  clock?: Clock
  random?: () => number
  logger?: FastifyBaseLogger
  /** Lines that `logger` had to drop. */
  logDropped?: () => number
  /** Other workers of the same service. */
  fellow?: Fellow | null
}

/** No request of ours has a body or takes long; these end the ones that never finish. */
const REQUEST_TIMEOUT_MS = 10_000
const HANDLER_TIMEOUT_MS = 10_000
const BODY_LIMIT_BYTES = 1_024
const MAX_PARAM_LENGTH = 16_384

/**
 * Puts the service together; it does not listen. Plugins are registered in the order in which a shutdown must
 * happen: preClose hooks run from first to last (the poller stops before the sockets drain), onClose hooks from
 * last to first (the source closes after everything that uses it).
 */
export async function buildApp (config: Config, overrides: Overrides = {}): Promise<FastifyInstance> {
  const { clock = systemClock, random = Math.random, logger, logDropped = () => 0, fellow = null } = overrides
  const streaming = new WeakSet<Socket>()
  const app = Fastify({
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
    // Scrapers and probes come every few seconds; what they ask is in nobody's interest.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: config.TRUST_PROXY?.split(',').map((address) => address.trim()) ?? false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    handlerTimeout: HANDLER_TIMEOUT_MS,
    bodyLimit: BODY_LIMIT_BYTES,
    // Health must be answered until the end; WebSockets are refused by their own route.
    return503OnClosing: false,
    // By then every WebSocket is drained; what is left are idle and half-sent requests.
    forceCloseConnections: true,
    frameworkErrors: sendError,
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket, streaming.has(socket)),
    // A PoP's code may be as long as a request can be.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH }
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.decorate('lifecycle', new Lifecycle())
  app.decorate('logDropped', logDropped)
  app.decorate('fellow', fellow)
  app.decorate('streaming', streaming)
  app.setErrorHandler(sendError)
  app.addHook('preHandler', refuseInfinities)
  app.setNotFoundHandler(refusePath)
  // Probes and proxies ask with OPTIONS what there is; Fastify adds HEAD by itself. The others are refused.
  app.addHook('onRoute', ({ method, url, config = {} }) => {
    if (![method].flat().includes('GET')) return
    const schema = { hide: true }
    app.route({ method: 'OPTIONS', url, schema, handler: sayAllowed })
    app.route(
      {
        method: REFUSED_METHODS,
        url,
        schema,
        config: { isPublic: config.isPublic === true },
        onRequest: refuseMethod,
        handler: refuseMethod
      }
    )
  })

  await app.register(tracing, { config, clock })
  await app.register(connections, { config, clock })
  await app.register(metricsSource, { config, clock, random })
  await app.register(updates, { config, clock })
  await app.register(stream, { config, clock })
  await app.register(broadcaster, { clock })
  await app.register(poller, { config, clock })
  await app.register(websocket, { config, clock, random })
  await app.register(auth, { config, clock })
  await app.register(sessions, { config, clock })
  await app.register(metrics, { config })
  // Nobody else needs any of it.
  if (hasReceivers(config)) await app.register(import('./plugins/notify.ts'), { config, clock, random })
  await app.register(workers, { clock })

  await app.register(documentation)
  await app.register(accepts)
  await app.register(page)
  await app.register(websocketRoutes)
  await app.register(streamRoutes, { config, random })
  await app.register(statusRoutes, { config, clock })
  await app.register(fleetRoutes)
  await app.register(healthRoutes, { clock })
  await app.register(metricsRoutes)
  await app.register(expositionRoutes)
  await app.register(popRoutes)
  await app.register(regressionRoutes, { clock })
  return app
}

/** The validator makes numbers of `Infinity` and `1e999`, and then compares them with no limit. */
async function refuseInfinities ({ query }: FastifyRequest): Promise<void> {
  for (const [name, value] of Object.entries(query as object)) {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new NotFiniteError(name)
  }
}

async function sayAllowed (_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  return reply.code(204).header('allow', ALLOWED).send()
}

/** What went wrong inside stays inside: a 5xx that is not one of ours says no more than that. */
function sendError (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const statusCode = error.statusCode ?? 500
  const known = statusCode < 500 || error.statusCode !== undefined
  if (!known) request.log.error({ event: 'request_failed', err: error, url: request.url }, 'a request failed')
  // A refused upgrade has no further request on its socket. An error of the framework's own runs no hook that would end it.
  if (request.raw.headers.upgrade !== undefined) {
    reply.header('connection', 'close')
    reply.raw.once('finish', () => request.raw.socket.destroySoon())
  }
  if (wantsConnection(request)) request.server.connections.counts.refused.add(error.code ?? 'OTHER')
  reply.code(statusCode).send({
    statusCode,
    code: known ? error.code ?? 'BAD_REQUEST' : 'INTERNAL',
    error: STATUS_CODES[statusCode] ?? 'Error',
    message: known ? error.message : 'internal error'
  })
}

/** A client that would be connected now, had it not been refused. */
function wantsConnection ({ method, raw: { headers }, routeOptions }: FastifyRequest): boolean {
  return headers.upgrade === 'websocket' || (method === 'GET' && routeOptions?.config?.streams === true)
}

/** By what Node says of it; anything else is 400. */
const UNREADABLE: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

/** What cannot be read as HTTP has no request, but is told in the same form. */
function refuseUnreadable ({ code = '', message }: NodeJS.ErrnoException, socket: Socket, isStreaming: boolean): void {
  if (isStreaming) socket.destroy()
  if (code === 'ECONNRESET' || socket.destroyed) return
  const statusCode = UNREADABLE[code] ?? 400
  const error = STATUS_CODES[statusCode] ?? 'Error'
  const body = JSON.stringify({ statusCode, code: 'BAD_REQUEST', error, message })
  const head = [
    `HTTP/1.1 ${statusCode} ${error}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Content-Type: application/json',
    'Connection: close'
  ]
  if (socket.writable) socket.write([...head, '', body].join('\r\n'))
  socket.destroySoon()
}

/** Of every route. */
const ALLOWED = 'GET, HEAD, OPTIONS'
const REFUSED_METHODS: HTTPMethods[] = ['POST', 'PUT', 'PATCH', 'DELETE']

async function refuseMethod ({ method }: FastifyRequest, reply: FastifyReply): Promise<never> {
  reply.header('allow', ALLOWED)
  throw new MethodNotAllowedError(method, ALLOWED)
}

async function refusePath ({ method, url }: FastifyRequest): Promise<never> {
  const [path = '/'] = url.split('?')
  // As the router does.
  throw new NotFoundError(method, path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path)
}
