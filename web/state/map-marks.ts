import type { Condition } from './condition.ts'
import type { Place } from './places.ts'
import { VIEW, type Point } from './projection.ts'

/** How many places the map shows: up to 20, up to 200, more. It decides how large they are and which are named. */
export type Crowd = 'few' | 'some' | 'many'

export function crowdOf (places: number): Crowd {
  if (places <= 20) return 'few'
  return places <= 200 ? 'some' : 'many'
}

/** Widths in px, at the text size of a desk; what is worse is larger. */
const sizes: Record<Crowd, Record<Condition, number>> = {
  few: { healthy: 10, unknown: 10, slow: 10, silent: 10, warning: 12, critical: 14 },
  some: { healthy: 7, unknown: 7, slow: 7, silent: 8, warning: 10, critical: 12 },
  many: { healthy: 3, unknown: 4, slow: 5, silent: 6, warning: 7, critical: 9 }
}

export interface MapMark {
  readonly place: Place
  /** Of its middle, which is beside its place where something worse is in the way. */
  readonly x: number
  readonly y: number
  readonly size: number
  readonly isMoved: boolean
}

export interface MapMarks {
  /** Worst first, so the last is the first to draw. */
  readonly marks: readonly MapMark[]
  /** Warning and critical ones that found no room and may be behind another. */
  readonly covered: number
}

/** Two marks may overlap by so much of what they measure together, and both still show what they are. */
const APART = 0.85
const RINGS = 4
const STEPS_PER_RING = 8

/** Where a mark may stand, the nearest first, in its own sizes: its place, then rings around it. */
const spots: readonly Point[] = Array.from({ length: RINGS + 1 }, (_, ring) => {
  const steps = Math.max(1, STEPS_PER_RING * ring)
  return Array.from({ length: steps }, (_, step) => {
    const angle = 2 * Math.PI * step / steps
    return { x: ring * Math.cos(angle), y: ring * Math.sin(angle) }
  })
}).flat()

/**
 * The marks of places, of which no warning or critical one hides behind another: it steps aside instead, the less bad one and
 * of two equals the one later in the alphabet. `unit`: units of the view per px; `height`: of the part of it that is shown.
 * `places` come worst first.
 */
export function marksOf (places: readonly Place[], unit: number, height: number): MapMarks {
  const width = sizes[crowdOf(places.length)]
  const taken = new Neighbourhood(width.critical * unit, height)
  let covered = 0
  const marks = places.map((place) => {
    const size = width[place.condition] * unit
    const mark = { place, x: place.x, y: place.y, size, isMoved: false }
    if (place.condition !== 'critical' && place.condition !== 'warning') return mark
    const spot = spots.find(({ x, y }, index) => taken.isFree(mark.x + x * size, mark.y + y * size, size, index > 0))
    if (spot === undefined) covered++
    const { x, y } = spot ?? { x: 0, y: 0 }
    const placed = { place, x: mark.x + x * size, y: mark.y + y * size, size, isMoved: x !== 0 || y !== 0 }
    taken.add(placed)
    return placed
  })
  return { marks, covered }
}

/** Marks by the cell they are in. A cell is as wide as the largest mark, so whatever is too near is in one of nine. */
class Neighbourhood {
  readonly #cells: MapMark[][] = []
  readonly #width: number
  readonly #height: number
  readonly #columns: number

  constructor (width: number, height: number) {
    this.#width = width
    this.#height = height
    // One more on each side, so that a neighbour of the outermost is not the other end of the next row.
    this.#columns = Math.ceil(VIEW.width / width) + 2
  }

  /** `isInside`: only if all of it would be in view. */
  isFree (x: number, y: number, size: number, isInside: boolean): boolean {
    const radius = size / 2
    if (isInside && (x < radius || x > VIEW.width - radius || y < radius || y > this.#height - radius)) return false
    const cell = this.#cell(x, y)
    for (let row = -this.#columns; row <= this.#columns; row += this.#columns) {
      for (let near = cell + row - 1; near <= cell + row + 1; near++) {
        for (const other of this.#cells[near] ?? []) {
          if (Math.hypot(other.x - x, other.y - y) < APART * (other.size / 2 + radius)) return false
        }
      }
    }
    return true
  }

  add (mark: MapMark): void {
    (this.#cells[this.#cell(mark.x, mark.y)] ??= []).push(mark)
  }

  #cell (x: number, y: number): number {
    return (Math.floor(y / this.#width) + 1) * this.#columns + Math.floor(x / this.#width) + 1
  }
}
