import type { ConnectionTracker } from '../clients/connection-tracker.ts'
import type { TickStatistics } from '../clients/tick-statistics.ts'
import { counter, secondsHistogram, type Family } from './exposition.ts'

const OUTCOMES = ['sent', 'held', 'skipped', 'failed'] as const

/** What became of updates on their way to clients. */
export function broadcastFamilies (connections: ConnectionTracker, { totals, fanOut, age }: TickStatistics): Family[] {
  const { broadcasts, failedUpdates } = connections.totals
  return [
    counter('popcast_broadcasts_total',
      'What became of an update for a client: skipped is held in the place of an older one, which that client misses.',
      OUTCOMES.map((outcome) => [{ outcome }, totals[outcome]])),
    counter('popcast_broadcast_bytes_total', 'Bytes of updates that were handed to sockets as they came.', totals.bytes),
    secondsHistogram('popcast_broadcast_duration_seconds', 'How long it took to hand one update to all sockets.', fanOut),
    secondsHistogram('popcast_update_age_seconds', 'Age of the newest sample of each update, as it was told.', age),
    counter('popcast_updates_delivered_total', 'Updates handed to clients, at once or when a slow one had read.',
      broadcasts),
    counter('popcast_update_write_failures_total', 'Updates whose write failed, at once or later.', failedUpdates)
  ]
}
