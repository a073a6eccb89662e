import type { View } from '../feed/view.ts'
import type { UpdateLog } from '../feed/update-log.ts'
import type { Log } from '../log.ts'
import { noTracer, type Tracer } from '../tracer.ts'
import type { Broadcaster } from './broadcaster.ts'
import type { Connection } from './connection.ts'
import type { TickStatistics } from './tick-statistics.ts'

export interface FollowOptions {
  updates: UpdateLog
  view: View
  broadcaster: Broadcaster
  statistics: TickStatistics
  /** Whether this process counts what became of the tick that it is told of; absent: it does. */
  countsTick?: () => boolean
  log: Log
  tracer?: Tracer
}

/**
 * Tells every client what comes into the log: the update, then why there may
 * be no newer one. The view has to follow it before.
 */
export function tellClients (options: FollowOptions): void {
  const { updates, view, broadcaster, statistics, countsTick = () => true, log, tracer = noTracer } = options
  /**
   * Who follows alerts may hold others than are open: those of another epoch or process, those from before an update that was
   * read with a newer one, or none from before anything was known.
   */
  let isSetDue = true
  /** @param audience those who were there before what it follows went out: who comes later is told it with the welcome */
  const tellFailure = async (audience: ReadonlySet<Connection>) => {
    const error = view.currentError()
    if (error !== null) await broadcaster.announce(error, audience)
  }
  updates.follow(async ({ tick, failure, isTick, isOwn }) => {
    const audience = failure === null ? null : broadcaster.audience
    if (tick !== null) {
      const fanOut = await tracer.span('fan-out', async (span) => {
        const { durationMs, ...counts } = await broadcaster.publish(tick)
        span.set(counts)
        return { durationMs, ...counts }
      })
      const { durationMs, ...counts } = fanOut
      const { queryMs } = tick.content
      statistics.recordTick(fanOut, queryMs, tick.content.header.ageMs)
      log.debug({ event: 'broadcast', seq: tick.seq, ...counts, queryMs, fanOutMs: durationMs }, 'update broadcast')
      // What was open then is not known any more: who comes meanwhile is told what was before.
      if (!tick.content.isPast && isSetDue) await broadcaster.tellOpenAlerts(view)
      isSetDue = tick.content.isPast === true
    }
    if (isTick && !isOwn && countsTick()) statistics.recordOutcome(failure !== null)
    if (audience !== null) await tellFailure(audience)
  }, async ({ breaks }) => {
    isSetDue = breaks === 'epoch' || view.head === null
    if (breaks === 'nothing') return
    log.warn({ event: 'stream_broken', breaks, epoch: updates.epoch, seq: updates.seq }, 'the stream does not go on where it was')
    if (breaks === 'gap') {
      await broadcaster.partFromAll()
      return
    }
    // What is there already is news to those who are connected; how old it is by now is said.
    const newest = view.isIdle ? null : view.latest()
    const { epoch, seq } = updates
    await broadcaster.enter({ epoch, seq: newest === null ? seq : seq - 1 })
    if (newest === null) return
    isSetDue = false
    const { audience } = broadcaster
    await broadcaster.publish(newest)
    await broadcaster.tellOpenAlerts(view)
    await tellFailure(audience)
  })
}
