import type { DeliveryCounts } from '../notify/delivery.ts'
import type { Pager } from '../notify/pager.ts'
import type { Receiver } from '../notify/receiver.ts'
import { counter, gauge, labelled, type Family } from './exposition.ts'

export interface CountedReceiver {
  receiver: Receiver
  counts: DeliveryCounts
}

/** Who is told of alerts, and whether it is taken. */
export function notificationFamilies (pager: Pager, receivers: readonly CountedReceiver[]): Family[] {
  const names = pager.firing.map(({ labels: { alertname } }) => alertname)
  return [
    gauge('popcast_alerts_firing', 'Alerts that fire now.', ['PopcastRegression', 'PopcastFeedStale'].map((alertname) =>
      [{ alertname }, names.filter((name) => name === alertname).length])),
    counter('popcast_notifications_total', 'Attempts to tell of alerts that were taken or not, and changes that were given up.',
      receivers.flatMap(({ receiver: { name: receiver }, counts }) => labelled('outcome', counts, { receiver }))),
    gauge('popcast_notifications_waiting', 'Alertmanagers that do not know yet what fires; changes that wait for the webhook.',
      receivers.map(({ receiver: { name: receiver, waiting } }) => [{ receiver }, waiting]), 'sum')
  ]
}
