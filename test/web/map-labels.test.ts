import fc from 'fast-check'
import t from 'tap'
import { conditions, type Condition } from '../../web/state/condition.ts'
import { labelsOf, type MapLabel } from '../../web/state/map-labels.ts'
import { marksOf } from '../../web/state/map-marks.ts'
import { placesOf } from '../../web/state/places.ts'
import { VIEW } from '../../web/state/projection.ts'
import type { Pop } from '../../client/types.ts'
import { fleet, popAt } from '../support/map-pops.ts'

function label (pops: readonly Pop[], { unit = 2, height = VIEW.height, selected = null as string | null } = {}) {
  return labelsOf(marksOf(placesOf(pops).places, unit, height).marks, { unit, height, selected })
}

const texts = ({ labels }: { labels: readonly MapLabel[] }) => labels.map(({ text }) => text)

/** So many healthy PoPs in the south, each far from the next and from what a case adds. */
function healthy (count: number): Pop[] {
  return Array.from({ length: count }, (_, index) => (
    popAt(`h${index}`, -20 - Math.floor(index / 60) * 0.7, -170 + (index % 60) * 5.6)
  ))
}

const each = (latitude = 60) => conditions.map((condition, index) => popAt(condition, latitude, -100 + index * 40, condition))

t.test('who is named, by how many places there are', async (t) => {
  t.strictSame(texts(label(each())).toSorted(), conditions.toSorted(), 'few: all')
  const unhealthy = ['critical', 'warning', 'silent', 'slow', 'unknown']
  t.strictSame(texts(label([...healthy(100), ...each()])), unhealthy, 'some: what is not healthy')
  t.strictSame(texts(label([...healthy(600), ...each()])), ['critical', 'warning'], 'many: warning and critical')
  const selected = 'slow'
  t.strictSame(texts(label([...healthy(600), ...each()], { selected })), ['slow', 'critical', 'warning'], 'what is open')
  t.strictSame(texts(label([])), [])
})

t.test('several PoPs of a place have the name of the worst, and how many more there are', async (t) => {
  const place = (states: Condition[]) => states.map((condition, index) => popAt(`fra${index + 1}`, 50.1, 8.7, condition))
  t.strictSame(texts(label(place(['healthy', 'critical', 'healthy']))), ['fra2 +2'])
  t.strictSame(texts(label([...healthy(50), ...place(['healthy', 'healthy'])])), ['×2'], 'healthy ones are only counted')
  t.strictSame(texts(label([...healthy(50), ...place(['healthy', 'slow'])])), ['fra2 +1'])
  const open = label([...healthy(50), ...place(['healthy', 'slow'])], { selected: 'fra1' })
  t.strictSame(texts(open), ['fra1 +1'], 'the one that is open')
})

t.test('a name that has no room is moved, with a line to its mark', async (t) => {
  const pops = Array.from({ length: 12 }, (_, index) => popAt(`f${index}`, 50 + index % 4, 8 + Math.floor(index / 4), 'critical'))
  const { labels, unnamed } = label(pops, { unit: 3 })
  t.equal(labels.length + unnamed.critical, 12)
  t.ok(labels.some(({ from }) => from !== null))
  t.ok(labels.some(({ from }) => from === null))
})

/** What a label covers at least, in a narrow font. */
function box ({ text, x, y, anchor }: MapLabel, unit: number) {
  const width = text.length * 6 * unit
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2
  return { left, right: left + width, top: y - 6 * unit, bottom: y + 6 * unit }
}

t.test('names do not overlap, none is beyond the map, and no warning or critical one is left out unsaid', async () => {
  fc.assert(fc.property(fleet(), fc.double({ min: 0.3, max: 6, noNaN: true }), (pops, unit) => {
    const { labels, unnamed } = label(pops, { unit })
    const boxes = labels.map((label) => box(label, unit))
    for (const [index, a] of boxes.entries()) {
      if (a.left < 0 || a.right > VIEW.width || a.top < 0 || a.bottom > VIEW.height) throw new Error('beyond the map')
      const isOver = (b: typeof a) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
      if (boxes.slice(0, index).some(isOver)) throw new Error('two overlap')
    }
    for (const condition of ['critical', 'warning'] as const) {
      const places = placesOf(pops).places.filter((place) => place.condition === condition)
      const named = labels.filter((label) => label.condition === condition)
      if (named.length + unnamed[condition] !== places.length) throw new Error(`${condition} is left out`)
    }
  }))
})

/** Nearest of a box and a mark, in px; below zero: the mark's middle lies in it. */
function between (a: ReturnType<typeof box>, { x, y, size }: { x: number, y: number, size: number }): number {
  return Math.hypot(Math.max(a.left - x, x - a.right, 0), Math.max(a.top - y, y - a.bottom, 0)) - size / 2
}

/** From a point to a line. */
function offLine (x: number, y: number, x0: number, y0: number, x1: number, y1: number): number {
  const [dx, dy] = [x1 - x0, y1 - y0]
  const share = Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1)))
  return Math.hypot(x - x0 - share * dx, y - y0 - share * dy)
}

t.test('no name can be read with a mark that is not its own, but that of a critical one', async () => {
  fc.assert(fc.property(fleet(), fc.double({ min: 0.3, max: 6, noNaN: true }), (pops, unit) => {
    const { marks } = marksOf(placesOf(pops).places, unit, VIEW.height)
    if (marks.length > 200) return
    for (const label of labelsOf(marks, { unit, height: VIEW.height, selected: null }).labels) {
      if (label.condition === 'critical') continue
      const text = box(label, unit)
      const own = marks.find(({ place }) => place.key === label.key)!
      for (const other of marks) {
        if (other === own) continue
        const isNearer = between(text, other) <= between(text, own)
        if (label.from === null && isNearer) throw new Error(`${label.text} is nearer to another`)
        // Where both overlap, the line begins under the other one.
        const isApart = Math.hypot(other.x - own.x, other.y - own.y) > own.size + other.size
        if (label.from === null || !isApart) continue
        const end = Math.hypot(label.x - own.x, label.y - own.y)
        const off = offLine(other.x, other.y, own.x, own.y, label.x, label.y)
        if (end > 0 && off < other.size / 2 - 2 * unit) throw new Error(`the line to ${label.text} crosses a mark`)
      }
    }
  }))
})

t.test('where places are close, a name is left out rather than read with another mark', async (t) => {
  const close = [
    popAt('fra1', 50.03, 8.57, 'critical'), popAt('ams1', 52.31, 4.76, 'warning'), popAt('lhr1', 51.47, -0.45, 'silent'),
    popAt('cdg1', 49.01, 2.55), popAt('mxp1', 45.63, 8.72), popAt('mad1', 40.49, -3.57), popAt('arn1', 59.65, 17.92),
    popAt('waw1', 52.17, 20.97)
  ]
  const shown = texts(label(close, { unit: 5 }))
  t.ok(shown.includes('fra1'), 'never a critical one')
  t.ok(shown.length < close.length, shown.join())
  t.equal(label(close, { unit: 0.5 }).labels.length, close.length, 'enlarged they have room')
})

t.test('of a whole fleet that is critical, as many are named as leave the map to be seen, and the rest counted', async (t) => {
  const fleet = healthy(600).map(({ code, latitude, longitude }) => popAt(code, latitude, longitude, 'critical'))
  const { labels, unnamed } = label(fleet)
  t.ok(labels.length <= 60)
  t.ok(labels.length > 20, `${labels.length}`)
  t.equal(unnamed.critical, 600 - labels.length)
})
