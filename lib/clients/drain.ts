import { wait, type Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { closeCodes } from '../protocol/close-codes.ts'
import type { ConnectionTracker } from './connection-tracker.ts'
import type { ServerShutdownMessage } from '../protocol/server-messages.ts'
import { timestamp } from '../protocol/timestamp.ts'

/** Closing this many at a time leaves the loop free to answer health checks in between. */
const CLOSE_BATCH = 500
/** Clients are told to come back no sooner than this, and then spread so that no more than so many come per second. */
const RECONNECT_AFTER_MS = 1_000
const RECONNECTS_PER_SECOND = 500
const MIN_SPREAD_MS = 1_000

/** A client may take longer to close than the drain lasts, so that it is the drain that cuts stragglers off. */
const CLOSE_TIMEOUT_SLACK_MS = 500

/** Until a client that was told to go is cut off. */
export function closeTimeoutMs (drainTimeoutMs: number): number {
  return drainTimeoutMs + CLOSE_TIMEOUT_SLACK_MS
}

export interface DrainOptions {
  connections: ConnectionTracker
  clock: Clock
  log: Log
  /** Clients that have not completed the closing handshake by then are cut off. */
  timeoutMs: number
  /** Uniform in [0, 1). */
  random: () => number
}

/** Tells every client that the server goes and when to come back, closes them all with 1001, and resolves when none is left. */
export async function drain ({ connections, clock, log, timeoutMs, random }: DrainOptions): Promise<void> {
  const clients = connections.size
  if (clients === 0) return
  log.info({ event: 'drain_started', clients, timeoutMs }, 'telling clients to come back later')
  const deadline = clock.monotonic() + timeoutMs
  const cancel = clock.schedule(() => terminateAll(connections, log), timeoutMs)
  let turn = 0
  for (const connection of connections) {
    // One that does not read would not read this either, and must not be told to reconnect at once for being slow.
    if (!connection.isCongested) connection.send(shutdownMessage(clock.now(), clients, random))
    connection.close(closeCodes.goingAway)
    if (++turn % CLOSE_BATCH === 0) await wait(clock, 0)
  }
  await connections.empty()
  cancel()
  log.info({ event: 'drain_finished', clients, remainingMs: Math.round(deadline - clock.monotonic()) }, 'every client is gone')
}

/** What one of so many clients is told. @param random uniform in [0, 1) */
export function shutdownMessage (now: number, clients: number, random: () => number): ServerShutdownMessage {
  const spreadMs = Math.max(MIN_SPREAD_MS, clients / RECONNECTS_PER_SECOND * 1_000)
  return {
    type: 'server_shutdown',
    data: { message: 'the server is shutting down', timestamp: timestamp(now) },
    reconnect: true,
    retryAfterMs: Math.round(RECONNECT_AFTER_MS + random() * spreadMs),
    closeCode: closeCodes.goingAway.code
  }
}

function terminateAll (connections: ConnectionTracker, log: Log): void {
  log.warn(
    { event: 'drain_timeout', stragglers: connections.size },
    'cutting off clients that did not complete the closing handshake'
  )
  for (const connection of connections) connection.terminate()
}
