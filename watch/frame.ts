import { attention, lastedMs, type Concern, type Condition } from './attention.ts'
import { headline, type Tone } from './headline.ts'
import { flow, render, span, table, type Line, type Span } from './layout.ts'
import { numbersOf } from './numbers.ts'
import { sparkline } from './sparkline.ts'
import { lookOf, presentOf, type WatchState } from './state.ts'
import type { Role, Style } from './style.ts'
import { age, clock, ms, percent, shortClock, UNKNOWN } from './words.ts'

/** Below so many rows only the headline, the numbers and the list are shown; above the second, with air between. */
const ROWS_FOR_ALL = 12
const ROWS_FOR_AIR = 16
const HISTORY_MS = 3_600_000
const MAX_SPARK_COLUMNS = 60

/** A shape beside each word: state is never told by colour alone. */
const toneMarks: Record<Tone, string> = { live: '(o)', late: '( )', stale: '(-)', waiting: '(~)', stopped: '(x)' }
const conditionMarks: Record<Condition, string> = { critical: '[X]', warning: '[!]', silent: '[-]', slow: '[^]' }

/** The screen: at most `rows` lines, none wider than `columns`. */
export function frame (state: WatchState, columns: number, rows: number, style: Style): string[] {
  const isRoomy = rows >= ROWS_FOR_ALL
  const air: Line[] = rows >= ROWS_FOR_AIR ? [[]] : []
  const top = [
    ...flow(strip(state), columns, isRoomy ? 5 : 3),
    ...state.unfit.length > 0 ? [[span(`[?] ${state.unfit.join('; ')}`, 'warning')]] : [],
    ...air,
    ...flow(numbers(state), columns, isRoomy ? 5 : 2),
    ...isRoomy ? spark(state, columns) : [],
    ...air
  ]
  const foot = isRoomy ? flow(footer(state), columns, 1) : []
  const room = rows - top.length - foot.length
  const list = concerns(state, columns, room - (foot.length > 0 ? air.length : 0))
  const blank: Line[] = foot.length > 0 ? Array.from({ length: Math.max(0, room - list.length) }, () => []) : []
  return [...top, ...list, ...blank, ...foot].slice(0, rows).map((line) => render(line, columns, style))
}

function strip (state: WatchState): Span[] {
  const { tone, word, details } = headline(state)
  return [
    span(`${toneMarks[tone]} ${word}`, tone),
    ...state.server?.source === 'demo' ? [span('SIMULATED', 'strong')] : [],
    ...details.map((text) => span(text)),
    // That it goes on says that the screen is not frozen.
    span(clock(state.now), 'muted')
  ]
}

/** Says of what is not of now from when it is. */
function asOf ({ freshness: { state, dataTime } }: WatchState): string | null {
  return state === 'stale' && dataTime !== null ? `as of ${clock(dataTime)}` : null
}

function numbers (state: WatchState): Span[] {
  const { total, healthy, meanMs, regressed, silent } = numbersOf(state)
  const of = asOf(state)
  const role = (wanted: Role) => lookOf(state) === 'old' ? 'muted' : wanted
  const count = (value: number | null, word: string, bad: Role) =>
    span(`${value ?? UNKNOWN} ${word}`, role(value ? bad : 'plain'))
  return [
    ...of === null ? [] : [span(of, 'stale')],
    ...state.selection === null ? [] : [span(`${state.selection}:`, 'muted')],
    span(`${total === null ? UNKNOWN : `${healthy}/${total}`} healthy`, role('strong')),
    count(regressed, 'regressed', 'critical'),
    count(silent, 'silent', 'strong'),
    span(`${ms(meanMs)} mean`, role('strong'))
  ]
}

function spark (state: WatchState, columns: number): Line[] {
  const { history, server, selection } = state
  const { dataTime, ageMs } = state.freshness
  if (server === null || dataTime === null) return []
  const label = `${selection === null ? '' : 'all PoPs, '}mean, last hour `
  const room = columns - label.length - 24
  const width = room < 10 ? Math.min(columns, MAX_SPARK_COLUMNS) : Math.min(room, MAX_SPARK_COLUMNS)
  const options = { columns: width, windowMs: HISTORY_MS, intervalMs: server.intervalMs, now: dataTime.getTime() + (ageMs ?? 0) }
  const found = sparkline(history, options)
  if (found === null) return []
  const bars = span(found.text, lookOf(state) === 'old' ? 'muted' : 'plain')
  return [room < 10 ? [bars] : [span(label, 'muted'), bars, span(` ${ms(found.lowMs)} to ${ms(found.highMs)}`, 'muted')]]
}

function concerns (state: WatchState, columns: number, room: number): Line[] {
  if (room < 1) return []
  const found = attention(state)
  const look = lookOf(state)
  const of = asOf(state)
  const when = of === null ? [] : [span(of, 'stale')]
  if (look === 'none') return [[span('no data yet', 'muted')]]
  if (found.length === 0) return flow([span(nothing(state), 'muted'), ...when], columns, 1)
  const title = flow([span(`NEEDS ATTENTION ${found.length}`, look === 'old' ? 'muted' : 'strong'), ...when], columns, 1)
  const fit = found.length <= room - 1 ? found.length : Math.max(0, room - 2)
  const more = found.length - fit
  return [
    ...title,
    ...table(found.slice(0, fit).map((concern) => row(concern, state)), IMPORTANCE, columns),
    ...more > 0 && room > 1 ? [[span(`${more} more`, 'muted')]] : []
  ]
}

function nothing (state: WatchState): string {
  if (numbersOf(state).total === 0) return 'no PoPs'
  return lookOf(state) === 'old' ? 'nothing needed attention' : 'nothing needs attention'
}

/** Of the columns of a row: the highest give way first. */
const IMPORTANCE = [0, 0, 4, 2, 1, 5, 3, 6]

function row (concern: Concern, state: WatchState): Span[] {
  const { condition, code, city, country, valueMs, changePercent, baselineMs, since, until } = concern
  const isOld = lookOf(state) === 'old'
  const present = presentOf(state)
  const lasted = lastedMs(concern, present)
  const duration = lasted === null ? '' : `for ${age(lasted)}`
  const began = since === null ? '' : `since ${shortClock(since, present)}`
  const role = (wanted: Role): Role => isOld ? 'muted' : wanted
  return [
    span(`${conditionMarks[condition]} ${condition}`, role(condition)),
    span(code, role('strong')),
    span([city, country].filter((part) => part !== null).join(' '), role('plain')),
    span(until === null ? ms(valueMs) : 'silent', role('plain')),
    span(changePercent === null ? '' : percent(changePercent), role('plain')),
    span(baselineMs === null || changePercent === null ? '' : `was ${ms(baselineMs)}`, role('muted')),
    // What is old goes on no longer: then it is the moment that can be relied on.
    span(isOld ? began : duration, role('plain')),
    span(isOld ? '' : began, role('muted'))
  ]
}

function footer ({ server, address, skipped }: WatchState): Span[] {
  return [
    span(`popcast ${server?.version ?? ''}`.trim(), 'muted'),
    ...skipped > 0 ? [span(`this screen missed ${skipped} updates (slow)`, 'warning')] : [],
    span(address, 'muted'),
    span('q quits', 'muted')
  ]
}
