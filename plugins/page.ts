import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyReply {
    /** Answers with the page for people. */
    sendPage (): FastifyReply
  }
}

const FOLDER = fileURLToPath(new URL('../page/', import.meta.url))

/** Nothing from elsewhere, nothing inline, and nobody's frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'"
].join('; ')

const HEADERS = {
  'content-security-policy': POLICY,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  // It names what has changed names; the rest may be kept.
  'cache-control': 'no-cache'
}

/** In the name of what is another file when its content is another. */
const HASH = /-[A-Z0-9]{8}\.[a-z]+$/

/** The page as it was bundled: what it loads is under `/page/`, by names that change with the content. */
export default fp(async (app) => {
  await app.register(fastifyStatic, {
    root: FOLDER,
    prefix: '/page/',
    index: false,
    // A route for each file, so that whatever else is asked for is answered as every unknown path is.
    wildcard: false,
    globIgnore: ['index.html', '**/*.br', '**/*.gz'],
    preCompressed: true,
    cacheControl: false,
    // Made of size and time, which a package and an image may have set to whatever they like: two builds would look the same.
    etag: false,
    lastModified: false,
    setHeaders: (response, path) => {
      const isHashed = HASH.test(path.replace(/\.(br|gz)$/, ''))
      response.setHeader('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
      response.setHeader('vary', 'accept-encoding')
      response.setHeader('x-content-type-options', 'nosniff')
    }
  })
  app.decorateReply('sendPage', function (this: FastifyReply) {
    return this.headers(HEADERS).vary('accept-encoding').sendFile('index.html')
  })
}, { name: 'page' })
