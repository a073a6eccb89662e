/**
 * The land of the world as the `d` of one SVG path, drawn when the page is built: Natural Earth at 1:110 million (public domain,
 * by world-atlas), in the projection that web/state/projection.ts puts PoPs on. A page that projected it itself would load
 * both libraries and be 30 ms later. Corners that the line would miss by less than TOLERANCE are left out: on a desk a unit is
 * half a pixel, and the path is a third smaller.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { geoNaturalEarth1, geoPath } from 'd3-geo'
import { feature } from 'topojson-client'

/** Of the view, in its units. The same numbers are in web/state/projection.ts, and a test compares them. */
export const VIEW = [1920, 960]

/** The package that the land comes from. */
export const ATLAS = 'world-atlas'

/** In units of the view. */
export const TOLERANCE = 1.6

/** @returns {string} */
export function landPath () {
  const file = createRequire(import.meta.url).resolve(`${ATLAS}/land-110m.json`)
  const atlas = JSON.parse(readFileSync(file, 'utf8'))
  const steps = stepwise()
  geoPath(geoNaturalEarth1().fitSize(VIEW, { type: 'Sphere' }), steps)(feature(atlas, atlas.objects.land))
  return steps.path()
}

/**
 * A context for geoPath that writes whole units, each pair as a step from the last: less than half of what geoPath writes
 * itself, when gzipped.
 */
function stepwise () {
  let path = ''
  let [x, y] = [0, 0]
  let ring = []
  const step = (toX, toY) => {
    const [dx, dy] = [Math.round(toX) - x, Math.round(toY) - y];
    [x, y] = [x + dx, y + dy]
    return [dx, dy].map((length) => length < 0 ? length : ` ${length}`).join('')
  }
  return {
    moveTo: (toX, toY) => { ring = [[toX, toY]] },
    lineTo: (toX, toY) => { ring.push([toX, toY]) },
    closePath () {
      const [first, ...rest] = simplified(ring)
      path += `m${step(...first)}`
      const start = [x, y]
      // Pairs behind an m are lines. What rounds to the same point is not drawn twice.
      for (const [toX, toY] of rest) if (Math.round(toX) !== x || Math.round(toY) !== y) path += step(toX, toY)
      path += 'z';
      [x, y] = start
    },
    path: () => path
  }
}

/** A ring without the corners that hardly are corners (Douglas and Peucker), in two halves, as it ends where it begins. */
function simplified (ring) {
  const away = ring.map(([x, y]) => Math.hypot(x - ring[0][0], y - ring[0][1]))
  const far = away.indexOf(Math.max(...away))
  return [ring[0], ...between(ring, 0, far), ring[far], ...between([...ring, ring[0]], far, ring.length)]
}

/** The corners between two that are wanted. */
function between (ring, first, last) {
  const [[x0, y0], [x1, y1]] = [ring[first], ring[last]]
  const length = Math.hypot(x1 - x0, y1 - y0)
  let [worst, at] = [TOLERANCE, -1]
  for (let index = first + 1; index < last; index++) {
    const [x, y] = ring[index]
    // Of the side itself: a cape may lie beyond its end.
    const along = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length ** 2))
    const off = Math.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0))
    if (off > worst) [worst, at] = [off, index]
  }
  return at === -1 ? [] : [...between(ring, first, at), ring[at], ...between(ring, at, last)]
}
