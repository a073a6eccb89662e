import type { Alert, Pop, Snapshot } from '../../client/types.ts'

/** What a client holds of a PoP that is as usual, and of a regression of it. */
export const fra1: Pop = {
  code: 'fra1',
  city: 'Frankfurt',
  country: 'DE',
  tier: '1',
  latitude: 50.1,
  longitude: 8.7,
  coldStartMs: 4.5,
  healthy: true,
  status: 'fresh',
  regression: 'none',
  sampleTime: '2026-01-01T10:42:43.000Z',
  baselineMs: 4.5,
  baselineLowMs: 2.8,
  baselineHighMs: 6.2
}

export const opened: Alert = {
  id: 'fra1-1',
  pop: 'fra1',
  state: 'opened',
  severity: 'critical',
  since: '2026-01-01T10:38:00.000Z',
  recentMs: 13.2,
  baselineMs: 4.5,
  baselineKind: 'day',
  changePercent: 193.3,
  zScore: 9.6,
  samples: { recent: 60, baseline: 450 },
  message: 'fra1: 13.2 ms'
}

/** A PoP that differs from `fra1` in what is given. */
export function popOf (fields: Partial<Pop> = {}): Pop {
  return { ...fra1, ...fields }
}

export function alertOf (fields: Partial<Alert> = {}): Alert {
  return { ...opened, ...fields }
}

export function popsOf (...pops: Pop[]): Map<string, Pop> {
  return new Map(pops.map((pop) => [pop.code, pop]))
}

export function alertsOf (...alerts: Alert[]): Map<string, Alert> {
  return new Map(alerts.map((alert) => [alert.id, alert]))
}

/** Live and fresh, of nothing yet. */
export function snapshotOf (fields: Partial<Snapshot> = {}): Snapshot {
  return {
    connection: { name: 'live', transport: 'websocket' },
    freshness: {
      state: 'fresh',
      ageMs: 1_200,
      dataTime: new Date('2026-01-01T10:42:43.000Z'),
      dueInMs: 8_000,
      sourceError: null
    },
    server: {
      source: 'influxdb',
      version: '0.1.0',
      protocol: 1,
      epoch: 'epoch',
      intervalMs: 10_000,
      heartbeatMs: 30_000,
      healthyBelowMs: 10,
      overviewWindowMs: 600_000
    },
    overview: null,
    pops: new Map(),
    alerts: new Map(),
    history: [],
    skipped: 0,
    ...fields
  }
}
