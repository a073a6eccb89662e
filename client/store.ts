import type * as Wire from '../lib/protocol/server-messages.ts'
import { basisOf, madeAtServer, type Basis } from './freshness.ts'
import { kept } from './identity.ts'
import { appliedTo, type PopsData } from './pops.ts'
import type { Alert, HistoryPoint, Overview, Pop, PopcastEvents, Server, SourceError, Subscription } from './types.ts'

export interface Position {
  readonly epoch: string
  readonly seq: number
}

/** What is known from messages. Immutable; what did not change keeps its identity. */
export interface Held {
  readonly server: Server | null
  /** Of the last message that was handled. */
  readonly position: Position | null
  readonly overview: Overview | null
  readonly pops: ReadonlyMap<string, Pop>
  /** The update that a delta can be applied to; null: only a whole one can. */
  readonly popsAt: Position | null
  readonly alerts: ReadonlyMap<string, Alert>
  readonly history: readonly HistoryPoint[]
  readonly skipped: number
  /** How old what is shown is, and of which update that is. */
  readonly basis: Basis | null
  readonly shown: Position | null
  readonly sourceError: SourceError | null
  /** When that was said. */
  readonly failedAt: number
  /** By how much the server's clock is ahead of the stopwatch. */
  readonly serverAhead: number
}

const NO_POPS: ReadonlyMap<string, Pop> = new Map()
const NO_ALERTS: ReadonlyMap<string, Alert> = new Map()
const NO_HISTORY: readonly HistoryPoint[] = []

export const nothing: Held = {
  server: null,
  position: null,
  overview: null,
  pops: NO_POPS,
  popsAt: null,
  alerts: NO_ALERTS,
  history: NO_HISTORY,
  skipped: 0,
  basis: null,
  shown: null,
  sourceError: null,
  failedAt: 0,
  serverAhead: -Infinity
}

/** Where and when a message is handled. */
export interface Handling {
  /** Time of the stopwatch. */
  readonly received: number
  readonly subscription: Subscription
  readonly historyLimit: number
  /** The answer came too soon after the question for the server's time in it to be old. */
  readonly prompt: boolean
  /** Whether an alert was not handled before. */
  isNew (message: Wire.AlertMessage): boolean
  tell <Name extends keyof PopcastEvents> (name: Name, event: PopcastEvents[Name]): void
  /** A delta that cannot be applied. */
  gap (): void
}

type Handlers = {
  [Type in Wire.ServerMessage['type']]?: (
    held: Held, message: Extract<Wire.ServerMessage, { type: Type }>, handling: Handling
  ) => Partial<Held>
}

/** What is known after a message. A type that is not known changes nothing, as the protocol asks. */
export function reduce (held: Held, message: Wire.ServerMessage, handling: Handling): Held {
  const handle = handlers[message.type] as ((...args: [Held, Wire.ServerMessage, Handling]) => Partial<Held>) | undefined
  return handle === undefined
    ? held
    : { ...held, ...handle(held, message, handling), position: movedBy(message, held.position) }
}

/** PROTOCOL.md, Position, rule 1. */
function movedBy (message: Wire.ServerMessage, position: Position | null): Position | null {
  if (!('epoch' in message)) return position
  const { type, epoch, seq } = message
  const sets = type === 'welcome' || type === 'subscription_confirmed' || epoch !== position?.epoch
  return { epoch, seq: sets ? seq : Math.max(seq, position.seq) }
}

const handlers: Handlers = {
  welcome: ({ server }, { data, source, version, protocol, epoch, ...message }, { received }) => ({
    server: kept(server, {
      source,
      version,
      protocol,
      epoch,
      intervalMs: message.intervalMs,
      heartbeatMs: message.heartbeatMs,
      healthyBelowMs: message.healthyBelowMs,
      overviewWindowMs: message.overviewWindowMs
    }),
    serverAhead: Date.parse(data.timestamp) - received
  }),

  metrics_update: (held, message, handling) => {
    const { data: { totalPops, healthyPops, averageColdStart, regressions }, silentPops, epoch, seq, replay = false } = message
    const overview = kept(held.overview, {
      totalPops,
      healthyPops,
      averageColdStart: totalPops === 0 ? null : averageColdStart,
      regressions,
      silentPops
    })
    const history = withPoint(held.history, message, overview, handling.historyLimit)
    // What is sent of the history is older than what is shown.
    if (replay && epoch === held.shown?.epoch && seq < held.shown.seq) return { history }
    handling.tell('overview', { overview, replay })
    return { overview, history, ...shownBy(held, message, handling) }
  },

  pops_update: (held, message, handling) => {
    const { epoch, seq, baseSeq, delta, dataTime } = message
    const { popsAt } = held
    const fits = !delta || (epoch === popsAt?.epoch && baseSeq === popsAt.seq)
    const applied = fits ? appliedTo(held.pops, message.data as PopsData, dataTime) : null
    if (applied === null) {
      // Once is enough: until they come whole, no delta can be applied.
      if (popsAt !== null) handling.gap()
      return { popsAt: null }
    }
    const { pops, changed, removed } = applied
    if (changed.length + removed.length > 0) handling.tell('pops', { changed, removed, whole: !delta })
    return { pops, popsAt: { epoch, seq }, ...shownBy(held, message, handling) }
  },

  alert: ({ alerts }, message, { isNew, tell }) => {
    if (!isNew(message)) return {}
    const { data: alert, replay = false } = message
    const next = new Map(alerts)
    if (alert.state === 'resolved') next.delete(alert.id)
    else next.set(alert.id, alert)
    tell('alert', { alert, replay })
    return { alerts: next }
  },

  open_alerts: ({ alerts }, { data }) => ({
    alerts: kept(alerts, new Map(data.alerts.map((alert) => [alert.id, kept(alerts.get(alert.id), alert)])))
  }),

  error: ({ basis, sourceError }, { code, data, dataTime, retryAfterMs }, { received }) => {
    if (code !== 'SOURCE_UNAVAILABLE' && code !== 'SOURCE_TIMEOUT') return {}
    return {
      basis: basis && retryAfterMs !== undefined ? { ...basis, dueAt: received + retryAfterMs } : basis,
      sourceError: {
        code,
        message: data.message,
        since: sourceError?.since ?? new Date(data.timestamp),
        dataTime: dataTime === undefined ? null : new Date(dataTime)
      },
      failedAt: received
    }
  },

  pong: ({ serverAhead }, { timestamp }, { received, prompt }) => ({
    serverAhead: prompt ? Date.parse(timestamp) - received : serverAhead
  }),

  subscription_confirmed: (_held, { topics, recovered, reason = null, headSeq, fromSeq }, { subscription, tell }) => {
    if (recovered !== undefined) {
      tell('resumed', { recovered, reason, missed: recovered && fromSeq !== undefined ? headSeq - fromSeq + 1 : null })
    }
    // What is wanted is on its way back, when the server was told to leave it out for a moment.
    const [metrics, alerts, pops] = (['metrics', 'alerts', 'pops'] as const)
      .map((topic) => topics.includes(topic) || subscription[topic])
    return {
      ...!metrics && { overview: null, history: NO_HISTORY },
      ...!alerts && { alerts: NO_ALERTS },
      ...!pops && { pops: NO_POPS, popsAt: null },
      ...!metrics && !pops && { basis: null, shown: null }
    }
  }
}

/** How fresh what is shown is from now on. */
function shownBy (
  { shown, skipped, sourceError, serverAhead }: Held,
  message: Wire.MetricsUpdateMessage | Wire.PopsUpdateMessage,
  { received }: Handling
): Partial<Held> {
  const { epoch, seq, status } = message
  // It cannot have been made after it came.
  const ahead = Math.max(serverAhead, madeAtServer(message) - received)
  const isSameTick = epoch === shown?.epoch && seq === shown.seq
  return {
    basis: basisOf(message, ahead),
    shown: { epoch, seq },
    serverAhead: ahead,
    // Both updates of a tick tell it.
    skipped: skipped + (isSameTick ? 0 : message.skipped ?? 0),
    sourceError: status === 'fresh' ? null : sourceError
  }
}

function withPoint (
  history: readonly HistoryPoint[],
  { epoch, seq, dataTime, status }: Wire.MetricsUpdateMessage,
  overview: Overview,
  limit: number
): readonly HistoryPoint[] {
  if (dataTime === null || limit === 0 || history.some((point) => point.seq === seq && point.epoch === epoch)) return history
  const point = { epoch, seq, dataTime: new Date(dataTime), overview, stale: status === 'stale' }
  const after = history.findLastIndex((other) => other.dataTime <= point.dataTime) + 1
  return history.toSpliced(after, 0, point).slice(-limit)
}
