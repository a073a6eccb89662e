import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import { geoNaturalEarth1, geoPath } from 'd3-geo'
import t from 'tap'
import { feature } from 'topojson-client'
import type { Topology } from 'topojson-specification'
import { VIEW } from '../../web/state/projection.ts'

/** It is not compiled, so it is not in dist/ either. */
const script = new URL('../../../scripts/land.js', import.meta.url).href
const { landPath, TOLERANCE, VIEW: view } = await import(script) as {
  landPath: () => string, TOLERANCE: number, VIEW: [number, number]
}

/** Of a path of m, relative pairs and z: the corners of each ring, as absolute pairs. */
function ringsOf (path: string): [number, number][][] {
  let [x, y] = [0, 0]
  return path.split('z').filter((ring) => ring !== '').map((ring) => {
    const numbers = Array.from(ring.slice(1).matchAll(/-?\d+/g), ([number]) => Number(number))
    const corners: [number, number][] = []
    for (let index = 0; index < numbers.length; index += 2) {
      [x, y] = [x + (numbers[index] as number), y + (numbers[index + 1] as number)]
      corners.push([x, y])
    }
    [x, y] = corners[0] as [number, number]
    return corners
  })
}

/** As d3-geo writes it itself. */
function reference (): [number, number][][] {
  const file = createRequire(import.meta.url).resolve('world-atlas/land-110m.json')
  const atlas = JSON.parse(readFileSync(file, 'utf8')) as Topology
  const projection = geoNaturalEarth1().fitSize([VIEW.width, VIEW.height], { type: 'Sphere' })
  const path = geoPath(projection).digits(3)(feature(atlas, atlas.objects.land as never)) as string
  return path.split('Z').filter((ring) => ring !== '')
    .map((ring) => Array.from(ring.matchAll(/(-?[\d.]+),(-?[\d.]+)/g), ([, x, y]): [number, number] => [Number(x), Number(y)]))
}

function distance ([x, y]: [number, number], [x0, y0]: [number, number], [x1, y1]: [number, number]): number {
  const [dx, dy] = [x1 - x0, y1 - y0]
  const along = dx === 0 && dy === 0 ? 0 : Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)))
  return Math.hypot(x - x0 - along * dx, y - y0 - along * dy)
}

/** How far the corner that is farthest from a ring is from it. */
function farthest (corners: [number, number][], ring: [number, number][]): number {
  const sides = ring.map((corner, index) => [corner, ring[(index + 1) % ring.length] as [number, number]] as const)
  return Math.max(...corners.map((corner) => Math.min(...sides.map(([from, to]) => distance(corner, from, to)))))
}

t.test('the shore is where d3-geo draws it, but for what may be left out and what rounding adds', async (t) => {
  const rings = ringsOf(landPath())
  const expected = reference()
  t.equal(rings.length, expected.length, 'no island is missing')
  const most = TOLERANCE + Math.SQRT1_2
  expected.forEach((ring, index) => {
    const off = Math.max(farthest(ring, rings[index]!), farthest(rings[index]!, ring))
    if (off > most) t.fail(`ring ${index} is ${off} off`)
  })
  const corners = rings.flat().length
  t.ok(corners > 2_200 && corners < expected.flat().length * 0.7, `${corners} of ${expected.flat().length} corners`)
})

t.test('it is a path of the view that PoPs are put on, and a small one', async (t) => {
  t.strictSame(view, [VIEW.width, VIEW.height])
  t.match(landPath(), /^m[-\d ]+z(m[-\d ]+z)+$/)
  for (const [x, y] of ringsOf(landPath()).flat()) {
    if (x < 0 || x > VIEW.width || y < 0 || y > VIEW.height) t.fail(`${x},${y} is beyond the view`)
  }
  const { length } = gzipSync(landPath(), { level: 9 })
  t.comment(`${length} bytes`)
  t.ok(length < 5_500, `${length} bytes, gzipped`)
})
