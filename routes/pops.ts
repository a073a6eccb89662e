import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ForbiddenError, NoDataError, NoSuchPopError } from '../http-errors.ts'
import { allowsPop, allowsTopic } from '../lib/auth/grant.ts'
import { alertData, changeOf } from '../lib/feed/alert.ts'
import { HISTORY_MS, type HistoryValue } from '../lib/feed/pop-history.ts'
import { PopsFilter } from '../lib/feed/pops-filter.ts'
import type { PopDetail } from '../lib/fleet/pop-state.ts'
import type { Regression } from '../lib/fleet/regression-detector.ts'
import { AlertData } from '../lib/protocol/alerts.ts'
import { PopState, PopsUpdate } from '../lib/protocol/server-messages.ts'
import { timestamp } from '../lib/protocol/timestamp.ts'
import { ClosedRegression, describeClosed } from './closed-regression.ts'
import { ErrorBody, Timestamp } from './schemas.ts'

const MINUTE_MS = 60_000
const MOST_MINUTES = HISTORY_MS / MINUTE_MS

const { type, data, delta, fields, baseSeq, ...header } = PopsUpdate.properties
const { recentMs, baselineMs, baselineKind, changePercent, zScore, samples } = AlertData.properties
const Compared = Type.Object({
  recentMs, baselineMs, baselineKind, changePercent, zScore, samples, baselineDays: Type.Integer({ description: 'it is made of' })
})
const HistoryPoint = Type.Object({
  time: Timestamp,
  coldStartMs: Type.Number(),
  spanMs: Type.Integer({ description: '0: as it was told; else the median of so much time around it, of before popcast looked' })
})
const OnePop = Type.Object({
  ...header,
  pop: PopState,
  intervalMs: Type.Number({ description: 'its own rhythm, milliseconds' }),
  functions: Type.Integer({ description: 'that report' }),
  comparison: Type.Union([Compared, Type.Null()], {
    description: 'of its last values with what is usual, and the samples in both; null: there is not enough data'
  }),
  open: Type.Optional(Type.Array(AlertData, { description: 'its regressions; absent where the token is not good for alerts' })),
  closed: Type.Optional(Type.Array(ClosedRegression, { description: 'the last ones, newest first' })),
  history: Type.Optional(Type.Array(HistoryPoint, { description: 'oldest first; where nothing is known there is no point' }))
})

/**
 * `GET /api/pops`: every PoP as the last update had it, as a `pops_update`; `/api/pops/:code`: one, with what it is compared
 * with, its regressions, and its values of the last minutes where they are asked for.
 */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  const latest = async () => {
    await app.read()
    const tick = app.view.latest()
    if (tick === null) throw new NoDataError()
    return tick
  }

  app.get(
    '/api/pops',
    {
      config: { tells: 'pops' },
      schema: { tags: ['feed'], summary: 'Every PoP', response: { 200: PopsUpdate, 503: ErrorBody } }
    },
    async ({ grant }) => (await latest()).popsUpdate(new PopsFilter(undefined, grant!.pops))
  )

  app.get(
    '/api/pops/:code',
    {
      config: { tells: 'pops' },
      schema: {
        tags: ['feed'],
        summary: 'One PoP, what it is compared with, its regressions and its last values',
        params: Type.Object({ code: Type.String() }),
        querystring: Type.Object({
          history: Type.Optional(
            Type.Integer({ minimum: 1, maximum: MOST_MINUTES, description: 'with the values of so many last minutes' })
          )
        }),
        response: { 200: OnePop, 400: ErrorBody, 404: ErrorBody, 503: ErrorBody }
      }
    },
    async ({ grant, params: { code }, query: { history: minutes } }) => {
      if (!allowsPop(grant!, code)) throw new ForbiddenError(`the token is not good for the PoP ${code}`)
      const { header, pops, details, regressions: { open, closed } } = (await latest()).content
      const pop = pops.get(code)
      const detail = details.get(code)
      if (pop === undefined || detail === undefined) throw new NoSuchPopError(code)
      const isOwn = (regression: Regression) => regression.pop === code
      return {
        ...header,
        pop,
        ...describeDetail(detail),
        ...(allowsTopic(grant!, 'alerts') && {
          open: open.filter(isOwn).map(alertData),
          closed: closed.filter(isOwn).map(describeClosed)
        }),
        ...(minutes !== undefined && { history: app.popHistory.of(code, minutes * MINUTE_MS).map(describeValue) })
      }
    }
  )
}

function describeDetail ({ intervalMs, functions, comparison }: PopDetail) {
  return {
    intervalMs,
    functions,
    comparison: comparison === null ? null : { ...changeOf(comparison), baselineDays: comparison.baselineDays }
  }
}

function describeValue ({ time, ...value }: HistoryValue) {
  return { time: timestamp(time), ...value }
}

export default routes
