import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'

/** Describes every route that is registered after it: `GET /openapi.json`, and a page for people at `/docs`. */
export default fp(async (app) => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: {
        title: 'popcast',
        description: 'HTTP beside the live feed. The WebSocket protocol is in PROTOCOL.md and asyncapi.yaml.',
        version: '1',
        license: { name: 'MIT', url: 'https://opensource.org/license/mit' }
      },
      tags: [
        { name: 'feed', description: 'what is known now' },
        { name: 'operations', description: 'for scrapers and orchestrators' }
      ]
    }
  })
  // Relative, so that the page works behind a proxy that serves popcast under a path of its own.
  await app.register(swaggerUi, { routePrefix: '/docs', indexPrefix: '.', staticCSP: true, logLevel: 'silent' })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}, { name: 'documentation' })
