import type { Comparison, Regression } from '../fleet/regression-detector.ts'
import { precise, round } from '../fleet/rounding.ts'
import type { AlertMessage } from '../protocol/server-messages.ts'
import { timestamp } from '../protocol/timestamp.ts'

const BASELINES = {
  day: 'of the same time a day earlier',
  week: 'of the same time a week earlier',
  hour: 'of the hour before',
  start: 'of the first hour seen'
} as const
const CLOSED = {
  recovered: 'is back',
  gone: 'does not report any more',
  new_normal: 'stays slower, which counts as usual from now on'
} as const

/** How far a PoP is from what is usual, as it is told. */
export function changeOf ({ recentMs, baselineMs, baselineKind, increase, zScore, samples }: Comparison) {
  return {
    recentMs: precise(recentMs),
    baselineMs: precise(baselineMs),
    baselineKind,
    changePercent: round(increase * 100, 1),
    zScore: round(zScore, 2),
    samples
  }
}

/** `data` of an alert, and an item of `GET /api/regressions`. */
export function alertData (regression: Regression): AlertMessage['data'] {
  const { id, pop, state, severity, since, comparison, closeReason } = regression
  const change = changeOf(comparison)
  const { baselineDays, baselineKind, increase } = comparison
  const difference = `${Math.abs(change.changePercent)} % ${increase < 0 ? 'below' : 'above'}`
  const usual = baselineDays > 1 ? `of the same time on the last ${baselineDays} days` : BASELINES[baselineKind]
  const measured = `${change.recentMs} ms, ${difference} the ${change.baselineMs} ms ${usual}`
  return {
    id,
    pop,
    state,
    severity,
    since: timestamp(since),
    ...change,
    ...(closeReason !== null && { closeReason }),
    message: closeReason === null ? `${pop}: ${measured}` : `${pop} ${CLOSED[closeReason]}: ${measured}`
  }
}

/** @param seq of the tick in which it was found */
export function alertMessage (regression: Regression, epoch: string, seq: number): AlertMessage {
  return { type: 'alert', data: alertData(regression), epoch, seq, tickSeq: seq }
}
