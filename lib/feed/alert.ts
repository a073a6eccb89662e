import type { Regression } from '../fleet/regression-detector.ts'
import { round } from '../fleet/rounding.ts'
import type { AlertMessage } from '../protocol/server-messages.ts'
import { timestamp } from '../protocol/timestamp.ts'

const BASELINES = { day: 'of the same time a day earlier', hour: 'of the hour before' } as const
const CLOSED = { recovered: 'is back', gone: 'does not report any more' } as const

/** `data` of an alert, and an item of `GET /api/regressions`. */
export function alertData (regression: Regression): AlertMessage['data'] {
  const { id, pop, state, severity, openedAt, comparison, closeReason } = regression
  const { recentMs, baselineMs, baselineKind, increase, zScore, samples } = comparison
  const changePercent = round(increase * 100, 1)
  const change = `${Math.abs(changePercent)} % ${increase < 0 ? 'below' : 'above'}`
  const measured = `${round(recentMs, 2)} ms, ${change} the ${round(baselineMs, 2)} ms ${BASELINES[baselineKind]}`
  return {
    id,
    pop,
    state,
    severity,
    since: timestamp(openedAt),
    recentMs: round(recentMs, 2),
    baselineMs: round(baselineMs, 2),
    baselineKind,
    changePercent,
    zScore: round(zScore, 2),
    samples,
    message: closeReason === null ? `${pop}: ${measured}` : `${pop} ${CLOSED[closeReason]}: ${measured}`
  }
}

/** @param seq of the tick in which it was found */
export function alertMessage (regression: Regression, epoch: string, seq: number): AlertMessage {
  return { type: 'alert', data: alertData(regression), epoch, seq, tickSeq: seq }
}
