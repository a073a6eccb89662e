import type {
  AlertMessage, MetricsUpdateMessage, OpenAlertsMessage, PongMessage, PopsUpdateMessage, SubscriptionConfirmedMessage,
  WelcomeMessage
} from '../../lib/protocol/server-messages.ts'
import type { Pop } from '../../client/index.ts'

/** The server's clock at the first welcome; it need not agree with the client's. */
export const SERVER_START = Date.UTC(2026, 5, 1)
export const INTERVAL_MS = 10_000
export const HEARTBEAT_MS = 25_000

export const at = (ms: number) => new Date(SERVER_START + ms).toISOString()

const position = { epoch: 'e1', seq: 1 }

export function welcome (fields: Partial<WelcomeMessage> = {}, now = 0): WelcomeMessage {
  return {
    type: 'welcome',
    data: { connectionId: 'ws_1', message: 'connected to popcast', timestamp: at(now) },
    protocol: 1,
    version: '0.1.0',
    ...position,
    headSeq: 1,
    intervalMs: INTERVAL_MS,
    heartbeatMs: HEARTBEAT_MS,
    healthyBelowMs: 10,
    overviewWindowMs: 600_000,
    source: 'influxdb',
    limits: { maxMessageBytes: 16_384 },
    ...fields
  }
}

export function confirmed (fields: Partial<SubscriptionConfirmedMessage> = {}): SubscriptionConfirmedMessage {
  const topics = fields.topics ?? ['metrics', 'alerts']
  return { type: 'subscription_confirmed', topics, data: { topics }, ...position, headSeq: 1, ...fields }
}

/** Made at `now` of a sample that was then 1 s old; the next one is due an interval later. */
function header (now: number) {
  const nextPollAt = at(now + INTERVAL_MS)
  return { dataTime: at(now - 1_000), polledAt: at(now), ageMs: 1_000, status: 'fresh' as const, nextPollAt }
}

export function update (fields: Partial<MetricsUpdateMessage> = {}, now = 0): MetricsUpdateMessage {
  return {
    type: 'metrics_update',
    data: { totalPops: 20, healthyPops: 19, averageColdStart: 5.5, regressions: 1 },
    ...position,
    ...header(now),
    silentPops: 0,
    ...fields
  }
}

/** A field-level change, of which the schema knows only the whole form. */
export interface PopChange extends Partial<Pop> { code: string, lagMs?: number }
export type PopsData = PopsUpdateMessage['data'] | { changed: PopChange[], removed: string[] }
type PopsFields = Partial<Omit<PopsUpdateMessage, 'data'>> & { data: PopsData, fields?: true }

export function popsUpdate (fields: PopsFields, now = 0): PopsUpdateMessage {
  return { type: 'pops_update', ...position, ...header(now), ...fields }
}

export function pop (code: string, fields: Partial<Pop> = {}): Pop {
  return {
    code,
    city: 'Frankfurt',
    country: 'DE',
    tier: '1',
    latitude: 50.11,
    longitude: 8.68,
    coldStartMs: 4.5,
    healthy: true,
    status: 'fresh',
    regression: 'none',
    sampleTime: at(-1_000),
    baselineMs: 4.4,
    baselineLowMs: 4,
    baselineHighMs: 5,
    ...fields
  }
}

export function alertOf (id: string, fields: Partial<AlertMessage['data']> = {}): AlertMessage['data'] {
  return {
    id,
    pop: 'fra1',
    state: 'opened',
    severity: 'critical',
    since: at(-60_000),
    recentMs: 13.2,
    baselineMs: 4.5,
    baselineKind: 'day',
    changePercent: 193.3,
    zScore: 9.6,
    samples: { recent: 60, baseline: 450 },
    message: 'fra1: 13.2 ms',
    ...fields
  }
}

type AlertState = AlertMessage['data']['state']

export function alertMessage (id: string, state: AlertState, fields: Partial<AlertMessage> = {}): AlertMessage {
  return { type: 'alert', data: alertOf(id, { state }), ...position, tickSeq: 1, ...fields }
}

export function openAlerts (ids: string[], fields: Partial<OpenAlertsMessage> = {}): OpenAlertsMessage {
  return { type: 'open_alerts', data: { alerts: ids.map((id) => alertOf(id)) }, ...position, ...fields }
}

export function pong (fields: Partial<PongMessage> = {}, now = 0): PongMessage {
  return { type: 'pong', timestamp: at(now), data: { timestamp: at(now) }, ...position, headSeq: 1, ...fields }
}

export function sourceError (fields: object = {}, now = 0): object {
  return {
    type: 'error',
    data: { message: 'the database does not answer', timestamp: at(now) },
    code: 'SOURCE_TIMEOUT',
    retryable: true,
    retryAfterMs: INTERVAL_MS,
    dataTime: at(now - 12_000),
    ageMs: 12_000,
    ...fields
  }
}

export const shutdown = (retryAfterMs: number) => ({
  type: 'server_shutdown',
  data: { message: 'the server is shutting down', timestamp: at(0) },
  reconnect: true,
  retryAfterMs,
  closeCode: 1001
})
