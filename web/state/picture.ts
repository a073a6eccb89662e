import type { HistoryPoint, Pop } from '../../client/types.ts'
import { clock, ms } from '../format.ts'
import { rangeOf, type Range } from './axis.ts'
import type { Look } from './look.ts'
import { openTimes, type OpenTime } from './open-times.ts'
import { rhythmOf, samplesOf, seriesOf, type Sample, type Series, type Window } from './series.ts'
import type { Severity, Span } from './spans.ts'

export interface Rest {
  /** The last sample, which may lie before the window. */
  readonly from: number
  readonly kind: 'dotted' | 'shaded'
  readonly words: string
}

/** Everything that a chart shows; how it is drawn is not said. */
export interface Picture extends Window, Range {
  readonly series: Series
  readonly isOld: boolean
  /** Times behind the line. */
  readonly shades: readonly OpenTime[]
  /** Values across it. */
  readonly levels: ReadonlyArray<{ readonly value: number, readonly words: string }>
  /** Between which it is usual; null: not known. */
  readonly band: { readonly low: number, readonly high: number } | null
  readonly marks: ReadonlyArray<{ readonly time: number, readonly severity: Severity, readonly words: string }>
  /** From the last sample to the right edge: nothing is known there. */
  readonly rest: Rest | null
  /** In the place of a line. */
  readonly words: string | null
}

/** The right edge moves in steps of so much of the window: about a pixel. */
const EDGE_STEPS = 720

/** The window that ends now, by the feed's clock; data of a clock that is ahead of it stays on the screen. */
export function windowOf (now: number, windowMs: number, newest: number | null): Window {
  const stepMs = windowMs / EDGE_STEPS
  const to = Math.ceil(Math.max(now, newest ?? now) / stepMs) * stepMs
  return { from: to - windowMs, to }
}

export interface OverviewData {
  readonly history: readonly HistoryPoint[]
  readonly intervalMs: number
  readonly healthyBelowMs: number | null
  readonly windowMs: number
  /** By the feed's clock. */
  readonly now: number
  readonly look: Look
  readonly regressions: readonly Span[]
}

export function overviewPicture (data: OverviewData): Picture {
  const { history, intervalMs, healthyBelowMs, windowMs, now, look, regressions } = data
  const newest = history.at(-1)?.dataTime.getTime() ?? null
  const window = windowOf(now, windowMs, newest)
  const samples = samplesOf(history)
  const series = seriesOf(samples, window, rhythmOf(samples, intervalMs))
  const range = rangeOf(series.low, series.high, healthyBelowMs === null ? [] : [healthyBelowMs])
  const end = look === 'live' ? window.to : newest ?? window.from
  return {
    ...window,
    ...range,
    series,
    isOld: look === 'old',
    shades: openTimes(regressions, window, end),
    levels: levelsOf(range, healthyBelowMs),
    band: null,
    marks: [],
    rest: restOf(series, window, look),
    words: series.low !== null || look === 'old' ? null : newest === null || look === 'none' ? 'no data yet' : 'no PoP reported'
  }
}

function levelsOf ({ max }: Range, healthyBelowMs: number | null): Picture['levels'] {
  if (healthyBelowMs === null || healthyBelowMs > max) return []
  return [{ value: healthyBelowMs, words: `healthy below ${ms(healthyBelowMs)}` }]
}

export interface PopData {
  readonly points: readonly Sample[]
  readonly intervalMs: number
  readonly pop: Pop | null
  readonly windowMs: number
  readonly now: number
  readonly look: Look
  readonly open: ReadonlyArray<{ readonly since: number, readonly severity: Severity, readonly words: string }>
}

export function popPicture ({ points, intervalMs, pop, windowMs, now, look, open }: PopData): Picture {
  const newest = points.reduce<number | null>((newest, { time }) => Math.max(newest ?? time, time), null)
  const window = windowOf(now, windowMs, newest)
  const series = seriesOf(points, window, intervalMs)
  const band = bandOf(pop)
  const edges = [series.low, series.high, band?.low ?? null, band?.high ?? null].filter((edge) => edge !== null)
  return {
    ...window,
    ...rangeOf(edges.length > 0 ? Math.min(...edges) : null, edges.length > 0 ? Math.max(...edges) : null),
    series,
    isOld: look === 'old',
    shades: [],
    levels: pop?.baselineMs == null ? [] : [{ value: pop.baselineMs, words: `usual ${ms(pop.baselineMs)}` }],
    band,
    marks: open.map(({ since, ...mark }) => ({ time: since, ...mark }))
      .filter(({ time }) => time >= window.from && time <= window.to),
    rest: look !== 'old' && pop?.status === 'silent' ? shaded(series, window, 'silent') : restOf(series, window, look),
    words: series.low !== null || look === 'old' ? null : 'no data yet'
  }
}

function bandOf (pop: Pop | null): Picture['band'] {
  if (pop === null) return null
  const { baselineLowMs: low, baselineHighMs: high } = pop
  return low === null || high === null ? null : { low, high }
}

function restOf (series: Series, window: Window, look: Look): Picture['rest'] {
  if (look === 'old') return shaded(series, window, 'no data')
  if (look !== 'late' || series.last === null) return null
  return { from: series.last.time, kind: 'dotted', words: since('overdue', series.last.time) }
}

function shaded ({ newest }: Series, { from }: Window, words: string): Picture['rest'] {
  return { from: newest ?? from, kind: 'shaded', words: since(words, newest) }
}

/** @param time null: from before what is shown */
function since (words: string, time: number | null): string {
  return time === null ? words : `${words} since ${clock(time)}`
}
