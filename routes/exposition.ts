import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ErrorBody } from './schemas.ts'
import { EXPOSITION_TYPE } from '../lib/metrics/exposition.ts'

const Exposition = {
  description: 'metrics in the text format of Prometheus',
  content: { 'text/plain': { schema: Type.String() } }
}

/** `GET /metrics`, for Prometheus. A scrape asks the source nothing, and is no reason to ask it: it would be one for ever. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/metrics',
    {
      config: { tells: 'everything' },
      schema: { tags: ['operations'], summary: 'For Prometheus', response: { 200: Exposition, 503: ErrorBody } }
    },
    async (_request, reply) => {
      const [own, ...others] = await app.gather()
      return reply.type(EXPOSITION_TYPE).send(app.metrics.expose(own.families, others.map(({ families }) => families)))
    }
  )
}

export default routes
