import type { ConnectionTracker } from '../clients/connection-tracker.ts'
import { transportKinds } from '../clients/transport.ts'
import { counter, gauge, labelled, secondsHistogram, type Family } from './exposition.ts'

const OPEN = 'popcast_connections_open'
const NO_GOODBYE = 1006

/** Who is there, who was, who was not let in, and what they said. */
export function connectionFamilies (connections: ConnectionTracker, maxConnections: number): Family[] {
  const { counts, totals, lifetimes } = connections
  return [
    gauge(OPEN, 'Clients that are connected.',
      transportKinds.map((transport) => [{ transport }, counts.open(transport)]), 'sum'),
    gauge('popcast_connections_limit', 'Clients that may be connected: MAX_CONNECTIONS.', maxConnections),
    counter('popcast_connections_accepted_total', 'Clients that were let in.', labelled('transport', counts.opened)),
    counter('popcast_connections_refused_total',
      'Who was not let in, by what they were told; open_files: nothing, for want of a file.', labelled('reason', counts.refused)),
    closed(transportKinds.flatMap((transport) => labelled('code', counts.closed[transport], { transport }))),
    secondsHistogram('popcast_connection_duration_seconds', 'How long connections lasted that ended.', lifetimes),
    counter('popcast_connection_errors_total', 'Errors of any kind: failed writes, invalid messages, protocol errors.',
      totals.errors),
    counter('popcast_messages_received_total', 'What came from clients, and whether it was carried out.',
      Array.from(counts.received, ([type, outcomes]) => labelled('outcome', outcomes, { type })).flat())
  ]
}

/** The connections of a process that was killed: nobody has counted that they ended. */
export function lostConnections (families: readonly Family[]): Family[] {
  const open = families.find(({ name }) => name === OPEN)?.samples ?? []
  return [closed(open.flatMap(({ labels, value }) => labelled('code', value > 0 ? [[NO_GOODBYE, value]] : [], labels)))]
}

function closed (values: Parameters<typeof counter>[2]): Family {
  return counter('popcast_connections_closed_total', 'Connections that ended, by close code: ours where we closed it.', values)
}
