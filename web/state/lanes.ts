import type { Pop } from '../../client/types.ts'
import { clock, duration, shortClock } from '../format.ts'
import { openTimes, type OpenTime } from './open-times.ts'
import type { Window } from './series.ts'
import { severityOf, worstOf, type Severity, type Span } from './spans.ts'

/** A regression as it is drawn: where it lies in the window, in parts of one severity each. */
export interface Bar extends Window {
  readonly span: Span
  /** It began before the window. */
  readonly isCut: boolean
  readonly parts: ReadonlyArray<Window & { readonly severity: Severity }>
  /** Behind it, where it may have gone on and nothing is known. */
  readonly rest: Window | null
  readonly words: string
}

export interface PopLane {
  readonly kind: 'pop'
  readonly code: string
  readonly country: string | null
  readonly bars: readonly Bar[]
}

export interface GroupLane {
  readonly kind: 'group'
  readonly country: string | null
  readonly lanes: readonly PopLane[]
  /** When any of them was open. */
  readonly times: readonly OpenTime[]
}

export type Lane = PopLane | GroupLane

/** More lanes are grouped by country. */
export const MOST_LANES = 12

const closeWords: Record<string, string> = {
  recovered: 'recovered',
  gone: 'gone: does not report any more',
  new_normal: 'new normal: stays slower'
}

/** How an end is told. */
export function endWords ({ closeReason }: Pick<Span, 'closeReason'>): string {
  return closeReason === null ? 'ended' : closeWords[closeReason] ?? closeReason.replaceAll('_', ' ')
}

/** What is open first, then what was lately; worse before less bad. @param end what is open is drawn until then */
export function lanesOf (spans: readonly Span[], pops: ReadonlyMap<string, Pop>, window: Window, end: number): Lane[] {
  const lanes = byPop(spans, pops, window, end).sort(compare)
  if (lanes.length <= MOST_LANES) return lanes
  const countries = new Map<string | null, PopLane[]>()
  for (const lane of lanes) countries.set(lane.country, [...countries.get(lane.country) ?? [], lane])
  return Array.from(countries, ([country, lanes]): Lane => {
    const [only] = lanes
    if (lanes.length === 1 && only !== undefined) return only
    const all = lanes.flatMap(({ bars }) => bars.map(({ span }) => span))
    return { kind: 'group', country, lanes, times: openTimes(all, { from: window.from, to: end }, end) }
  })
}

/** The first so many, and how many PoPs are in the others. */
export function firstLanes (lanes: readonly Lane[], most: number): { readonly shown: readonly Lane[], readonly more: number } {
  const rest = lanes.slice(most)
  return { shown: lanes.slice(0, most), more: rest.reduce((sum, lane) => sum + (lane.kind === 'pop' ? 1 : lane.lanes.length), 0) }
}

function byPop (spans: readonly Span[], pops: ReadonlyMap<string, Pop>, window: Window, end: number): PopLane[] {
  const bars = new Map<string, Bar[]>()
  for (const span of spans) {
    const bar = barOf(span, pops.get(span.pop), window, end)
    if (bar !== null) bars.set(span.pop, [...bars.get(span.pop) ?? [], bar])
  }
  return Array.from(bars, ([code, bars]) => ({
    kind: 'pop', code, country: pops.get(code)?.country ?? null, bars: bars.sort((a, b) => a.from - b.from)
  }))
}

function barOf (span: Span, pop: Pop | undefined, window: Window, end: number): Bar | null {
  // What was just found may have begun after the last sample that is known here.
  const to = Math.min(span.to ?? Math.max(end, span.from), window.to)
  if (to < window.from || span.from > window.to) return null
  const from = Math.max(span.from, window.from)
  const parts = span.steps.map(({ at, severity }, index) => {
    const next = span.steps[index + 1]?.at ?? to
    return { from: Math.max(at, from), to: Math.min(next, to), severity }
  }).filter((part, _, all) => part.to > part.from || all.length === 1)
  const restTo = span.to === null ? end < window.to ? window.to : to : Math.min(span.goneBy ?? to, window.to)
  const rest = restTo > to ? { from: to, to: restTo } : null
  return { span, from, to, isCut: span.from < window.from, parts, rest, words: barWords(span, pop, end) }
}

function barWords (span: Span, pop: Pop | undefined, end: number): string {
  const { pop: code, from, to, goneBy, steps } = span
  const city = pop?.city == null ? '' : ` ${pop.city}`
  const changes = steps.map(({ at, severity }) => `${severity} since ${shortClock(at)}`).join(', ')
  const long = duration((to ?? Math.max(end, from)) - from)
  const ending = to === null
    ? `open, ${long}`
    : `${endWords(span)} ${goneBy === null ? `at ${shortClock(to)} after ${long}` : `between ${clock(to)} and ${clock(goneBy)}`}`
  return `${code}${city}: ${changes}, ${ending}`
}

function compare (a: PopLane, b: PopLane): number {
  const [isBefore, isAfter] = [rank(a), rank(b)]
  return isBefore - isAfter || latest(b) - latest(a) || (a.code < b.code ? -1 : 1)
}

function rank ({ bars }: PopLane): number {
  const open = bars.find(({ span }) => span.to === null)
  if (open !== undefined) return severityOf(open.span) === 'critical' ? 0 : 1
  return bars.some(({ span }) => worstOf(span) === 'critical') ? 2 : 3
}

/** Of what is open, its beginning: a lane does not move while its bar grows. */
function latest ({ bars }: PopLane): number {
  return Math.max(...bars.map(({ span }) => span.to ?? span.from))
}
