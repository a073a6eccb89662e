import type { Alert } from '../client/index.ts'
import { attention, lastedMs, type Concern } from './attention.ts'
import { headline } from './headline.ts'
import { numbersOf } from './numbers.ts'
import { presentOf, type WatchState } from './state.ts'
import { clean } from './text.ts'
import { age, baselines, ms, percent, stamp, UNKNOWN } from './words.ts'

/** What an update says, on one line. */
export function updateLine (state: WatchState): string {
  const { total, healthy, meanMs, regressed, silent } = numbersOf(state)
  const { word, details } = headline(state)
  const counts = [
    `${total === null ? UNKNOWN : `${healthy}/${total}`} healthy`,
    `mean ${ms(meanMs)}`,
    `${regressed ?? UNKNOWN} regressed`,
    `${silent ?? UNKNOWN} silent`
  ]
  return line(state, word, ...state.server?.source === 'demo' ? ['SIMULATED'] : [], sentence([...counts, ...details]))
}

/** How it stands with the connection and the data. */
export function headlineLine (state: WatchState): string {
  const { word, details } = headline(state)
  return line(state, word, sentence(details))
}

export function alertLine (alert: Alert, state: WatchState): string {
  const { severity, since, recentMs, baselineMs, baselineKind, changePercent, closeReason } = alert
  const { city = null, country = null } = state.pops.get(alert.pop) ?? {}
  const against = `${ms(baselineMs)} (${baselines[baselineKind] ?? baselineKind})`
  const change = `${ms(recentMs)}, ${percent(changePercent)} against ${against}`
  const end = closeReason === undefined ? '' : ` (${closeReason})`
  const place = placeOf(alert.pop, city, country)
  return line(state, 'ALERT', alert.state + end, severity, `${place}: ${change}, since ${stamp(Date.parse(since))}`)
}

/** What stands in brackets belongs to what is before it. */
export function sentence (details: readonly string[]): string {
  return details.join(', ').replaceAll(', (', ' (')
}

function placeOf (...parts: Array<string | null>): string {
  return parts.filter((part) => part !== null).join(' ')
}

/** Everything that needs attention, a line each. */
export function concernLines (state: WatchState): string[] {
  return attention(state).map((concern) => concernLine(concern, state))
}

function concernLine (concern: Concern, state: WatchState): string {
  const { condition, code, city, country, valueMs, changePercent, baselineMs, since, until } = concern
  const present = presentOf(state)
  const lasted = lastedMs(concern, present)
  const facts = [
    ...until === null ? [] : [`silent since ${stamp(until)} (${age(present - until)})`],
    ...valueMs === null ? [] : [ms(valueMs)],
    ...changePercent === null ? [] : [`${percent(changePercent)} against ${ms(baselineMs)}`],
    ...since === null || lasted === null ? [] : [`since ${stamp(since)} (${age(lasted)})`]
  ]
  return line(state, condition.toUpperCase(), `${placeOf(code, city, country)}: ${facts.join(', ')}`)
}

/** What others wrote cannot begin a line of its own, nor command a terminal. */
function line ({ now }: WatchState, ...words: string[]): string {
  return [stamp(now), ...words.map((word) => clean(word, Infinity))].filter((word) => word !== '').join(' ')
}
