import type { Alert, Pop } from '../../client/types.ts'
import { duration, ms, percent } from '../format.ts'
import { conditions, type Condition } from './condition.ts'
import { alertsByPop, lastsOf, standingOf, type Standing } from './standing.ts'

/** A PoP that somebody has to look at, in words. */
export interface AttentionItem {
  readonly code: string
  readonly condition: Condition
  /** It does not report any more: that is the last that is known. */
  readonly isPast: boolean
  /** City, country, tier. */
  readonly place: string
  /** The value, or what is the matter. */
  readonly value: string
  readonly change: string | null
  readonly since: string | null
}

export interface Attention {
  /** Worst first. */
  readonly shown: readonly Standing[]
  readonly total: number
  /** Of the others: so many are healthy, and of so many it is not known. With `total` that is all. */
  readonly healthy: number
  readonly unknown: number
  /** What does not fit, in words: how many of which condition, by tier and country. */
  readonly more: string[]
}

/** So many places are named; then it only says how many are elsewhere. */
const MAX_PLACES = 6

/**
 * What needs attention: the regressed by severity and then by change, what is silent by how long, what is slow by how slow.
 * @param maxPlaces of how many places it is said how many are there that are not shown
 */
export function attentionOf (
  pops: Iterable<Pop>, alerts: ReadonlyMap<string, Alert>, limit: number, maxPlaces = MAX_PLACES
): Attention {
  const open = alertsByPop(alerts)
  const ranked: Ranked[] = []
  const others = { healthy: 0, unknown: 0 }
  for (const pop of pops) {
    const standing = standingOf(pop, open.get(pop.code) ?? null)
    const { condition } = standing
    if (condition === 'healthy' || condition === 'unknown') others[condition]++
    else ranked.push({ standing, rank: conditions.indexOf(condition), urgency: urgency[condition](standing) })
  }
  const standings = ranked.sort(byUrgency).map(({ standing }) => standing)
  const shown = standings.slice(0, Math.max(0, limit))
  return { shown, total: standings.length, ...others, more: groupsOf(standings.slice(shown.length), maxPlaces) }
}

/** City, country and tier, as far as they are known. */
export function placeOf ({ city, country, tier }: Pop): string {
  return [city, country, tierWord(tier)].filter((part) => part !== null && part !== '').join(' ')
}

/** A number alone says nothing. */
export function tierWord (tier: string | null): string | null {
  return tier !== null && /^\d+$/.test(tier) ? `t${tier}` : tier
}

/** What is worst among those of one condition: more comes first. */
const urgency: Record<Exclude<Condition, 'healthy' | 'unknown'>, (standing: Standing) => number> = {
  critical: ({ changePercent }) => changePercent ?? -Infinity,
  warning: ({ changePercent }) => changePercent ?? -Infinity,
  silent: ({ since }) => since === null ? -Infinity : -since,
  slow: ({ pop }) => pop.coldStartMs
}

interface Ranked {
  readonly standing: Standing
  readonly rank: number
  readonly urgency: number
}

function byUrgency (one: Ranked, other: Ranked): number {
  if (one.rank !== other.rank) return one.rank - other.rank
  if (one.urgency !== other.urgency) return one.urgency > other.urgency ? -1 : 1
  return one.standing.pop.code < other.standing.pop.code ? -1 : 1
}

/** @param now until when durations run: with data that is old, its time */
export function itemOf (standing: Standing, now: number): AttentionItem {
  const { pop, condition, changePercent, until } = standing
  const lasts = lastsOf(standing, now)
  const isSilent = condition === 'silent'
  return {
    code: pop.code,
    condition,
    place: placeOf(pop),
    isPast: until !== null,
    value: isSilent ? lasts === null ? 'no sample' : `for ${lasts}` : valueWords(standing, now),
    change: isSilent || changePercent === null || until !== null ? null : percent(changePercent),
    since: isSilent ? null : lasts
  }
}

function valueWords ({ pop, until }: Standing, now: number): string {
  return until === null ? ms(pop.coldStartMs) : `silent for ${duration(now - until)}`
}

/** '3 critical: 2 DE t1, 1 NL t2', for each condition that is among them. */
function groupsOf (rest: readonly Standing[], maxPlaces: number): string[] {
  const byCondition = grouped(rest, ({ condition }) => condition)
  return Array.from(byCondition, ([condition, group]) => {
    return `${group.length} ${condition}${maxPlaces === 0 ? '' : `: ${placesOf(group, maxPlaces)}`}`
  })
}

function placesOf (group: readonly Standing[], maxPlaces: number): string {
  const places = grouped(group, ({ pop: { country, tier } }) => [country, tierWord(tier)].filter(Boolean).join(' ') || 'unknown')
  const largest = Array.from(places, ([place, { length }]) => ({ place, length }))
    .sort((one, other) => other.length - one.length || (one.place < other.place ? -1 : 1))
  const named = largest.slice(0, maxPlaces).map(({ place, length }) => `${length} ${place}`)
  const others = largest.slice(maxPlaces).reduce((sum, { length }) => sum + length, 0)
  return [...named, ...others > 0 ? [`${others} in ${largest.length - maxPlaces} other places`] : []].join(', ')
}

function grouped <Item, Key> (items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}
