/** Of the map, in its own units: what d3-geo's fitSize fits the whole globe into. */
export const VIEW = { width: 1920, height: 960 } as const

/** Units per radian: the globe's height, pole to pole, fills that of the view. */
const SCALE = 337.4600700220457
const RADIANS = Math.PI / 180

/** Below it there is Antarctica and sea. */
const INHABITED_HEIGHT = 840
const MARGIN = 20

export interface Point {
  readonly x: number
  readonly y: number
}

/**
 * Where a place is on the map: the Natural Earth projection (Savric et al. 2011), as d3-geo's geoNaturalEarth1 has it. Degrees
 * in, units of `VIEW` out.
 */
export function project (latitude: number, longitude: number): Point {
  const phi = latitude * RADIANS
  const p2 = phi * phi
  const p4 = p2 * p2
  const x = longitude * RADIANS * (0.8707 - 0.131979 * p2 + p4 * (-0.013791 + p4 * (0.003971 * p2 - 0.001529 * p4)))
  const y = phi * (1.007226 + p2 * (0.015085 + p4 * (-0.044475 + 0.028874 * p2 - 0.005916 * p4)))
  return { x: VIEW.width / 2 + SCALE * x, y: VIEW.height / 2 - SCALE * y }
}

/** Of the part of the view that is worth its room: down to Cape Horn, and to the pole only when something is there. */
export function shownHeight (points: readonly Point[]): number {
  return points.some(({ y }) => y > INHABITED_HEIGHT - MARGIN) ? VIEW.height : INHABITED_HEIGHT
}
