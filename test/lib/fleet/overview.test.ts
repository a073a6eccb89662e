import t from 'tap'
import { buildOverview } from '../../../lib/fleet/overview.ts'
import type { Pop } from '../../../lib/fleet/point.ts'

const below = (healthyBelowMs: number) => ({ healthyBelowMs })
const pop = (coldStartMs: number): Pop => ({
  code: 'fra1',
  coldStartMs,
  sampleTime: 0,
  functions: 1,
  intervalMs: 10_000,
  isSilent: false,
  points: []
})

t.test('sums up', async (t) => {
  const cases: Array<{ name: string, values: number[], totalPops: number, healthyPops: number, averageColdStart: number }> = [
    { name: 'no PoPs', values: [], totalPops: 0, healthyPops: 0, averageColdStart: 0 },
    { name: 'one healthy', values: [4], totalPops: 1, healthyPops: 1, averageColdStart: 4 },
    {
      name: 'healthy is below the threshold, not at it',
      values: [9.999, 10, 10.001],
      totalPops: 3,
      healthyPops: 1,
      averageColdStart: 10
    },
    { name: 'the mean has 2 decimals', values: [1, 1, 2], totalPops: 3, healthyPops: 3, averageColdStart: 1.33 },
    { name: 'half a hundredth is rounded up', values: [1, 1.25], totalPops: 2, healthyPops: 2, averageColdStart: 1.13 },
    { name: 'all unhealthy', values: [20, 40], totalPops: 2, healthyPops: 0, averageColdStart: 30 }
  ]
  for (const { name, values, ...expected } of cases) {
    t.strictSame(buildOverview(values.map(pop), 3, below(10)), { ...expected, regressions: 3 }, name)
  }
})

t.test('the threshold is a parameter', async (t) => {
  t.equal(buildOverview([4, 5, 6].map(pop), 0, below(5)).healthyPops, 1)
  t.equal(buildOverview([4, 5, 6].map(pop), 0, below(5.5)).healthyPops, 2)
})

t.test('a PoP that is silent counts, with the value that it had, and is not healthy', async (t) => {
  t.strictSame(buildOverview([4, 6].map((value) => ({ ...pop(value), isSilent: true })), 0, below(10)), {
    totalPops: 2,
    healthyPops: 0,
    averageColdStart: 5,
    regressions: 0
  })
})
