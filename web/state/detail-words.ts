import type { Alert, Pop } from '../../client/types.ts'
import { duration, ms, percent, shortClock } from '../format.ts'
import type { PopFacts } from './detail.ts'
import { endWords } from './lanes.ts'
import type { Severity, Span } from './spans.ts'

const kindWords: Record<Alert['baselineKind'], string> = {
  day: 'same time a day earlier',
  week: 'same time a week earlier',
  hour: 'the hour before',
  start: 'the first hour seen'
}

/** What is known of a comparison, in words; the server may know more kinds than this page. */
export function baselineWords (kind: string, days = 1): string {
  if (kind === 'day' && days > 1) return `same time on the last ${days} days`
  return Object.hasOwn(kindWords, kind) ? kindWords[kind as Alert['baselineKind']] : kind
}

/** How far its value is from what is usual; null: there is nothing to compare it with. */
export function changeWords ({ coldStartMs, baselineMs }: Pick<Pop, 'coldStartMs' | 'baselineMs'>): string | null {
  if (baselineMs === null || baselineMs <= 0) return null
  const change = (coldStartMs / baselineMs - 1) * 100
  return `${percent(change)} ${change < 0 ? 'below' : 'above'} ${ms(baselineMs)}`.replace('\u2212', '')
}

/** One regression of a PoP, as its sheet lists it. */
export interface Listed {
  readonly id: string
  readonly severity: Severity
  readonly when: string
  readonly what: string
  readonly end: string
}

/**
 * Open ones first, then closed ones, newest first.
 * @param alert as the feed has it, which may be newer than the answer @param span the same over time
 * @param until how far what is open is known
 */
export function listed (
  facts: Pick<PopFacts, 'open' | 'closed'> | null, alert: Alert | null, span: Span | null, now: number, until = now
): Listed[] {
  const closed = facts?.closed ?? []
  const isOver = new Set(closed.map(({ id }) => id))
  const open = [...alert === null ? [] : [alert], ...(facts?.open ?? []).filter(({ id }) => id !== alert?.id && !isOver.has(id))]
  return [
    ...open.map((one) => {
      const since = Date.parse(one.since)
      const changes = span?.id === one.id ? span.steps.slice(1) : []
      const when = [`since ${shortClock(since)}`, ...changes.map(({ at, severity }) => `${severity} from ${shortClock(at)}`)]
      return { ...described(one), when: when.join(', '), end: `open, ${duration(until - since)}` }
    }),
    ...closed.filter(({ id }) => id !== alert?.id).map((one) => {
      const [since, to] = [Date.parse(one.since), Date.parse(one.closedAt)]
      const end = endWords({ closeReason: one.closeReason })
      const when = `${dayOf(since, now)}${shortClock(since)} to ${shortClock(to)} (${duration(to - since)})`
      return { ...described(one), when, end }
    })
  ]
}

function described ({ id, severity, recentMs, changePercent, baselineMs }: Alert): Pick<Listed, 'id' | 'severity' | 'what'> {
  return { id, severity, what: `${ms(recentMs)}, ${percent(changePercent)} against ${ms(baselineMs)}` }
}

/** Of what began on another day. */
function dayOf (time: number, now: number): string {
  const [day, today] = [time, now].map((value) => new Date(value).toISOString().slice(0, 10))
  return day === today ? '' : `${day} `
}
