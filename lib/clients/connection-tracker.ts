import { hasSameLimits, type Grant } from '../auth/grant.ts'
import type { Clock } from '../clock.ts'
import type { Histogram } from '../histogram.ts'
import type { Log } from '../log.ts'
import { closeCodes } from '../protocol/close-codes.ts'
import { ConnectionTotals } from './connection-totals.ts'
import { Durations, type DurationDigest } from './durations.ts'
import { Expiries } from './expiries.ts'
import { Connection, type ConnectionObserver } from './connection.ts'
import { ALL_CLIENTS, ALONE, type SharedCount } from './shared-count.ts'
import type { ClientInfo, Transport, TransportKind } from './transport.ts'

/** Of what a client chooses and we keep, log and show. */
const MAX_CLIENT_TEXT = 256
const ID_PREFIXES: Record<TransportKind, string> = { websocket: 'ws', sse: 'sse' }
/** What of ours may throw for one client, by the event that the log has of it. */
const DEFECTS = { listener_failed: 'a listener threw', delivery_failed: 'an update could not be made for a client' } as const

export interface ConnectionTrackerOptions {
  clock: Clock
  log: Log
  maxConnections: number
  /** Bytes that may wait for one client. */
  maxBufferedBytes: number
  /** Updates that the log keeps: what a client was sent longer ago is asked for by nobody. */
  keptUpdates: number
  /** A client that had to skip this many updates in a row is closed. */
  maxSkippedUpdates: number
  /** Other processes that `maxConnections` holds for as well. */
  shared?: SharedCount
  /** How this process counts for the ids of its clients, where others do too: no two have the same. */
  ids?: { first: number, step: number }
}

/** Counters since the process started; they never fall. */
export interface Totals {
  opened: number
  closed: number
  /** Updates handed to a client's socket, over all clients, also those that have left. */
  broadcasts: number
  /** Updates that a slow client missed. */
  skipped: number
  /** Updates whose write was tried. */
  attempts: number
  /** Writes that failed, at once or later ... */
  failed: number
  /** ... and those of them that were of an update. */
  failedUpdates: number
  /** Errors of any kind: failed writes, invalid messages, protocol errors. */
  errors: number
}

/** Every connection there is, by id, and what is counted over all that were. `remove` is the only way out. */
export class ConnectionTracker implements ConnectionObserver {
  readonly counts = new ConnectionTotals()
  readonly #durations = new Durations()
  readonly #totals = {
    broadcasts: 0,
    skipped: 0,
    attempts: 0,
    failed: 0,
    failedUpdates: 0,
    errors: 0
  }

  readonly #options: ConnectionTrackerOptions
  readonly #shared: SharedCount
  readonly #expiries: Expiries
  readonly #connections = new Map<string, Connection>()
  #whenEmpty: Array<() => void> = []

  constructor (options: ConnectionTrackerOptions) {
    this.#options = options
    this.#shared = options.shared ?? ALONE
    this.#expiries = new Expiries(options.clock)
  }

  get totals (): Totals {
    const { opened, closed: { websocket, sse } } = this.counts
    return { opened: opened.total, closed: websocket.total + sse.total, ...this.#totals }
  }

  get keptUpdates (): number {
    return this.#options.keptUpdates
  }

  get maxBufferedBytes (): number {
    return this.#options.maxBufferedBytes
  }

  get size (): number {
    return this.#connections.size
  }

  get isFull (): boolean {
    return !this.hasRoomFor(1)
  }

  hasRoomFor (clients: number): boolean {
    return this.size + this.#shared.elsewhere(ALL_CLIENTS) + clients <= this.#options.maxConnections
  }

  [Symbol.iterator] (): IterableIterator<Connection> {
    return this.#connections.values()
  }

  /** Adds a client under a new id, `ws_{counter}_{timestamp}`, or `sse_` and so on. */
  add (transport: Transport, { userAgent, ip }: ClientInfo, grant: Grant): Connection {
    const { clock, log, ids: { first, step } = { first: 1, step: 1 } } = this.#options
    const clientInfo = { userAgent: clean(userAgent), ip: clean(ip) }
    const connectedAt = clock.now()
    const { kind } = transport
    this.counts.opened.add(kind)
    const id = `${ID_PREFIXES[kind]}_${first + (this.counts.opened.total - 1) * step}_${connectedAt}`
    const openedAt = clock.monotonic()
    const connection = new Connection({ id, connectedAt, openedAt, clientInfo, grant, transport, observer: this })
    this.#connections.set(id, connection)
    this.#shared.report(ALL_CLIENTS, this.size)
    this.#expiries.watch(connection)
    const principal = grant.name === null ? {} : { principal: clean(grant.name) }
    log.info({ event: 'connect', connectionId: id, kind, ...clientInfo, ...principal, active: this.size }, 'client connected')
    return connection
  }

  /** Forgets a client whose socket is closed, with one line about what it was. Removing it again does nothing. */
  remove (connection: Connection, code: number, reason: string): void {
    const durationMs = Math.round(this.#options.clock.monotonic() - connection.openedAt)
    if (!this.#connections.delete(connection.id)) return
    this.#shared.report(ALL_CLIENTS, this.size)
    this.#expiries.forget(connection)
    this.counts.countClosed(connection, code)
    this.#durations.record(durationMs)
    if (this.size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve()
    this.#options.log.info(
      {
        event: 'disconnect',
        connectionId: connection.id,
        code,
        reason,
        ...(connection.closedBy && { closedBy: connection.closedBy }),
        durationMs,
        broadcasts: connection.broadcastCount,
        skipped: connection.skippedCount,
        errors: connection.errorCount,
        lastError: connection.lastError,
        remaining: this.size
      },
      'client disconnected'
    )
  }

  /** Another token takes the place of the one that a client came with. */
  renew (connection: Connection, grant: Grant): void {
    // It may have gone while the token was looked at.
    if (!this.#connections.has(connection.id)) return
    connection.grant = grant
    this.#expiries.watch(connection)
  }

  /** Tokens have changed. @param current what a grant is now; null: it is withdrawn */
  reviewGrants (current: (grant: Grant) => Grant | null): void {
    for (const connection of this) {
      const grant = current(connection.grant)
      if (grant === null) connection.close(closeCodes.unauthorized)
      else if (!hasSameLimits(grant, connection.grant)) connection.close(closeCodes.limitsChanged)
      else if (grant !== connection.grant) this.renew(connection, grant)
    }
  }

  /** Counts an error of this client's. */
  recordError (connection: Connection, error: string): void {
    this.#totals.errors++
    connection.recordError(error)
  }

  /** Something of ours threw for this client: it ends, and nobody else does. It comes back and is told what it missed. */
  endDefective (connection: Connection, event: keyof typeof DEFECTS, err: unknown): void {
    this.recordError(connection, 'INTERNAL')
    this.#options.log.error({ event, connectionId: connection.id, err }, DEFECTS[event])
    connection.close(closeCodes.internal)
  }

  /** The stream of a connection failed, and ends. */
  streamFailed (connection: Connection, error: NodeJS.ErrnoException): void {
    // A peer that resets the connection ends it, no more; only what could not be written was lost.
    if (error.syscall === 'write') this.writeFailed(connection, error)
  }

  /** Resolves when no connection is left. */
  empty (): Promise<void> {
    return this.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#whenEmpty.push(resolve))
  }

  /** Share of the updates written that did not fail, 0 to 1; 1 while there was none. */
  get successRate (): number {
    return successRateOf(this.#totals)
  }

  /** How long connections lasted that ended. */
  get durations (): DurationDigest {
    return this.#durations.digest
  }

  /** The same in buckets. */
  get lifetimes (): Histogram {
    return this.#durations.buckets
  }

  attempted (): void {
    this.#totals.attempts++
  }

  delivered (connection: Connection): void {
    this.#totals.broadcasts++
    connection.lastBroadcast = this.#options.clock.now()
  }

  skipped (connection: Connection): void {
    this.#totals.skipped++
    if (connection.outbox.skippedInARow >= this.#options.maxSkippedUpdates) connection.close(closeCodes.slowConsumer)
  }

  defective (connection: Connection, error: unknown): void {
    this.endDefective(connection, 'delivery_failed', error)
  }

  writeFailed (connection: Connection, error: Error): void {
    this.#totals.failed++
    if (connection.lastWriteWasUpdate) this.#totals.failedUpdates++
    this.recordError(connection, error.message)
    const fields = { event: 'send_failed', connectionId: connection.id, errors: connection.errorCount, detail: error.message }
    // One that cannot be written to fails with every message: the first says it, the others only count.
    if (++connection.writeErrorCount === 1) this.#options.log.warn(fields, 'sending to a client failed')
    else this.#options.log.debug(fields, 'sending to a client failed again')
  }
}

export function successRateOf ({ attempts, failedUpdates }: Pick<Totals, 'attempts' | 'failedUpdates'>): number {
  return attempts === 0 ? 1 : 1 - failedUpdates / attempts
}

/** What no terminal, log or page shows as it is: control and format characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A copy: a mere slice would keep all of a long header in memory. */
function clean (text: string): string {
  const seen = text.slice(0, MAX_CLIENT_TEXT).replace(UNSEEN, '\ufffd')
  return text.length <= MAX_CLIENT_TEXT ? seen : Buffer.from(seen).toString()
}
