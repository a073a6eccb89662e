/**
 * The land of the world as the `d` of one SVG path, drawn when the page is built: Natural Earth at 1:110 million (public domain,
 * by world-atlas), in the projection that web/state/projection.ts puts PoPs on. A page that projected it itself would load
 * both libraries and be 30 ms later.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { geoNaturalEarth1, geoPath } from 'd3-geo'
import { feature } from 'topojson-client'

/** Of the view, in its units. The same numbers are in web/state/projection.ts, and a test compares them. */
export const VIEW = [1920, 960]

/** @returns {string} */
export function landPath () {
  const file = createRequire(import.meta.url).resolve('world-atlas/land-110m.json')
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
  let first = [0, 0]
  const step = (toX, toY) => {
    const [dx, dy] = [Math.round(toX) - x, Math.round(toY) - y];
    [x, y] = [x + dx, y + dy]
    return [dx, dy].map((length) => length < 0 ? length : ` ${length}`).join('')
  }
  return {
    moveTo (toX, toY) {
      path += `m${step(toX, toY)}`
      first = [x, y]
    },
    // Pairs behind an m are lines. What rounds to the same point is not drawn twice.
    lineTo (toX, toY) {
      if (Math.round(toX) !== x || Math.round(toY) !== y) path += step(toX, toY)
    },
    closePath () {
      path += 'z';
      [x, y] = first
    },
    path: () => path
  }
}
