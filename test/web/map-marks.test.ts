import fc from 'fast-check'
import t from 'tap'
import { conditions } from '../../web/state/condition.ts'
import { crowdOf, marksOf } from '../../web/state/map-marks.ts'
import { placesOf } from '../../web/state/places.ts'
import { shownHeight, VIEW } from '../../web/state/projection.ts'
import { fleet, popAt } from '../support/map-pops.ts'

/** A place of each condition, and `count` in all, well apart. */
function spread (count: number) {
  return Array.from({ length: count }, (_, index) => (
    popAt(`p${index}`, -50 + Math.floor(index / 60) * 3, -170 + (index % 60) * 5.6, conditions[index % conditions.length])
  ))
}

t.test('the more places, the smaller the marks; the worse, the larger', async (t) => {
  const cases = [
    { count: 20, crowd: 'few', sizes: { critical: 14, warning: 12, silent: 10, slow: 10, unknown: 10, healthy: 10 } },
    { count: 21, crowd: 'some', sizes: { critical: 12, warning: 10, silent: 8, slow: 7, unknown: 7, healthy: 7 } },
    { count: 200, crowd: 'some', sizes: { critical: 12, warning: 10, silent: 8, slow: 7, unknown: 7, healthy: 7 } },
    { count: 201, crowd: 'many', sizes: { critical: 9, warning: 7, silent: 6, slow: 5, unknown: 4, healthy: 3 } },
    { count: 2_000, crowd: 'many', sizes: { critical: 9, warning: 7, silent: 6, slow: 5, unknown: 4, healthy: 3 } }
  ]
  for (const { count, crowd, sizes } of cases) {
    const { places } = placesOf(spread(count))
    t.equal(places.length, count)
    t.equal(crowdOf(places.length), crowd, `${count}`)
    for (const unit of [0.5, 2]) {
      const { marks } = marksOf(places, unit, VIEW.height)
      const drawn = marks.map(({ place, size }) => [place.condition, size / unit])
      t.strictSame(Object.fromEntries(drawn), sizes, `${count} at ${unit}`)
    }
  }
})

t.test('a mark is where its place is, until something worse is there', async (t) => {
  const { places } = placesOf([
    popAt('a', 52, 4.9, 'critical'), popAt('b', 51.9, 4.5, 'warning'), popAt('c', 51.5, 4.4, 'silent'),
    popAt('d', -33, 151, 'warning')
  ])
  const { marks, covered } = marksOf(places, 5.3, 840)
  const moved = marks.map(({ place, isMoved }) => [place.codes[0], isMoved])
  t.strictSame(moved, [['a', false], ['b', true], ['d', false], ['c', false]])
  t.equal(covered, 0)
  for (const { place, x, y, isMoved } of marks) if (!isMoved) t.strictSame([x, y], [place.x, place.y])
})

t.test('no warning or critical mark hides behind another, or it is counted', async () => {
  fc.assert(fc.property(fleet(), fc.double({ min: 0.25, max: 6, noNaN: true }), (pops, unit) => {
    const { places } = placesOf(pops)
    const height = shownHeight(places)
    const { marks, covered } = marksOf(places, unit, height)
    // Worst first is from the top down.
    const bad = marks.filter(({ place }) => ['critical', 'warning'].includes(place.condition))
    if (bad.some((mark, index) => mark !== marks[index])) throw new Error('something better is above')
    const hidden = bad.filter((mark, index) => (
      bad.slice(0, index).some(({ x, y, size }) => Math.hypot(x - mark.x, y - mark.y) < 0.849 * (size + mark.size) / 2)
    ))
    if (hidden.length > covered) throw new Error(`${hidden.length} hidden, ${covered} counted`)
    for (const { x, y, size, isMoved } of marks) {
      const isInside = x >= size / 2 && x <= VIEW.width - size / 2 && y >= size / 2 && y <= height - size / 2
      if (isMoved && !isInside) throw new Error('moved out of the view')
    }
  }))
})

t.test('where there is no room left, that is counted', async (t) => {
  const pops = Array.from({ length: 300 }, (_, index) => (
    popAt(`p${index}`, 50 + (index % 20) * 0.1, 8 + Math.floor(index / 20) * 0.1, 'critical')
  ))
  const { marks, covered } = marksOf(placesOf(pops).places, 5.3, 840)
  t.equal(marks.length, 300)
  t.ok(covered > 0 && covered < 300, `${covered}`)
})

t.test('at the edge of the map they step aside inwards only', async (t) => {
  const pops = Array.from({ length: 40 }, (_, index) => (
    popAt(`p${index}`, 89.9 - Math.floor(index / 8) * 0.1, (index % 8) * 0.2, 'critical')
  ))
  const { marks } = marksOf(placesOf(pops).places, 3, 840)
  const moved = marks.filter(({ isMoved }) => isMoved)
  t.ok(moved.length > 10, `${moved.length}`)
  for (const { y, size } of moved) if (y < size / 2) t.fail(`${y} is beyond the edge`)
})
