import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { NoDataError, NoSuchPopError } from '../http-errors.ts'
import { alertData } from '../lib/feed/alert.ts'
import { AlertData } from '../lib/protocol/alerts.ts'
import { PopState, PopsUpdate } from '../lib/protocol/server-messages.ts'
import { ErrorBody } from './schemas.ts'

const { type, data, delta, baseSeq, ...header } = PopsUpdate.properties
const OnePop = Type.Object({
  ...header,
  pop: PopState,
  open: Type.Array(AlertData, { description: 'its regressions' }),
  closed: Type.Array(AlertData, { description: 'the last ones, newest first' })
})

/** `GET /api/pops`: every PoP as the last update had it, as a `pops_update`; `/api/pops/:code`: one, with its regressions. */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  const latest = async () => {
    await app.read()
    const tick = app.view.latest()
    if (tick === null) throw new NoDataError()
    return tick.content
  }

  app.get(
    '/api/pops',
    { schema: { tags: ['feed'], summary: 'Every PoP', response: { 200: PopsUpdate, 503: ErrorBody } } },
    async () => {
      const { header, pops } = await latest()
      return { type: 'pops_update' as const, data: { pops: Array.from(pops.states) }, ...header }
    }
  )

  app.get(
    '/api/pops/:code',
    {
      schema: {
        tags: ['feed'],
        summary: 'One PoP, and its regressions',
        params: Type.Object({ code: Type.String() }),
        response: { 200: OnePop, 404: ErrorBody, 503: ErrorBody }
      }
    },
    async ({ params: { code } }) => {
      const { header, pops, regressions: { open, closed } } = await latest()
      const pop = pops.get(code)
      if (pop === undefined) throw new NoSuchPopError(code)
      const own = (all: typeof open) => all.filter((regression) => regression.pop === code).map(alertData)
      return { ...header, pop, open: own(open), closed: own(closed) }
    }
  )
}

export default routes
