import type { Alert, Pop } from '../../client/types.ts'
import type { Sort, SortKey } from './address.ts'
import { conditions } from './condition.ts'
import { alertsByPop, standingOf, timeOf, type Standing } from './standing.ts'

/** More rows than that, and only those that can be seen are made. */
export const WINDOWED_ABOVE = 100

/** Above and below what can be seen, so that a turn of the wheel finds them there. */
const OVERSCAN_ROWS = 10

/** As people sort: ä beside a, and fra2 before fra10. */
const collator = new Intl.Collator(undefined, { numeric: true })

type Key = string | number | null

const keyOf: Record<SortKey, (standing: Standing) => Key> = {
  code: ({ pop }) => pop.code,
  city: ({ pop }) => pop.city,
  country: ({ pop }) => pop.country,
  tier: ({ pop }) => pop.tier,
  value: ({ pop }) => pop.coldStartMs,
  baseline: ({ baselineMs }) => baselineMs,
  change: ({ changePercent }) => changePercent,
  state: ({ condition }) => conditions.indexOf(condition),
  since: ({ since }) => since,
  sample: ({ pop }) => timeOf(pop.sampleTime)
}

/** What is looked for there is the most of it. */
const largestFirst: ReadonlySet<SortKey> = new Set(['value', 'baseline', 'change', 'since', 'sample'])

/** PoPs with how they stand, in the order asked for. What is not known comes last, and equals keep their order. */
export function sorted (pops: readonly Pop[], alerts: ReadonlyMap<string, Alert>, { key, descending }: Sort): Standing[] {
  const open = alertsByPop(alerts)
  const keyed = pops.map((pop) => {
    const standing = standingOf(pop, open.get(pop.code) ?? null)
    return { standing, key: keyOf[key](standing) }
  })
  return keyed.sort((one, other) => compared(one.key, other.key, descending)).map(({ standing }) => standing)
}

/** The order that a click on a column's name asks for: the other way round, or what is looked for first. */
export function nextSort (sort: Sort, key: SortKey): Sort {
  return { key, descending: sort.key === key ? !sort.descending : largestFirst.has(key) }
}

export interface VisibleRows { readonly first: number, readonly end: number }

/** The rows that can be seen, from `first` to before `end`. A region that was not measured yet shows the first ones. */
export function visibleRows (scrollTop: number, height: number, rowHeight: number, total: number): VisibleRows {
  const perPage = Math.ceil(positive(height) / Math.max(1, positive(rowHeight)))
  const scrolled = Math.floor(positive(scrollTop) / Math.max(1, positive(rowHeight)))
  // The list may have become shorter than what was scrolled to.
  const top = Math.max(0, Math.min(scrolled, total - perPage))
  return { first: Math.max(0, top - OVERSCAN_ROWS), end: Math.min(total, top + perPage + OVERSCAN_ROWS + 1) }
}

function compared (one: Key, other: Key, descending: boolean): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null)
  const order = typeof one === 'number' && typeof other === 'number' ? one - other : collator.compare(String(one), String(other))
  return descending ? -order : order
}

function positive (value: number): number {
  return Number.isFinite(value) ? Math.max(0, value) : 0
}
