import type { TickStatistics } from '../clients/tick-statistics.ts'
import type { TickMaker } from '../feed/tick-maker.ts'
import { troubleReasons, type Troubles } from '../feed/troubles.ts'
import type { Severity } from '../fleet/regressions.ts'
import type { View } from '../feed/view.ts'
import { counter, gauge, stateSet, type Family } from './exposition.ts'

export interface FeedSubjects {
  tickMaker: TickMaker
  statistics: TickStatistics
  view: View
  troubles: Troubles
}

/** Whether there is something new to tell, and what it is. */
export function * feedFamilies ({ tickMaker, statistics: { totals }, view, troubles }: FeedSubjects): Iterable<Family> {
  const content = view.latest()?.content ?? null
  yield counter('popcast_ticks_total', 'Times that the source was asked for data; defect: an error of popcast itself.', [
    [{ outcome: 'succeeded' }, totals.succeededTicks],
    [{ outcome: 'source_failed' }, totals.failedTicks],
    [{ outcome: 'defect' }, tickMaker.defectsTotal]
  ])
  yield stateSet('popcast_feed_status', 'What the feed is: idle is when nobody wants data.', 'status',
    ['starting', 'fresh', 'stale', 'idle'], view.isIdle ? 'idle' : content?.header.status ?? 'starting')
  yield gauge('popcast_newest_sample_timestamp_seconds', 'Time of the newest sample; absent while there is none.',
    typeof content?.dataTime === 'number' ? content.dataTime / 1_000 : [])
  const { open } = view.regressions
  const count = (severity: Severity) => open.filter((regression) => regression.severity === severity).length
  yield gauge('popcast_regressions_open', 'PoPs that are regressed, as far as the last update knows.', [
    [{ severity: 'warning' }, count('warning')],
    [{ severity: 'critical' }, count('critical')]
  ])
  const { overview: { totalPops, healthyPops } = { totalPops: 0, healthyPops: 0 }, silentPops = 0 } = content ?? {}
  yield gauge('popcast_pops', 'PoPs of the last update; slow: they report, and are not below HEALTHY_BELOW_MS.', [
    [{ state: 'healthy' }, healthyPops],
    [{ state: 'slow' }, totalPops - healthyPops - silentPops],
    [{ state: 'silent' }, silentPops]
  ])
  const reasons = new Set<string>(troubles.current.map(({ reason }) => reason))
  yield gauge('popcast_trouble', 'Whether something is not understood of the data, as in /health.',
    troubleReasons.map((reason) => [{ reason }, Number(reasons.has(reason))]))
}
