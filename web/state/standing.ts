import type { Alert, Pop } from '../../client/types.ts'
import { duration } from '../format.ts'
import { conditionOf, conditions, type Condition } from './condition.ts'

/** How a PoP stands: what is said of it at once, from its own state and from the alert that is open for it. */
export interface Standing {
  readonly pop: Pop
  readonly alert: Alert | null
  readonly condition: Condition
  /** What it is compared with; null: nothing. */
  readonly baselineMs: number | null
  /** Of its present value against that, percent. An alert tells that of when it was raised. */
  readonly changePercent: number | null
  /** When it began to be so, as far as that is known: an alert's beginning, the last sample of what is silent. */
  readonly since: number | null
  /** It is regressed as far as is known, and does not report: this is its last sample. */
  readonly until: number | null
}

const made = new WeakMap<Pop, Standing>()

/** The same as before for the same PoP and alert, so that who compares by identity sees that nothing has changed. */
export function standingOf (pop: Pop, alert: Alert | null): Standing {
  const before = made.get(pop)
  if (before?.alert === alert) return before
  const standing = standingNow(pop, alert)
  made.set(pop, standing)
  return standing
}

function standingNow (pop: Pop, alert: Alert | null): Standing {
  const condition = worse(conditionOf(pop), alert?.severity ?? 'healthy')
  const baselineMs = pop.baselineMs ?? alert?.baselineMs ?? null
  const changePercent = baselineMs === null || baselineMs <= 0 ? null : (pop.coldStartMs / baselineMs - 1) * 100
  const until = pop.status === 'silent' && condition !== 'silent' ? timeOf(pop.sampleTime) : null
  return { pop, alert, condition, baselineMs, changePercent, since: sinceOf(pop, alert, condition), until }
}

/** How long it has been so; null: that is not known. @param now until when durations run */
export function lastsOf ({ since, until }: Standing, now: number): string | null {
  return since === null ? null : duration(Math.min(now, until ?? now) - since)
}

/** By PoP, the worst of those that are open, and of two the older. */
export function alertsByPop (alerts: ReadonlyMap<string, Alert>): Map<string, Alert> {
  const found = new Map<string, Alert>()
  for (const alert of alerts.values()) {
    const known = found.get(alert.pop)
    if (known === undefined || isWorse(alert, known)) found.set(alert.pop, alert)
  }
  return found
}

function isWorse (alert: Alert, known: Alert): boolean {
  if (alert.severity !== known.severity) return alert.severity === 'critical'
  return Date.parse(alert.since) < Date.parse(known.since)
}

function worse (one: Condition, other: Condition): Condition {
  return conditions.indexOf(one) <= conditions.indexOf(other) ? one : other
}

function sinceOf (pop: Pop, alert: Alert | null, condition: Condition): number | null {
  if (alert !== null) return timeOf(alert.since)
  return condition === 'silent' ? timeOf(pop.sampleTime) : null
}

/** null: it says no time. */
export function timeOf (text: string): number | null {
  const time = Date.parse(text)
  return Number.isNaN(time) ? null : time
}
