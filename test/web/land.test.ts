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
const { landPath, VIEW: view } = await import(script) as { landPath: () => string, VIEW: [number, number] }

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

/** As d3-geo writes it itself, in whole units; corners that follow on themselves once. */
function reference (): [number, number][][] {
  const file = createRequire(import.meta.url).resolve('world-atlas/land-110m.json')
  const atlas = JSON.parse(readFileSync(file, 'utf8')) as Topology
  const projection = geoNaturalEarth1().fitSize([VIEW.width, VIEW.height], { type: 'Sphere' })
  const path = geoPath(projection).digits(3)(feature(atlas, atlas.objects.land as never)) as string
  return path.split('Z').filter((ring) => ring !== '').map((ring) => {
    const corners = Array.from(ring.matchAll(/(-?[\d.]+),(-?[\d.]+)/g), ([, x, y]): [number, number] => [Number(x), Number(y)])
    return corners.filter((corner, index) => {
      const before = corners[index - 1]
      return before === undefined || corner.some((value, axis) => Math.round(value) !== Math.round(before[axis] as number))
    })
  })
}

t.test('the land is drawn where d3-geo draws it, to half a unit', async (t) => {
  const rings = ringsOf(landPath())
  const expected = reference()
  t.strictSame(rings.map(({ length }) => length), expected.map(({ length }) => length))
  const flat = expected.flat(2)
  const off = rings.flat(2).map((value, index) => Math.abs(value - (flat[index] as number)))
  t.ok(off.length > 5_000, `${off.length} coordinates`)
  t.ok(Math.max(...off) <= 0.5005, `${Math.max(...off)}`)
})

t.test('it is a path of the view that PoPs are put on, and a small one', async (t) => {
  t.strictSame(view, [VIEW.width, VIEW.height])
  t.match(landPath(), /^m[-\d ]+z(m[-\d ]+z)+$/)
  for (const [x, y] of ringsOf(landPath()).flat()) {
    if (x < 0 || x > VIEW.width || y < 0 || y > VIEW.height) t.fail(`${x},${y} is beyond the view`)
  }
  const { length } = gzipSync(landPath(), { level: 9 })
  t.comment(`${length} bytes`)
  t.ok(length < 8_000, `${length} bytes, gzipped`)
})
