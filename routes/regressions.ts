import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { type Clock } from '../lib/clock.ts'
import type { Regression } from '../lib/fleet/regression-detector.ts'
import { alertData } from '../lib/feed/alert.ts'
import { AlertData } from '../lib/protocol/alerts.ts'
import { Timestamp } from './schemas.ts'
import { timestamp } from '../lib/protocol/timestamp.ts'

const Closed = Type.Object({
  ...AlertData.properties,
  closedAt: Timestamp,
  closeReason: Type.String({
    description:
      'recovered; gone: the PoP does not report any more; or new_normal: it has been slow for so long that this is usual'
  })
})
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
  closed: Type.Array(Closed, { description: 'the last ones, newest first' })
})

/** `GET /api/regressions`: what is regressed now, and what was until lately. */
const routes: FastifyPluginAsyncTypebox<{ clock: Clock }> = async (app, { clock }) => {
  app.get(
    '/api/regressions',
    { schema: { tags: ['feed'], summary: 'Open and lately closed regressions', response: { 200: Regressions } } },
    async () => {
      await app.read()
      return {
        timestamp: timestamp(clock.now()),
        ...(app.view.latest()?.content.header ?? { epoch: app.view.epoch, seq: app.view.seq, ...UNKNOWN }),
        open: app.view.regressions.open.map(alertData),
        closed: app.view.regressions.closed.map(describeClosed)
      }
    }
  )
}

function describeClosed (regression: Regression) {
  const { closedAt, closeReason } = regression
  return { ...alertData(regression), closedAt: timestamp(closedAt ?? 0), closeReason: closeReason ?? '' }
}

export default routes
