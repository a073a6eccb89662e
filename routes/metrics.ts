import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { NoDataError } from '../http-errors.ts'
import { MetricsUpdate } from '../lib/protocol/server-messages.ts'
import { ErrorBody } from './schemas.ts'

/**
 * `GET /api/metrics/latest`: the last update, from memory; its `ageMs` and `status` are those of now. Who asks after a time
 * in which nobody did waits for the source's answer.
 */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/api/metrics/latest',
    {
      config: { tells: 'metrics' },
      schema: { tags: ['feed'], summary: 'The last update', response: { 200: MetricsUpdate, 503: ErrorBody } }
    },
    async () => {
      await app.read()
      const tick = app.view.latest()
      if (tick === null) throw new NoDataError()
      return tick.update
    }
  )
}

export default routes
