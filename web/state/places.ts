import type { Pop } from '../../client/types.ts'
import { conditionOf, conditions, type Condition } from './condition.ts'
import { project } from './projection.ts'

/** PoPs whose coordinates round to the same tenth of a degree are drawn as one mark. */
const CELLS_PER_DEGREE = 10
const CELLS_AROUND = 360 * CELLS_PER_DEGREE

export interface Place {
  /** The same for as long as the place is there. */
  readonly key: string
  readonly x: number
  readonly y: number
  /** The worst of its PoPs. */
  readonly condition: Condition
  /** Those for which it is so do not report any more. */
  readonly isPast: boolean
  /** Of its PoPs: the worst first, then by name. */
  readonly codes: readonly string[]
}

export interface Places {
  /** Worst first, then by name. */
  readonly places: readonly Place[]
  /** PoPs that have no coordinates that can be drawn. */
  readonly unlocated: number
}

export const nowhere: Places = { places: [], unlocated: 0 }

const ranks = Object.fromEntries(conditions.map((condition, rank) => [condition, rank])) as Record<Condition, number>

/**
 * Where PoPs are, and how. Latencies are no part of it: while nothing that is drawn changes it returns `before`, and of what does
 * change it keeps the places that stay, so that a view can tell by identity what to draw again.
 */
export function placesOf (pops: readonly Pop[], before: Places = nowhere): Places {
  const cells = new Map<number, Pop[]>()
  let unlocated = 0
  for (const pop of pops) {
    const cell = cellOf(pop)
    const members = cell === null ? undefined : cells.get(cell)
    if (cell === null) unlocated++
    else if (members === undefined) cells.set(cell, [pop])
    else members.push(pop)
  }
  const known = new Map(before.places.map((place) => [place.key, place]))
  let isChanged = unlocated !== before.unlocated || cells.size !== known.size
  const places = Array.from(cells, ([cell, members]) => {
    const last = known.get(String(cell))
    const place = placeOf(cell, members, last)
    isChanged ||= place !== last
    return place
  })
  return isChanged ? { places: places.sort(worstFirst), unlocated } : before
}

/**
 * null: without coordinates, or with some that are not on the globe. So is exactly 0,0: it is what geocoders and empty columns
 * leave, in the Gulf of Guinea, and no PoP is there.
 */
function cellOf ({ latitude, longitude }: Pop): number | null {
  if (latitude === null || longitude === null || (latitude === 0 && longitude === 0)) return null
  // Written so that NaN fails as well.
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return null
  const row = Math.round((latitude + 90) * CELLS_PER_DEGREE)
  // 180 degrees east and west are one meridian.
  const column = Math.round((longitude + 180) * CELLS_PER_DEGREE) % CELLS_AROUND
  return row * CELLS_AROUND + column
}

function placeOf (cell: number, members: readonly Pop[], last: Place | undefined): Place {
  const ranked = members.map((pop) => ({ code: pop.code, rank: ranks[conditionOf(pop)], isSilent: pop.status === 'silent' }))
  if (ranked.length > 1) ranked.sort((a, b) => a.rank - b.rank || order(a.code, b.code))
  const condition = conditions[ranked[0]?.rank as number] as Condition
  const isPast = ranked.every(({ rank, isSilent }) => isSilent || rank !== ranked[0]?.rank)
  if (last?.condition === condition && last.isPast === isPast && last.codes.length === ranked.length &&
    ranked.every(({ code }, index) => code === last.codes[index])) return last
  const row = Math.floor(cell / CELLS_AROUND)
  const { x, y } = project(row / CELLS_PER_DEGREE - 90, (cell % CELLS_AROUND) / CELLS_PER_DEGREE - 180)
  return { key: String(cell), x, y, condition, isPast, codes: ranked.map(({ code }) => code) }
}

function worstFirst (a: Place, b: Place): number {
  return ranks[a.condition] - ranks[b.condition] || order(a.codes[0] as string, b.codes[0] as string)
}

function order (a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

/** Which of its PoPs a place opens: the worst, and the next one each time that one of them is open already. */
export function codeToOpen ({ codes }: Place, selected: string | null): string {
  const index = selected === null ? -1 : codes.indexOf(selected)
  return codes[(index + 1) % codes.length] as string
}
