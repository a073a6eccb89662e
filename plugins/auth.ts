import cors from '@fastify/cors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import helmet from 'helmet'
import { allowsTopic, EVERYTHING, isUnlimited, type Grant } from '../lib/auth/grant.ts'
import { Origins } from '../lib/auth/origins.ts'
import { presentedToken } from '../lib/auth/presented.ts'
import { originsOf } from '../lib/auth/settings.ts'
import { TokenError, type Verifier } from '../lib/auth/verifier.ts'
import { RateLimit } from '../lib/clients/rate-limit.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Topic } from '../lib/protocol/fields.ts'
import type { Config } from '../config.ts'
import {
  AuthUnavailableError, ForbiddenError, OverCapacityError, RETRY_AFTER_SECONDS, UnauthorizedError
} from '../http-errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Whose a token is. @throws {TokenError} */
    verifyToken (token: string): Promise<Grant>
    /** Says in the log that somebody was not let in; of many in a second only some. @param by the way it was presented */
    tokenRefused (ip: string, by: string, detail: string): void
  }
  interface FastifyReply {
    /** Adds to the header, in which what looked before may have said something. */
    vary (names: string): FastifyReply
  }
  interface FastifyRequest {
    /** What who asks may see; null: it is not known who that is. */
    grant: Grant | null
    /** The token that an upgrade came with is refused where a page learns of it: on the socket. */
    isRefused: boolean
  }
  interface FastifyContextConfig {
    /** Open to all: there is nothing of the feed in it, or it says less to those who are not known. */
    isPublic?: boolean
    /** Open, and says more to those who are known. */
    saysMore?: boolean
    /** The topic that the answer tells of, or all of them and every PoP. Absent: every token is good for it. */
    tells?: Topic | 'everything'
  }
}

export interface AuthOptions {
  config: Config
  clock: Clock
}

/** A day: browsers ask again sooner. */
const PREFLIGHT_MAX_AGE_S = 86_400
const MAX_REFUSED_LINES_PER_S = 10
/** What the page is made of; there are no data in it. */
const PAGE_FILES = '/page/'

/** Who may read what: by the page that asks, and by the token that a request has. A route is open only where it says so. */
export default fp<AuthOptions>(async (app, { config, clock }) => {
  const verifier = await openVerifier(config, clock, app.log)
  app.decorate('verifyToken', async (token) => verifier === null ? EVERYTHING : await verifier.verify(token))
  const rate = new RateLimit(MAX_REFUSED_LINES_PER_S, clock)
  app.decorate('tokenRefused', (ip, by, detail) => {
    if (rate.take()) app.log.info({ event: 'auth_refused', ip, by, detail }, 'a client was not let in')
  })
  app.decorateReply('vary', function (names) {
    const before = this.getHeader('vary')
    return this.header('vary', before === undefined ? names : `${String(before)}, ${names}`)
  })
  app.decorateRequest('grant', null)
  app.decorateRequest('isRefused', false)

  // Not @fastify/helmet: its hooks run for each WebSocket as well, and cost a fifth of a connect for headers that it never gets.
  const setHeaders = helmet({
    // Of what is not a page nothing is ever loaded or framed; the pages have policies of their own.
    contentSecurityPolicy: { useDefaults: false, directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] } },
    // Whoever ends TLS says for how long.
    strictTransportSecurity: false
  })
  // Those without a promise: in a storm of connects it would be made for each.
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.ws) setHeaders(request.raw, reply.raw, () => {})
    done()
  })

  const origins = new Origins(originsOf(config))
  if (config.ALLOWED_ORIGINS !== undefined) {
    await app.register(cors, {
      origin: async (origin: string | undefined) => origin !== undefined && origins.includes(origin) ? origin : false,
      methods: ['GET', 'HEAD', 'OPTIONS'],
      allowedHeaders: ['Authorization', 'Last-Event-ID'],
      exposedHeaders: ['Retry-After', 'WWW-Authenticate'],
      maxAge: PREFLIGHT_MAX_AGE_S,
      strictPreflight: false,
      preflightContinue: true
    })
  }

  app.addHook('onRequest', (request, _reply, done) => {
    const { headers: { origin }, host } = request
    if (!opensStream(request) || origin === undefined || origins.allows(origin, host)) return done()
    done(new ForbiddenError(`pages of ${JSON.stringify(origin)} may not connect to ${host}: see ALLOWED_ORIGINS`))
  })

  if (verifier === null) {
    app.addHook('onRequest', (request, _reply, done) => {
      request.grant = EVERYTHING
      done()
    })
    return
  }

  app.addHook('onRequest', async (request, reply) => {
    const { is404, method, routeOptions: { url = '', config: { isPublic = false, saysMore = false, tells } } } = request
    if (is404 || method === 'OPTIONS') return
    const isOpen = !request.ws && (isPublic || url.startsWith(PAGE_FILES))
    if (isOpen && !saysMore) return
    // Before its signature is checked, which costs more than to send it away.
    if (opensStream(request) && app.connections.isFull) {
      reply.header('retry-after', RETRY_AFTER_SECONDS)
      throw new OverCapacityError()
    }
    await identify(request, reply, verifier, isOpen)
    if (isOpen || request.ws || request.grant === null || tells === undefined) return
    if (tells === 'everything' ? isUnlimited(request.grant) : allowsTopic(request.grant, tells)) return
    throw new ForbiddenError(`the token is not good for ${tells}`)
  })

  verifier.onChange(() => app.connections.reviewGrants((grant) => verifier.current(grant)))
  app.addHook('onClose', async () => verifier.close())
}, { name: 'auth', dependencies: ['connections'] })

/** Who becomes a client: a foreign page may not, while what it only reads its browser keeps from it. */
function opensStream ({ ws, is404, routeOptions }: FastifyRequest): boolean {
  return ws || (!is404 && routeOptions.config.streams === true)
}

/** Sets `grant`, and `isRefused`. @throws where who asks is to be known, and is not */
async function identify (request: FastifyRequest, reply: FastifyReply, verifier: Verifier, isOpen: boolean): Promise<void> {
  const presented = presentedToken(request.headers, request.ws)
  // A browser's WebSocket may have no place for one: it is asked for it by a message.
  if (presented === null && (isOpen || request.ws)) return
  try {
    if (presented === null) throw new TokenError('a token is wanted: Authorization: Bearer ...')
    request.grant = await verifier.verify(presented.token)
  } catch (error) {
    if (!(error instanceof TokenError)) throw error
    if (isOpen) return
    if (!request.raw.socket.destroyed) request.server.tokenRefused(request.ip, presented?.by ?? 'none', error.message)
    if (error.code === 'AUTH_UNAVAILABLE') {
      reply.header('retry-after', RETRY_AFTER_SECONDS)
      throw new AuthUnavailableError(error.message)
    }
    request.isRefused = request.ws && presented?.by === 'subprotocol'
    if (request.isRefused) {
      request.server.connections.counts.refused.add(error.code)
      return
    }
    reply.header('www-authenticate', `Bearer realm="popcast"${presented === null ? '' : ', error="invalid_token"'}`)
    throw new UnauthorizedError(error.message)
  }
}

/** Only what is used is loaded. */
async function openVerifier (config: Config, clock: Clock, log: Log): Promise<Verifier | null> {
  if (config.AUTH === 'token') {
    const { TokenFile } = await import('../lib/auth/token-file.ts')
    return new TokenFile({ file: config.AUTH_TOKENS_FILE!, clock, log })
  }
  if (config.AUTH === 'none') return null
  const { JwtVerifier } = await import('../lib/auth/jwt.ts')
  return new JwtVerifier({
    keyFile: config.JWT_KEY_FILE,
    jwksUrl: config.JWT_JWKS_URL,
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
    toleranceMs: config.JWT_TOLERANCE_MS,
    clock,
    log
  })
}
