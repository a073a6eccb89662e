import t from 'tap'
import { appended, mergedPoints } from '../../web/state/points.ts'
import { popOf, START } from '../support/pops-at.ts'

t.test('points', async (t) => {
  const point = (second: number, value = 4.5) => ({ time: START + second * 1_000, value, spanMs: 0 })
  const seconds = (points: ReadonlyArray<{ time: number }>) => points.map(({ time }) => (time - START) / 1_000)
  const at = (second: number) => new Date(START + second * 1_000)
  const cases = [
    { name: 'the first', points: [], pop: popOf('a', 10), data: 10, expected: [10] },
    { name: 'a newer one', points: [point(10)], pop: popOf('a', 20), data: 20, expected: [10, 20] },
    { name: 'the same', points: [point(10)], pop: popOf('a', 10), data: 10, expected: [10] },
    { name: 'an older one', points: [point(10)], pop: popOf('a', 5), data: 10, expected: [10] },
    { name: 'silent', points: [point(10)], pop: popOf('a', 20, 4.5, 'silent'), data: 40, expected: [10] },
    { name: 'unchanged, soon', points: [point(10)], pop: popOf('a', 10), data: 24, expected: [10] },
    { name: 'unchanged for longer: it still is so', points: [point(10)], pop: popOf('a', 10), data: 30, expected: [10, 30] },
    { name: 'an old sample of another value', points: [point(10, 9)], pop: popOf('a', 10), data: 30, expected: [10] },
    { name: 'an hour is kept', points: [point(0), point(100)], pop: popOf('a', 3_610), data: 3_610, expected: [100, 3_610] }
  ]
  for (const { name, points, pop, data, expected } of cases) {
    t.strictSame(seconds(appended(points, pop, at(data), 10_000)), expected, name)
  }
  t.strictSame(seconds(mergedPoints([point(10), point(20)], [point(5), point(20), point(30)])), [10, 20, 30])
  t.strictSame(seconds(mergedPoints([], [point(5)])), [5])
})
