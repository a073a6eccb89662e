import type { Alert, Pop } from '../client/index.ts'
import type { WatchState } from './state.ts'

/** Worst first. */
const conditions = ['critical', 'warning', 'silent', 'slow'] as const
export type Condition = typeof conditions[number]

/** Something that is not as it should be. */
export interface Concern {
  readonly condition: Condition
  readonly code: string
  readonly city: string | null
  readonly country: string | null
  /** null: it does not report. */
  readonly valueMs: number | null
  readonly changePercent: number | null
  readonly baselineMs: number | null
  /** ms since the epoch. */
  readonly since: number | null
  /** It is regressed as far as is known, and does not report: this is its last sample. Of one that is gone that is not known. */
  readonly until: number | null
}

/** What needs attention, the worst first: by condition, then by change, then by value. */
export function attention ({ pops, alerts }: Pick<WatchState, 'pops' | 'alerts'>): Concern[] {
  const byPop = new Map(Array.from(alerts.values(), (alert) => [alert.pop, alert]))
  const known = Array.from(pops.values(), (pop) => concernOf(pop, byPop.get(pop.code)))
  // It may have gone from the PoPs, and its regression be told a tick later.
  const gone = Array.from(byPop.values()).filter(({ pop }) => !pops.has(pop)).map((alert) => regressed(alert, null))
  return [...known, ...gone].filter((concern) => concern !== null).sort(byUrgency)
}

function concernOf (pop: Pop, alert: Alert | undefined): Concern | null {
  if (alert !== undefined) return regressed(alert, pop)
  const { code, city, country, coldStartMs: valueMs, baselineMs } = pop
  const changePercent = baselineMs ? (valueMs / baselineMs - 1) * 100 : null
  const concern = { code, city, country, valueMs, changePercent, baselineMs, since: null, until: null }
  const silentSince = pop.status === 'silent' ? Date.parse(pop.sampleTime) : null
  // Its alert is told in the same tick, before it.
  if (pop.regression === 'critical' || pop.regression === 'warning') {
    return { ...concern, condition: pop.regression, until: silentSince }
  }
  if (silentSince !== null) return { ...concern, condition: 'silent', valueMs: null, changePercent: null, since: silentSince }
  return pop.healthy ? null : { ...concern, condition: 'slow' }
}

function regressed (alert: Alert, pop: Pop | null): Concern {
  const { severity: condition, pop: code, since: beganAt } = alert
  const { city = null, country = null } = pop ?? {}
  const since = Date.parse(beganAt)
  // Of a PoP that does not report, what the alert said is the last that is known of the change.
  if (pop === null || pop.status === 'silent') {
    const { changePercent, baselineMs } = alert
    const until = pop === null ? null : Date.parse(pop.sampleTime)
    return { condition, code, city, country, valueMs: null, changePercent, baselineMs, since, until }
  }
  const baselineMs = pop.baselineMs ?? alert.baselineMs
  const changePercent = baselineMs > 0 ? (pop.coldStartMs / baselineMs - 1) * 100 : alert.changePercent
  return { condition, code, city, country, valueMs: pop.coldStartMs, changePercent, baselineMs, since, until: null }
}

/** How long it has been so, ms; null: that is not known. */
export function lastedMs ({ since, until }: Concern, present: number): number | null {
  return since === null ? null : Math.min(present, until ?? present) - since
}

function byUrgency (a: Concern, b: Concern): number {
  return conditions.indexOf(a.condition) - conditions.indexOf(b.condition) ||
    (b.changePercent ?? -Infinity) - (a.changePercent ?? -Infinity) || (b.valueMs ?? 0) - (a.valueMs ?? 0) ||
    (a.code < b.code ? -1 : 1)
}
