import type * as Wire from '../lib/protocol/server-messages.ts'
import { PopcastError } from './errors.ts'
import { appliedTo, kept } from './pops.ts'
import type { Alert, Overview, PopcastEvents, Snapshot, SourceError, Subscription } from './types.ts'

export interface Position {
  readonly epoch: string
  readonly seq: number
}

/** What an update says about its age; times are of the client's monotonic clock. */
export interface Basis extends Position {
  readonly received: number
  readonly madeAt: number
  readonly dueAt: number
  readonly isStale: boolean
  /** When it was made. */
  readonly ageMs: number | null
  readonly dataTime: Date | null
}

/** What is known from messages. Immutable; what did not change keeps its identity. */
export interface Held extends Omit<Snapshot, 'connection' | 'freshness'> {
  /** Of the last message that was handled. */
  readonly position: Position | null
  /** The update that a delta can be applied to; null: only a whole one can. */
  readonly popsAt: Position | null
  /** How old what is shown is. */
  readonly basis: Basis | null
  readonly sourceError: SourceError | null
  /** Alerts of another process, which nobody has said yet to be open or not. */
  readonly doubted: Snapshot['alerts']
  /** By how much the server's clock is ahead of the client's monotonic one. */
  readonly serverAhead: number
}

export const nothing: Held = {
  server: null,
  overview: null,
  pops: new Map(),
  alerts: new Map(),
  history: [],
  skipped: 0,
  position: null,
  popsAt: null,
  basis: null,
  sourceError: null,
  doubted: new Map(),
  serverAhead: -Infinity
}

/** Where and when a message is handled. */
export interface Handling {
  /** Time of the client's monotonic clock. */
  readonly received: number
  /** What is to be shown; of the rest only how fresh it is. */
  readonly subscription: Subscription
  readonly historyLimit: number
  /** It answers what was asked a moment ago: the server's time in it is that of now. */
  readonly isPrompt: boolean
  /** Whether an alert was not handled before. */
  isNew (alert: Wire.AlertMessage): boolean
  tell <Name extends keyof PopcastEvents> (name: Name, event: PopcastEvents[Name]): void
  /** A delta that cannot be applied. */
  gap (): void
}

type Handler = (...given: [Held, Wire.ServerMessage, Handling]) => Partial<Held>
type Handlers = {
  [Type in Wire.ServerMessage['type']]?: (
    held: Held, message: Extract<Wire.ServerMessage, { type: Type }>, handling: Handling
  ) => Partial<Held>
}

/**
 * What is known after a message. A type that is not known changes nothing, as the protocol asks.
 * @throws when it is not of the protocol
 */
export function reduce (held: Held, message: Wire.ServerMessage, handling: Handling): Held {
  const { type } = message
  if (typeof type !== 'string') throw new TypeError('no type')
  if (!Object.hasOwn(handlers, type)) return held
  return { ...held, ...(handlers[type] as Handler)(held, message, handling), ...movedBy(message, held.position) }
}

/** Of what is counted with, that it can be. @throws */
function ensureNumbers (...values: unknown[]): void {
  if (!values.every(Number.isFinite)) throw new TypeError('no number')
}

/** PROTOCOL.md, Position, rule 1. */
function movedBy (message: Wire.ServerMessage, position: Position | null): Pick<Held, 'position'> | null {
  if (!('epoch' in message)) return null
  const { type, epoch, seq } = message
  ensureNumbers(seq)
  const sets = type === 'welcome' || type === 'subscription_confirmed' || epoch !== position?.epoch
  return { position: { epoch, seq: sets ? seq : Math.max(seq, position.seq) } }
}

const handlers: Handlers = {
  welcome (held, { type, data, seq, headSeq, limits, ...server }, { received }) {
    const serverAhead = Date.parse(data.timestamp) - received
    ensureNumbers(server.intervalMs, server.heartbeatMs, serverAhead)
    return { server: kept(held.server, server), serverAhead }
  },

  metrics_update (held, message, handling) {
    const { data, silentPops, epoch, seq, status, replay = false } = message
    const { metrics } = handling.subscription
    const { totalPops, healthyPops, averageColdStart, regressions } = data
    ensureNumbers(totalPops, healthyPops, averageColdStart, regressions, silentPops)
    const overview: Overview = kept(held.overview, { ...data, silentPops, ...!totalPops && { averageColdStart: null } })
    const update = updatedBy(message, held, handling)
    const { dataTime, madeAt } = update.basis
    const { basis } = held
    const settled = held.doubted.size > 0 && { doubted: nothing.doubted, alerts: withoutDoubted(held) }
    const history = !metrics || dataTime === null || held.history.some((point) => point.seq === seq && point.epoch === epoch)
      ? held.history
      : [...held.history, { epoch, seq, dataTime, overview, stale: status === 'stale' }]
          .sort((a, b) => +a.dataTime - +b.dataTime).slice(-handling.historyLimit || Infinity)
    // What is sent of the history is older than what is shown. Of one process the order is known; its clock is only estimated.
    if (replay && basis && (epoch === basis.epoch ? seq < basis.seq : madeAt < basis.madeAt)) return { history, ...settled }
    if (metrics) handling.tell('overview', { overview, replay })
    return { ...metrics && { overview, history }, ...settled, ...update }
  },

  pops_update (held, message, handling) {
    const { epoch, seq, baseSeq, delta, data, dataTime } = message
    const { popsAt } = held
    if (delta && (epoch !== popsAt?.epoch || baseSeq !== popsAt.seq)) {
      // Once is enough: until they come whole, no delta can be applied.
      if (popsAt) handling.gap()
      return { popsAt: null }
    }
    const { pops, ...change } = appliedTo(held.pops, data, dataTime)
    if (pops !== held.pops) handling.tell('pops', { ...change, whole: !delta })
    return { pops, popsAt: { epoch, seq }, ...updatedBy(message, held, handling) }
  },

  alert (held, message, { isNew, tell }) {
    const { data: alert, replay = false } = message
    if (!isNew(message)) return {}
    const alerts = new Map(held.alerts)
    if (alert.state === 'resolved') alerts.delete(alert.id)
    else alerts.set(alert.id, alert)
    tell('alert', { alert, replay })
    return { alerts }
  },

  open_alerts (held, { data, seq }) {
    const alerts = new Map(data.alerts.map((alert): [string, Alert] => [alert.id, kept(held.alerts.get(alert.id), alert)]))
    // Before its first update a process does not know what is open.
    if (seq === 0 && alerts.size === 0) return { doubted: held.alerts }
    return { alerts, doubted: nothing.doubted }
  },

  error ({ basis, sourceError }, message, { received, tell }) {
    const { code, data: { message: text, timestamp }, dataTime, retryAfterMs, id } = message
    const { since = sourceError?.since ?? timestamp } = message
    if (code !== 'SOURCE_UNAVAILABLE' && code !== 'SOURCE_TIMEOUT' && code !== 'FEED_UNAVAILABLE') {
      // With an id it answers somebody who waits for it.
      if (id === undefined) tell('error', rejectedBy(message))
      return {}
    }
    return {
      basis: basis && retryAfterMs ? { ...basis, dueAt: received + retryAfterMs } : basis,
      sourceError: {
        code,
        message: text,
        since: new Date(since),
        dataTime: dataTime ? new Date(dataTime) : null
      }
    }
  },

  pong (_, { timestamp }, { received, isPrompt }) {
    // So a clock that was set back is believed again.
    return isPrompt ? { serverAhead: Date.parse(timestamp) - received } : {}
  },

  subscription_confirmed (_, { topics, recovered, reason = null, headSeq, fromSeq }, { subscription, tell }) {
    if (recovered !== undefined) tell('resumed', { recovered, reason, missed: recovered ? headSeq - fromSeq! + 1 : null })
    const { overview, history, alerts, doubted, pops, popsAt } = nothing
    return {
      ...!(topics.includes('metrics') && subscription.metrics) && { overview, history },
      ...!topics.includes('alerts') && { alerts, doubted },
      ...!topics.includes('pops') && { pops, popsAt }
    }
  }
}

/** The first update of a process has told all that are open before it. */
function withoutDoubted ({ alerts, doubted }: Held): Snapshot['alerts'] {
  return new Map([...alerts].filter(([id, alert]) => doubted.get(id) !== alert))
}

/** How fresh what is shown is from now on. */
function updatedBy (message: Wire.MetricsUpdateMessage | Wire.PopsUpdateMessage, held: Held, { received }: Handling) {
  const { type, epoch, seq, dataTime, ageMs, polledAt, nextPollAt, status, skipped = 0 } = message
  const madeAtServer = dataTime ? Date.parse(dataTime) + ageMs! : Date.parse(polledAt)
  // It cannot have been made after it came; what is sent again was made long ago.
  const serverAhead = Math.max(held.serverAhead, madeAtServer - received)
  const basis = {
    epoch,
    seq,
    received,
    madeAt: madeAtServer - serverAhead,
    dueAt: Date.parse(nextPollAt) - serverAhead,
    isStale: status === 'stale',
    ageMs,
    dataTime: dataTime ? new Date(dataTime) : null
  }
  ensureNumbers(basis.madeAt, basis.dueAt)
  return {
    basis,
    serverAhead,
    // Both updates of a tick tell it.
    skipped: held.skipped + (type === 'metrics_update' ? skipped : 0),
    // Where it fails still, an error follows.
    sourceError: null
  }
}

/** An `error` of the server's. */
export function rejectedBy ({ code, data, retryable }: Wire.ErrorMessage): PopcastError {
  return new PopcastError('REJECTED', data.message, { serverCode: code, retryable })
}
