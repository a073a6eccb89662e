import type { ConnectionState, Freshness, Snapshot } from '../../client/types.ts'
import { age, clock, ms, shortClock } from '../format.ts'
import { placeOf } from './attention.ts'
import { conditionWords, type Condition } from './condition.ts'
import { alertsByPop, standingOf, timeOf, type Standing } from './standing.ts'

/** What a summary is of. */
export interface Summarised {
  readonly snapshot: Snapshot
  /** As of `now`. */
  readonly freshness: Freshness
  readonly now: number
  /** The address of the page, with a PoP or without. */
  readonly link: (pop: string | null) => string
}

/** So many are told of; of the others it is told that they are. */
const MAX_TOLD = 3

/** The state of the whole as a line for an incident channel. */
export function summaryOf (summarised: Summarised): string {
  const { snapshot: { overview, server }, freshness, link } = summarised
  if (freshness.state === 'none' || overview === null) return line(summarised, ['No data yet'], link(null))
  if (overview.totalPops === 0) return line(summarised, ['No PoP reports'], link(null))
  const regressed = regressedOf(summarised)
  const critical = regressed.filter(({ condition }) => condition === 'critical')
  const told = critical.length > 0 ? critical : regressed
  const limit = server?.healthyBelowMs ?? null
  const healthy = `${overview.healthyPops}/${overview.totalPops} ${limit === null ? 'healthy' : `below ${plain(limit)}`}`
  const warnings = critical.length > 0 ? regressed.length - critical.length : 0
  const counts = [
    healthy,
    ...warnings > 0 ? [counted(warnings, 'warning')] : [],
    ...overview.silentPops > 0 ? [`${overview.silentPops} silent`] : []
  ]
  return line(summarised, [told.length === 0 ? 'No regression' : listOf(told, summarised.now), counts.join(', ')],
    link(told.length === 1 ? told[0]!.code : null))
}

/** The state of one PoP as such a line. */
export function popSummaryOf (code: string, summarised: Summarised): string {
  const { snapshot: { pops, alerts }, freshness, now, link } = summarised
  if (freshness.state === 'none') return line(summarised, ['No data yet'], link(code))
  const pop = pops.get(code)
  if (pop === undefined) return line(summarised, [`${code} is not known (any more)`], link(code))
  const standing = standingOf(pop, alertsByPop(alerts).get(code) ?? null)
  // That it is silent stands beside its value.
  const word = standing.condition === 'silent' ? '' : `${conditionWords[standing.condition]}: `
  return line(summarised, [`${word}${reading(toldOf(standing), now)}`], link(code))
}

interface Told {
  readonly code: string
  readonly place: string
  readonly valueMs: number
  /** It is the last one it had. */
  readonly isSilent: boolean
  readonly sampledAt: number | null
  readonly baselineMs: number | null
  readonly baselineKind: string | null
  readonly since: number | null
}

type Regressed = Told & { readonly condition: Condition, readonly changePercent: number }

/** From the alerts, since the PoPs may be filtered, worst first; and what the PoPs themselves say. */
function regressedOf ({ snapshot: { pops, alerts } }: Summarised): Regressed[] {
  const open = alertsByPop(alerts)
  const ofAlerts = Array.from(open.values(), (alert): Regressed => {
    const pop = pops.get(alert.pop)
    if (pop !== undefined) return ofPop(standingOf(pop, alert))
    const { recentMs, baselineMs, baselineKind, changePercent, severity, since } = alert
    return {
      code: alert.pop,
      place: '',
      valueMs: recentMs,
      isSilent: false,
      sampledAt: null,
      baselineMs,
      baselineKind,
      since: timeOf(since),
      condition: severity,
      changePercent
    }
  })
  const ofPops = Array.from(pops.values()).filter(({ code, regression }) =>
    (regression === 'critical' || regression === 'warning') && !open.has(code))
  return [...ofAlerts, ...ofPops.map((pop) => ofPop(standingOf(pop, null)))].sort((one, other) =>
    Number(other.condition === 'critical') - Number(one.condition === 'critical') ||
    other.changePercent - one.changePercent || (one.code < other.code ? -1 : 1))
}

function ofPop (standing: Standing): Regressed {
  return { ...toldOf(standing), condition: standing.condition, changePercent: standing.changePercent ?? 0 }
}

function toldOf ({ pop, alert, baselineMs, since }: Standing): Told {
  return {
    code: pop.code,
    place: placeOf({ ...pop, tier: null }),
    valueMs: pop.coldStartMs,
    isSilent: pop.status === 'silent',
    sampledAt: timeOf(pop.sampleTime),
    baselineMs,
    baselineKind: alert?.baselineKind ?? null,
    since: alert === null ? null : since
  }
}

function listOf (told: readonly Regressed[], now: number): string {
  const { condition } = told[0]!
  const count = condition === 'critical' ? `${told.length} critical` : counted(told.length, 'warning')
  const more = told.length > MAX_TOLD ? [`and ${told.length - MAX_TOLD} more`] : []
  return `${count}: ${[...told.slice(0, MAX_TOLD).map((one) => reading(one, now)), ...more].join('; ')}`
}

/** 'fra1 Frankfurt DE 13.2 ms, 193 % above 4.5 ms (day), since 10:38Z' */
function reading ({ code, place, valueMs, isSilent, sampledAt, baselineMs, baselineKind, since }: Told, now: number): string {
  const last = sampledAt === null ? '' : ` at ${beginning(sampledAt, now, clock)}`
  const value = isSilent ? `silent, last ${plain(valueMs)}${last}` : plain(valueMs)
  return [
    [code, place, value].filter((part) => part !== '').join(' '),
    ...baselineMs === null || baselineMs <= 0 ? [] : [against(valueMs, baselineMs, baselineKind)],
    ...since === null ? [] : [`since ${beginning(since, now)}`]
  ].join(', ')
}

function against (valueMs: number, baselineMs: number, kind: string | null): string {
  const change = Math.round((valueMs / baselineMs - 1) * 100)
  const where = change === 0 ? 'as usual:' : `${Math.abs(change)} % ${change > 0 ? 'above' : 'below'}`
  return `${where} ${plain(baselineMs)}${kind === null ? '' : ` (${kind})`}`
}

/** With its day, if that is not today. */
function beginning (since: number, now: number, told: (time: number) => string = shortClock): string {
  const [day, today] = [since, now].map((time) => new Date(time).toISOString().slice(0, 10))
  return day === today ? told(since) : `${day} ${told(since)}`
}

/** '[popcast 10:42:44Z] SIMULATED. STALE since 10:39:04Z. ... Data 3 min old. https://...' */
function line (summarised: Summarised, sentences: readonly string[], link: string): string {
  const { freshness: { ageMs }, now } = summarised
  const parts = [...caveats(summarised), ...sentences, ...ageMs === null ? [] : [`Data ${age(ageMs)} old`]]
  return `[popcast ${clock(now)}] ${parts.join('. ')}. ${link}`
}

/** What has to be known before any of it is believed. */
function caveats ({ snapshot: { server, connection }, freshness: { state, dataTime, sourceError }, now }: Summarised): string[] {
  const staleSince = dataTime ?? sourceError?.since ?? null
  return [
    ...server?.source === 'demo' ? ['SIMULATED'] : [],
    ...state === 'stale' ? [staleSince === null ? 'STALE' : `STALE since ${beginning(staleSince.getTime(), now, clock)}`] : [],
    ...state === 'late' ? ['Update overdue'] : [],
    ...sourceError === null ? [] : [`Source failing since ${beginning(sourceError.since.getTime(), now, clock)}`],
    ...connection.name === 'connecting' && state === 'none' ? ['Connecting'] : connectionWords[connection.name]
  ]
}

const connectionWords: Record<ConnectionState['name'], readonly string[]> = {
  idle: ['Not connected'],
  connecting: ['Reconnecting'],
  syncing: [],
  live: [],
  draining: ['Server restarting'],
  waiting: ['Reconnecting'],
  failed: ['Connection stopped']
}

function counted (count: number, word: string): string {
  return `${count} ${count === 1 ? word : `${word}s`}`
}

/** 4.5 ms rather than 4.50 ms: nobody compares columns in a sentence. */
function plain (milliseconds: number): string {
  return ms(milliseconds).replace(/(\.\d*?)0+ /, '$1 ').replace('. ', ' ')
}
