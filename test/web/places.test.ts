import fc from 'fast-check'
import t from 'tap'
import type { Pop } from '../../client/types.ts'
import { conditionOf, conditions } from '../../web/state/condition.ts'
import { codeToOpen, nowhere, placesOf } from '../../web/state/places.ts'
import { project } from '../../web/state/projection.ts'
import { fleet, popAt } from '../support/map-pops.ts'

const fra = popAt('fra1', 50.11, 8.68)

t.test('PoPs of one tenth of a degree are one place', async (t) => {
  const cases: { name: string, pops: Pop[], places: { condition: string, codes: string[] }[] }[] = [
    { name: 'none', pops: [], places: [] },
    { name: 'one', pops: [fra], places: [{ condition: 'healthy', codes: ['fra1'] }] },
    {
      name: 'two of a city',
      pops: [popAt('fra2', 50.13, 8.71), fra],
      places: [{ condition: 'healthy', codes: ['fra1', 'fra2'] }]
    },
    {
      name: 'two that are further apart',
      pops: [fra, popAt('mun1', 48.14, 11.58)],
      places: [{ condition: 'healthy', codes: ['fra1'] }, { condition: 'healthy', codes: ['mun1'] }]
    },
    {
      name: 'the worst is what the place is, and comes first',
      pops: [
        fra, popAt('fra2', 50.11, 8.68, 'silent'), popAt('fra3', 50.11, 8.68, 'critical'), popAt('fra4', 50.11, 8.68, 'slow')
      ],
      places: [{ condition: 'critical', codes: ['fra3', 'fra2', 'fra4', 'fra1'] }]
    },
    {
      name: 'places: worst first, then by name',
      pops: [popAt('b', 10, 10), popAt('a', 20, 20), popAt('d', 30, 30, 'warning'), popAt('c', 40, 40, 'critical')],
      places: [
        { condition: 'critical', codes: ['c'] }, { condition: 'warning', codes: ['d'] },
        { condition: 'healthy', codes: ['a'] }, { condition: 'healthy', codes: ['b'] }
      ]
    },
    {
      name: '180 degrees east and west',
      pops: [popAt('e', 5, 180), popAt('w', 5, -180)],
      places: [{ condition: 'healthy', codes: ['e', 'w'] }]
    },
    {
      name: 'either side of the zero meridian',
      pops: [popAt('e', 5, 0.01), popAt('w', 5, -0.01)],
      places: [{ condition: 'healthy', codes: ['e', 'w'] }]
    }
  ]
  for (const { name, pops, places } of cases) {
    const found = placesOf(pops)
    t.strictSame(found.places.map(({ condition, codes }) => ({ condition, codes })), places, name)
    t.equal(found.unlocated, 0, name)
  }
})

t.test('a place was so last where all of its worst are silent', async (t) => {
  const silent: Pop = { ...popAt('fra3', 50.11, 8.68, 'critical'), status: 'silent' }
  const [was] = placesOf([fra, silent]).places
  t.match(was, { condition: 'critical', isPast: true })
  const again = [fra, { ...silent, status: 'fresh' as const }]
  t.match(placesOf(again, placesOf([fra, silent])).places, [{ condition: 'critical', isPast: false }], 'it reports again')
  t.match(placesOf([silent, popAt('fra4', 50.11, 8.68, 'critical')]).places, [{ isPast: false }], 'one that reports is enough')
})

t.test('what has no coordinates that can be drawn is counted, and nowhere on the map', async (t) => {
  const cases: [name: string, latitude: number | null, longitude: number | null][] = [
    ['neither', null, null],
    ['no latitude', null, 8.68],
    ['no longitude', 50.11, null],
    ['exactly 0,0', 0, 0],
    ['exactly 0,0, negative', -0, 0],
    ['north of the pole', 90.01, 0],
    ['south of the pole', -91, 8],
    ['once around', 50, 188.68],
    ['not a number', NaN, 8],
    ['infinite', 50, Infinity]
  ]
  for (const [name, latitude, longitude] of cases) {
    t.strictSame(placesOf([popAt('x', latitude, longitude), fra]).places.map(({ codes }) => codes), [['fra1']], name)
    t.equal(placesOf([popAt('x', latitude, longitude), fra]).unlocated, 1, name)
  }
  for (const [latitude, longitude] of [[0, 6.6], [51.5, 0], [90, 0], [-90, 180]] as const) {
    t.equal(placesOf([popAt('x', latitude, longitude)]).unlocated, 0, `${latitude},${longitude} is drawn`)
  }
})

t.test('every PoP is in exactly one place or not located, and no place is better than one of its PoPs', async () => {
  const anything = fc.option(fc.double({ min: -400, max: 400 }), { nil: null })
  const lost = fc.array(fc.tuple(anything, anything), { maxLength: 5 })
    .map((entries) => entries.map(([latitude, longitude], index) => popAt(`lost${index}`, latitude, longitude)))
  fc.assert(fc.property(fleet(), lost, (located, lost) => {
    const pops = [...located, ...lost]
    const { places, unlocated } = placesOf(pops)
    const codes = places.flatMap(({ codes }) => codes)
    if (new Set(codes).size !== codes.length) throw new Error('a PoP is in two places')
    if (codes.length + unlocated !== pops.length) throw new Error('a PoP is nowhere')
    if (new Set(places.map(({ key }) => key)).size !== places.length) throw new Error('two places have one key')
    for (const place of places) {
      const members = pops.filter(({ code }) => place.codes.includes(code))
      const ranks = members.map((pop) => conditions.indexOf(conditionOf(pop)))
      if (conditions.indexOf(place.condition) !== Math.min(...ranks)) throw new Error('not the worst')
      for (const { latitude, longitude } of members) {
        const { x, y } = project(latitude as number, longitude as number)
        // 0.05 degrees either way are less than half a unit; the antimeridian is drawn at its western end.
        const isNear = Math.abs(x - place.x) < 0.5 || Math.abs(longitude as number) > 179.9
        if (!isNear || Math.abs(y - place.y) > 0.5) throw new Error('not where its PoPs are')
      }
    }
  }))
})

t.test('what does not change what is drawn, changes nothing', async (t) => {
  const pops = [fra, popAt('mun1', 48.14, 11.58), popAt('lost', null, null)]
  const before = placesOf(pops)
  t.equal(placesOf(pops.map((pop) => ({ ...pop, coldStartMs: 9 })), before), before, 'latencies')
  t.equal(placesOf(pops.toReversed(), before), before, 'order')

  const worse = placesOf([fra, popAt('mun1', 48.14, 11.58, 'warning'), popAt('lost', null, null)], before)
  t.strictSame(worse.places.map(({ condition }) => condition), ['warning', 'healthy'])
  t.equal(worse.places[1], before.places[0], 'the place that stayed is the same')

  t.equal(placesOf(pops.slice(0, 2), before).unlocated, 0, 'one that had no location is gone')
  t.strictSame(placesOf(pops.slice(1), before).places.map(({ codes }) => codes), [['mun1']], 'a place is gone')
  t.strictSame(placesOf([{ ...fra, latitude: -33.87 }, ...pops.slice(1)], before).places.length, 2, 'one has moved')
  t.equal(placesOf([]), nowhere)
})

t.test('from one state of a fleet to any other it comes to what that is by itself', async (t) => {
  fc.assert(fc.property(fleet(40), fleet(40), (first, second) => {
    t.strictSame(placesOf(second, placesOf(first)), placesOf(second))
  }), { numRuns: 50 })
})

t.test('a place opens its worst PoP, and the next each time', async (t) => {
  const [place] = placesOf([fra, popAt('fra2', 50.11, 8.68, 'critical'), popAt('fra3', 50.11, 8.68)]).places
  if (place === undefined) return t.fail('no place')
  const cases: [selected: string | null, opens: string][] = [
    [null, 'fra2'], ['mun1', 'fra2'], ['fra2', 'fra1'], ['fra1', 'fra3'], ['fra3', 'fra2']
  ]
  for (const [selected, opens] of cases) t.equal(codeToOpen(place, selected), opens, `${selected}`)
})
