import type { Alert } from '../../client/types.ts'

export type Severity = Alert['severity']

/** How bad it was from a time on. */
export interface Step {
  readonly at: number
  readonly severity: Severity
}

/** One regression over time, ms since the epoch. */
export interface Span {
  readonly id: string
  readonly pop: string
  readonly from: number
  /** null: it is open. */
  readonly to: number | null
  /** Where nobody saw its end: it was open until `to`, and by this time it was not. null: its end is known, or there is none. */
  readonly goneBy: number | null
  /** In their order; the first is at `from`. */
  readonly steps: readonly Step[]
  /** null: it is open, or it ended while nobody looked and nobody has said why yet. */
  readonly closeReason: string | null
}

/** By id: the same regression is the same one, whoever tells of it and however often. Immutable. */
export type Spans = ReadonlyMap<string, Span>

export interface ClosedAlert extends Alert {
  readonly closedAt: string
  readonly closeReason: string
}

/** What is used of `GET /api/regressions`. */
export interface Regressions {
  readonly open: readonly Alert[]
  readonly closed: readonly ClosedAlert[]
}

/** Closed ones are kept for so long. */
const KEPT_MS = 2 * 3_600_000

/**
 * After `GET /api/regressions`. What it says of an end is exact; an answer may be older than the alerts that came meanwhile,
 * so it opens nothing that is closed.
 */
export function withRegressions (spans: Spans, { open, closed }: Regressions): Spans {
  const next = new Map(spans)
  for (const alert of open) {
    if (!next.has(alert.id)) next.set(alert.id, opened(alert))
  }
  for (const alert of closed) {
    const span = next.get(alert.id) ?? opened(alert)
    next.set(alert.id, ended(span, Date.parse(alert.closedAt), alert.closeReason))
  }
  return next
}

/** After an alert, live or replayed. @param at time of the data in which it was found */
export function withAlert (spans: Spans, alert: Alert, at: number): Spans {
  const known = spans.get(alert.id) ?? opened(alert)
  // `opened` that comes again is of the past, and so is everything of what is closed.
  const span = known.to === null && alert.state === 'updated' ? stepped(known, alert.severity, at) : known
  if (alert.state !== 'resolved') return replaced(spans, span)
  // An end that is known with its reason is the better one.
  if (span.to !== null && span.closeReason !== null) return replaced(spans, span)
  return replaced(spans, ended(span, span.to ?? at, alert.closeReason ?? null, span.goneBy))
}

/**
 * With exactly these open, as `open_alerts` has it: one that is not among them ended while nobody looked, at the latest now;
 * and one that was taken for closed and is among them is open again, as after the restart of a server that knew nothing yet.
 * @param knownAt when it was last known what is open
 */
export function withOpen (spans: Spans, alerts: ReadonlyMap<string, Alert>, at: number, knownAt = at): Spans {
  let next = spans
  for (const span of spans.values()) {
    if (span.to === null && !alerts.has(span.id)) next = replaced(next, ended(span, Math.min(knownAt, at), null, at))
  }
  for (const alert of alerts.values()) {
    const known = next.get(alert.id)
    const span = known === undefined ? opened(alert) : stepped({ ...known, ...open }, alert.severity, at)
    if (known?.to !== null || span.steps !== known.steps) next = replaced(next, span)
  }
  return next
}

/** Without what ended long before `now`. */
export function pruned (spans: Spans, now: number): Spans {
  const isOld = ({ to }: Span) => to !== null && to < now - KEPT_MS
  if (![...spans.values()].some(isOld)) return spans
  return new Map([...spans].filter(([, span]) => !isOld(span)))
}

/** What it is now, or was at its end. */
export function severityOf ({ steps }: Span): Severity {
  return steps.at(-1)!.severity
}

/** How bad it ever was. */
export function worstOf ({ steps }: Span): Severity {
  return steps.some(({ severity }) => severity === 'critical') ? 'critical' : 'warning'
}

const open = { to: null, goneBy: null, closeReason: null } as const

/** When it began. What severity it had before it was first told is not known: it is taken to be the same. */
function opened ({ id, pop, since, severity }: Alert): Span {
  const from = Date.parse(since)
  return { id, pop, from, steps: [{ at: from, severity }], ...open }
}

function stepped (span: Span, severity: Severity, at: number): Span {
  if (severityOf(span) === severity) return span
  // A clock that was set back does not turn the order round.
  return { ...span, steps: [...span.steps, { at: Math.max(at, span.steps.at(-1)!.at), severity }] }
}

function ended (span: Span, at: number, closeReason: string | null, goneBy: number | null = null): Span {
  const to = Math.max(at, span.from)
  return { ...span, to, goneBy, closeReason, steps: span.steps.filter((step, index) => index === 0 || step.at < to) }
}

function replaced (spans: Spans, span: Span): Spans {
  if (spans.get(span.id) === span) return spans
  return new Map(spans).set(span.id, span)
}
