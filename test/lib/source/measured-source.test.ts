import t from 'tap'
import { MeasuredSource, QueryStatistics } from '../../../lib/source/measured-source.ts'
import { SourceError } from '../../../lib/source/source-error.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeSource, reading } from '../../support/fake-source.ts'

function setUp () {
  const clock = new FakeClock()
  const source = new FakeSource()
  const statistics = new QueryStatistics()
  return { clock, source, statistics, measured: new MeasuredSource({ source, statistics, clock }) }
}
const RANGE = { start: 0, stop: 1 }

t.test('an answer is counted, with its rows and how long it took', async (t) => {
  const { clock, source, statistics, measured } = setUp()
  source.onCollect = async () => {
    clock.pass(40)
    return { readings: [reading({}), reading({ pop: 'ams1' })] }
  }
  const taken: string[] = []
  await measured.read(RANGE, ({ pop }) => taken.push(pop))
  await measured.places(RANGE)
  await measured.explain()
  t.strictSame(taken, ['fra1', 'ams1'])
  t.equal(statistics.rows, 2)
  t.strictSame([statistics.durations.read.count, statistics.durations.read.sum], [1, 40])
  for (const operation of ['read', 'places', 'explain'] as const) t.equal(statistics.outcomes[operation].get('succeeded'), 1)
})

const failures = [
  { error: new SourceError('timeout', 'too late'), outcome: 'timeout' },
  { error: new SourceError('unauthorized', 'no'), outcome: 'unauthorized' },
  { error: new Error('a defect'), outcome: 'defect' }
] as const

for (const { error, outcome } of failures) {
  t.test(`a failure is counted and handed on: ${outcome}`, async (t) => {
    const { source, statistics, measured } = setUp()
    source.onCollect = () => Promise.reject(error)
    await t.rejects(measured.read(RANGE, () => {}), error)
    t.strictSame([statistics.outcomes.read.get(outcome), statistics.outcomes.read.total], [1, 1])
    t.equal(statistics.durations.read.count, 1)
  })
}

t.test('a ping is no query', async (t) => {
  const { source, statistics, measured } = setUp()
  await measured.ping()
  t.equal(source.pings, 1)
  t.equal(statistics.outcomes.read.total, 0)
  await measured.close()
  t.ok(source.closed)
})
