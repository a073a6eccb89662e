import { geoNaturalEarth1 } from 'd3-geo'
import t from 'tap'
import { project, shownHeight, VIEW } from '../../web/state/projection.ts'

/** d3 keeps longitudes below 180: there it is the other edge of the map. */
const EAST = 179.999

t.test('a point is where d3-geo has it, all over the globe', async (t) => {
  const reference = geoNaturalEarth1().fitSize([VIEW.width, VIEW.height], { type: 'Sphere' })
  let worst = 0
  let points = 0
  for (let latitude = -90; latitude <= 90; latitude += 1.25) {
    for (let longitude = -180; longitude <= 180; longitude += 1.25) {
      const { x, y } = project(latitude, Math.min(longitude, EAST))
      const [expectedX, expectedY] = reference([Math.min(longitude, EAST), latitude]) as [number, number]
      worst = Math.max(worst, Math.abs(x - expectedX), Math.abs(y - expectedY))
      points++
    }
  }
  t.equal(points, 145 * 289)
  t.comment(`worst ${worst} units of ${points} points`)
  t.ok(worst < 0.001, `${worst}`)
})

t.test('poles and corners touch the edges of the view, and nothing is beyond', async (t) => {
  t.match(project(0, 0), { x: 960, y: 480 })
  t.ok(Math.abs(project(90, 0).y) < 1e-9)
  t.ok(Math.abs(project(-90, 0).y - VIEW.height) < 1e-9)
  t.ok(project(0, -180).x > 0 && project(0, 180).x < VIEW.width)
  t.equal(project(0, -180).x, VIEW.width - project(0, 180).x)
})

t.test('Antarctica takes room only when something is there', async (t) => {
  t.equal(shownHeight([]), 840)
  t.equal(shownHeight([project(-54.8, -68.3), project(69.6, 18.9)]), 840, 'Ushuaia and Tromso')
  t.equal(shownHeight([project(52, 5), project(-77.85, 166.67)]), VIEW.height, 'McMurdo')
})
