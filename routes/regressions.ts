import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { type Clock } from '../lib/clock.ts'
import { allowsPop } from '../lib/auth/grant.ts'
import type { Regression } from '../lib/fleet/regression-detector.ts'
import { alertData } from '../lib/feed/alert.ts'
import { AlertData } from '../lib/protocol/alerts.ts'
import { ClosedRegression, describeClosed } from './closed-regression.ts'
import { Timestamp } from './schemas.ts'
import { timestamp } from '../lib/protocol/timestamp.ts'

const MaybeTimestamp = Type.Union([Timestamp, Type.Null()])
/** How fresh what is told is, as beside every other answer; null before the source first answered. */
const Freshness = {
  epoch: Type.String(),
  seq: Type.Integer(),
  status: Type.Union([Type.String(), Type.Null()], { description: 'fresh or stale' }),
  dataTime: MaybeTimestamp,
  polledAt: MaybeTimestamp,
  ageMs: Type.Union([Type.Number(), Type.Null()], { description: 'of the newest sample' }),
  nextPollAt: MaybeTimestamp
}
const UNKNOWN = { status: null, dataTime: null, polledAt: null, ageMs: null, nextPollAt: null }
const Regressions = Type.Object({
  timestamp: Timestamp,
  ...Freshness,
  open: Type.Array(AlertData),
  closed: Type.Array(ClosedRegression, { description: 'the last ones, newest first' })
})

/** `GET /api/regressions`: what is regressed now, and what was until lately. */
const routes: FastifyPluginAsyncTypebox<{ clock: Clock }> = async (app, { clock }) => {
  app.get(
    '/api/regressions',
    {
      config: { tells: 'alerts' },
      schema: { tags: ['feed'], summary: 'Open and lately closed regressions', response: { 200: Regressions } }
    },
    async ({ grant }) => {
      await app.read()
      const isVisible = ({ pop }: Regression) => allowsPop(grant!, pop)
      return {
        timestamp: timestamp(clock.now()),
        ...(app.view.latest()?.content.header ?? { epoch: app.view.epoch, seq: app.view.seq, ...UNKNOWN }),
        open: app.view.regressions.open.filter(isVisible).map(alertData),
        closed: app.view.regressions.closed.filter(isVisible).map(describeClosed)
      }
    }
  )
}

export default routes
