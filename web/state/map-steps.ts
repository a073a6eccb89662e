import type { MapMark } from './map-marks.ts'
import type { Point } from './projection.ts'

/**
 * What is pointed at: of the marks under the point the one on top, else the nearest within `reach`. `marks` come worst first,
 * which is from the top down. A search over all of them costs less than a hit area for each.
 */
export function markAt (marks: readonly MapMark[], { x, y }: Point, reach: number): MapMark | null {
  let nearest: MapMark | null = null
  let least = reach
  for (const mark of marks) {
    const away = Math.hypot(mark.x - x, mark.y - y)
    if (away <= mark.size / 2) return mark
    if (away < least || (nearest === null && away === least)) [nearest, least] = [mark, away]
  }
  return nearest
}

const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] } as const
export type Direction = keyof typeof directions

/**
 * The nearest mark in the quarter around a direction, or null. Nearest by dx + dy: with that each step that is aimed at a mark
 * comes nearer to it, so that all marks can be reached by arrow keys from each.
 */
export function stepFrom (marks: readonly MapMark[], from: MapMark, direction: Direction): MapMark | null {
  const [right, down] = directions[direction]
  let nearest: MapMark | null = null
  let least = Infinity
  for (const mark of marks) {
    const [dx, dy] = [mark.x - from.x, mark.y - from.y]
    const ahead = dx * right + dy * down
    const aside = Math.abs(dx * down) + Math.abs(dy * right)
    if (mark === from || ahead < aside || ahead <= 0) continue
    if (ahead + aside < least) [nearest, least] = [mark, ahead + aside]
  }
  return nearest
}

export function isDirection (key: string): key is Direction {
  return Object.hasOwn(directions, key)
}
