import fc from 'fast-check'
import t from 'tap'
import type { Condition } from '../../web/state/condition.ts'
import { marksOf, type MapMark } from '../../web/state/map-marks.ts'
import { isDirection, markAt, stepFrom, type Direction } from '../../web/state/map-steps.ts'
import { placesOf } from '../../web/state/places.ts'
import { fleet } from '../support/map-pops.ts'

function mark (code: string, x: number, y: number, condition: Condition = 'healthy', size = 10): MapMark {
  return { place: { key: code, x, y, condition, isPast: false, codes: [code] }, x, y, size, isMoved: false }
}

const name = (mark: MapMark | null) => mark?.place.key ?? null

t.test('arrow keys go to the nearest mark in that quarter', async (t) => {
  const middle = mark('middle', 500, 500)
  const marks = [
    middle, mark('east', 560, 510), mark('far east', 700, 500), mark('north', 505, 420), mark('south', 480, 900),
    mark('west', 400, 420)
  ]
  const cases: [from: string, direction: Direction, to: string | null][] = [
    ['middle', 'ArrowRight', 'east'],
    ['east', 'ArrowRight', 'far east'],
    ['far east', 'ArrowRight', null],
    ['middle', 'ArrowUp', 'north'],
    ['middle', 'ArrowDown', 'south'],
    ['middle', 'ArrowLeft', 'west'],
    ['south', 'ArrowUp', 'middle'],
    ['south', 'ArrowDown', null],
    ['west', 'ArrowRight', 'north']
  ]
  for (const [from, direction, to] of cases) {
    const start = marks.find((mark) => name(mark) === from) as MapMark
    t.equal(name(stepFrom(marks, start, direction)), to, `${from} ${direction}`)
  }
  t.equal(stepFrom([middle], middle, 'ArrowUp'), null, 'alone')
})

t.test('which keys are directions', async (t) => {
  t.strictSame(['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Home', 'toString', 'a'].filter(isDirection),
    ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'])
})

t.test('with arrow keys every mark can be reached from every other', async () => {
  fc.assert(fc.property(fleet(60), (pops) => {
    const { marks } = marksOf(placesOf(pops).places, 1, 960)
    for (const start of marks.slice(0, 5)) {
      const reached = new Set([start])
      for (const mark of reached) {
        for (const direction of ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'] as const) {
          const next = stepFrom(marks, mark, direction)
          if (next !== null) reached.add(next)
        }
      }
      if (reached.size !== marks.length) throw new Error(`${reached.size} of ${marks.length} reached`)
    }
  }))
})

t.test('a pointer finds what it is on, from the top down, else what is nearest within reach', async (t) => {
  const marks = [mark('critical', 100, 100, 'critical', 20), mark('healthy', 106, 100, 'healthy', 6), mark('away', 200, 100)]
  const cases: [name: string, x: number, y: number, found: string | null][] = [
    ['the middle of one', 200, 100, 'away'],
    ['of two that overlap the upper', 106, 100, 'critical'],
    ['beside one', 215, 100, 'away'],
    ['between two the nearer', 155, 100, null],
    ['nearer to the lower', 118, 100, 'healthy'],
    ['just within reach', 222, 100, 'away'],
    ['just out of reach', 222.1, 100, null]
  ]
  for (const [title, x, y, found] of cases) t.equal(name(markAt(marks, { x, y }, 22)), found, title)
  t.equal(markAt([], { x: 0, y: 0 }, 22), null)
})
