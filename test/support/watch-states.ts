import type { Alert, ConnectionState, Freshness, HistoryPoint, Overview, Pop } from '../../client/index.ts'
import { PopcastError } from '../../client/index.ts'
import type { WatchState } from '../../watch/state.ts'
import { alertOf, HEARTBEAT_MS, INTERVAL_MS, pop, SERVER_START } from './feed-messages.ts'

export const live: ConnectionState = { name: 'live', transport: 'websocket' }
export const lost = new PopcastError('CLOSED', '', { closeCode: 1006 })
export const restart = new PopcastError('SHUTDOWN', undefined, { retryAfterMs: 2_000 })
/** 10:42:44 UTC. */
export const NOW = SERVER_START + 38_564_000
export const ago = (ms: number) => new Date(NOW - ms).toISOString()

export const overview: Overview = { totalPops: 20, healthyPops: 17, averageColdStart: 6.54, regressions: 1, silentPops: 1 }

export function fresh (fields: Partial<Freshness> = {}): Freshness {
  return { state: 'fresh', ageMs: 1_200, dataTime: new Date(NOW - 1_200), dueInMs: 8_000, sourceError: null, ...fields }
}

/** Old by 3 min. */
export const stale = (fields: Partial<Freshness> = {}) =>
  fresh({ state: 'stale', ageMs: 180_000, dataTime: new Date(NOW - 180_000), dueInMs: -170_000, ...fields })

export const nothing: Freshness = { state: 'none', ageMs: null, dataTime: null, dueInMs: null, sourceError: null }

export const pops: Pop[] = [
  pop('fra1', { coldStartMs: 13.2, baselineMs: 4.5, healthy: false, regression: 'critical' }),
  pop('lhr2', { city: 'London', country: 'GB', status: 'silent', healthy: false, sampleTime: ago(90_000) }),
  pop('gru1', { city: 'S\u00e3o Paulo', country: 'BR', coldStartMs: 11.2, baselineMs: 10.5, healthy: false }),
  pop('nrt1', { city: '\u6771\u4eac', country: 'JP' })
]
export const alerts: Alert[] = [alertOf('fra1_1', { since: ago(240_000) })]

export function historyOf (...values: Array<number | null>): HistoryPoint[] {
  return values.map((value, index) => ({
    epoch: 'e1',
    seq: index,
    dataTime: new Date(NOW - 1_200 - (values.length - 1 - index) * INTERVAL_MS),
    overview: { ...overview, averageColdStart: value },
    stale: false
  }))
}

interface Lists {
  pops?: Pop[]
  alerts?: Alert[]
}

/** What is watched, live and with something that needs attention, unless `fields` say otherwise. */
export function watchState (fields: Partial<Omit<WatchState, 'pops' | 'alerts'>> & Lists = {}): WatchState {
  return {
    connection: live,
    freshness: fresh(),
    server: {
      source: 'influxdb',
      version: '0.1.0',
      protocol: 1,
      epoch: 'e1',
      intervalMs: INTERVAL_MS,
      heartbeatMs: HEARTBEAT_MS,
      healthyBelowMs: 10,
      overviewWindowMs: 600_000
    },
    overview,
    history: historyOf(5, 6, 7),
    skipped: 0,
    now: NOW,
    address: 'ws://127.0.0.1:3001/ws',
    selection: null,
    unfit: [],
    isArriving: false,
    ...fields,
    pops: new Map((fields.pops ?? pops).map((one) => [one.code, one])),
    alerts: new Map((fields.alerts ?? alerts).map((one) => [one.id, one]))
  }
}

/** Before anything was heard. */
export const unheard = { freshness: nothing, server: null, overview: null, history: [], pops: [], alerts: [] }
