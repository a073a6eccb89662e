import t from 'tap'
import { intervalOf, popPoints } from '../../../lib/fleet/points.ts'
import { SampleWindow } from '../../../lib/fleet/sample-window.ts'
import { NOWHERE } from '../../../lib/source/sample-source.ts'

const START = Date.UTC(2026, 0, 1)
const SECOND_MS = 1_000

/** [function, host, seconds, value] */
type Sample = [functionName: string, host: string, seconds: number, value: number]

function pointsOf (samples: readonly Sample[], until = 60): Array<[seconds: number, value: number, samples: number]> {
  const window = new SampleWindow({ spanMs: Infinity, maxRows: 1e6, maxBytes: 1e9 })
  for (const [functionName, host, seconds, value] of samples) {
    window.add({ id: `${functionName} ${host}`, pop: 'p', functionName }, NOWHERE, START + seconds * SECOND_MS, value)
  }
  return popPoints(window, 'p', START, START + until * SECOND_MS)
    .map(({ time, value, samples }) => [(time - START) / SECOND_MS, value, samples])
}

const every = (seconds: number, make: (at: number) => Sample[]): Sample[] =>
  Array.from({ length: 60 / seconds }, (_, index) => make((index + 1) * seconds)).flat()

t.test('one value per interval, of all that its functions said last', async (t) => {
  t.strictSame(pointsOf(every(20, (at) => [['a', '', at, at], ['b', '', at - 5, 10]])), [[20, 15, 2], [40, 25, 2], [60, 35, 2]])
})

t.test('a mean over functions of the mean over hosts: many hosts do not outweigh', async (t) => {
  const hosts: Sample[] = ['1', '2', '3', '4'].flatMap((host) => every(20, (at) => [['a', host, at, 8]]))
  t.strictSame(pointsOf([...hosts, ...every(20, (at) => [['b', '', at, 2]])]).map(([, value]) => value), [5, 5, 5])
})

t.test('a slower function keeps its value meanwhile, and ends after its own two and a half intervals', async (t) => {
  const samples: Sample[] = [...every(10, (at): Sample[] => [['fast', '', at, 10]]), ['slow', '', 0, 20], ['slow', '', 20, 30]]
  t.strictSame(pointsOf(samples).map(([at, value]) => [at, value]), [[10, 15], [20, 20], [30, 20], [40, 20], [50, 20], [60, 20]])
  const longer = [...samples, ...[70, 80, 90].map((at): Sample => ['fast', '', at, 10])]
  t.strictSame(pointsOf(longer, 90).slice(-3).map(([at, value]) => [at, value]), [[70, 10], [80, 10], [90, 10]])
})

t.test('an interval without samples has no point', async (t) => {
  t.strictSame(pointsOf([10, 20, 50, 60].map((at): Sample => ['a', '', at, at])).map(([at]) => at), [10, 20, 50, 60])
})

t.test('values as large as they get stay finite', async (t) => {
  const [point] = pointsOf([['a', '', 10, 1.7e308], ['b', '', 10, 1.7e308]], 10)
  t.equal(point?.[1], 1.7e308)
})

t.test('a PoP that is not there has none', async (t) => {
  const window = new SampleWindow({ spanMs: Infinity, maxRows: 1e6, maxBytes: 1e9 })
  t.strictSame(popPoints(window, 'p', START, START + 60_000), [])
  window.add({ id: 'a', pop: 'p', functionName: '' }, NOWHERE, START + 1, 5)
  const pop = window.pop('p')
  t.equal(pop === undefined ? undefined : intervalOf(pop), null, 'one sample shows no rhythm')
  t.match(popPoints(window, 'p', START, START + 60_000), [{ value: 5, samples: 1 }])
})
