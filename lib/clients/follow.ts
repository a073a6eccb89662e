import type { View } from '../feed/view.ts'
import type { UpdateLog } from '../feed/update-log.ts'
import type { Log } from '../log.ts'
import type { Broadcaster } from './broadcaster.ts'
import type { TickStatistics } from './tick-statistics.ts'

export interface FollowOptions {
  updates: UpdateLog
  view: View
  broadcaster: Broadcaster
  statistics: TickStatistics
  log: Log
}

/**
 * Tells every client what comes into the log: the update, then why there may
 * be no newer one. The view has to follow it before.
 */
export function tellClients ({ updates, view, broadcaster, statistics, log }: FollowOptions): void {
  updates.follow(async ({ tick, failure, isTick }) => {
    if (failure !== null && isTick) statistics.recordFailedTick()
    // Who comes while the update goes out is told the failure with the welcome.
    const audience = failure === null ? undefined : broadcaster.audience
    if (tick !== null) {
      const fanOut = await broadcaster.publish(tick)
      const { durationMs, ...counts } = fanOut
      const { queryMs } = tick.content
      statistics.recordTick(fanOut, queryMs)
      log.debug({ event: 'broadcast', seq: tick.seq, ...counts, queryMs, fanOutMs: durationMs }, 'update broadcast')
    }
    const error = failure === null ? null : view.currentError()
    if (error !== null) await broadcaster.announce(error, audience)
  })
}
