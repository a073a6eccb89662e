import t from 'tap'
import type { FanOut } from '../../../lib/clients/broadcaster.ts'
import { TickStatistics } from '../../../lib/clients/tick-statistics.ts'

const NOTHING = {
  ticks: 0,
  succeededTicks: 0,
  failedTicks: 0,
  sent: 0,
  failed: 0,
  held: 0,
  skipped: 0,
  bytes: 0,
  queryMs: { mean: 0, max: 0 },
  fanOutMs: { mean: 0, max: 0 }
}

function fanOut (fields: Partial<FanOut>): FanOut {
  return { clients: 0, sent: 0, held: 0, skipped: 0, failed: 0, bytes: 0, durationMs: 0, ...fields }
}

t.test('without ticks everything is 0', async (t) => {
  t.strictSame(new TickStatistics().take(), NOTHING)
})

t.test('ticks are summed up', async (t) => {
  const statistics = new TickStatistics()
  statistics.recordTick(fanOut({ clients: 6, sent: 3, skipped: 2, failed: 1, bytes: 100, durationMs: 2 }), 10, 900)
  statistics.recordOutcome(false)
  statistics.recordTick(fanOut({ clients: 5, sent: 4, skipped: 1, failed: 0, bytes: 200, durationMs: 6 }), 40, null)
  statistics.recordOutcome(true)
  t.strictSame(statistics.take(), {
    ticks: 2,
    succeededTicks: 1,
    failedTicks: 1,
    sent: 7,
    failed: 1,
    held: 0,
    skipped: 3,
    bytes: 300,
    queryMs: { mean: 25, max: 40 },
    fanOutMs: { mean: 4, max: 6 }
  })
})

t.test('a failed tick has no durations', async (t) => {
  const statistics = new TickStatistics()
  statistics.recordOutcome(true)
  statistics.recordOutcome(true)
  t.strictSame(statistics.take(), { ...NOTHING, failedTicks: 2 })
})

const durations = [
  { name: 'one', values: [5], mean: 5, max: 5 },
  { name: 'none took any time', values: [0, 0], mean: 0, max: 0 },
  { name: 'the largest is not the last', values: [1, 9, 2], mean: 4, max: 9 },
  { name: '1 decimal, rounded down', values: [1.24], mean: 1.2, max: 1.2 },
  { name: '1 decimal, rounded up', values: [1.26], mean: 1.3, max: 1.3 },
  { name: 'the mean is rounded, not what it is made of', values: [0.04, 0.04, 0.1], mean: 0.1, max: 0.1 }
]

for (const { name, values, mean, max } of durations) {
  t.test(`durations: ${name}`, async (t) => {
    const statistics = new TickStatistics()
    for (const ms of values) statistics.recordTick(fanOut({ durationMs: ms }), ms, null)
    const { queryMs, fanOutMs } = statistics.take()
    t.strictSame(queryMs, { mean, max })
    t.strictSame(fanOutMs, { mean, max })
  })
}

t.test('taking starts afresh and leaves what was taken alone', async (t) => {
  const statistics = new TickStatistics()
  statistics.recordTick(fanOut({ sent: 1, skipped: 1, failed: 1, bytes: 10, durationMs: 3 }), 30, 0)
  statistics.recordOutcome(true)
  const taken = statistics.take()
  t.strictSame(statistics.take(), NOTHING)
  statistics.recordTick(fanOut({ sent: 2, bytes: 5, durationMs: 1 }), 2, 0)
  t.strictSame(statistics.take(), {
    ...NOTHING,
    ticks: 1,
    sent: 2,
    bytes: 5,
    queryMs: { mean: 2, max: 2 },
    fanOutMs: { mean: 1, max: 1 }
  })
  t.equal(taken.ticks, 1)
  t.equal(taken.sent, 1)
})

t.test('what was told is counted by how long it took and how old it was, and never taken away', async (t) => {
  const statistics = new TickStatistics()
  statistics.recordTick(fanOut({ durationMs: 2 }), 10, 900)
  statistics.take()
  statistics.recordTick(fanOut({ durationMs: 30 }), 10, null)
  const { fanOut: { bounds, cumulative, sum, count }, age } = statistics
  t.strictSame([sum, count, cumulative[bounds.indexOf(2.5)], cumulative[bounds.indexOf(25)], cumulative[bounds.indexOf(50)]], [
    32, 2, 1, 1, 2
  ])
  t.strictSame([age.sum, age.count], [900, 1], 'where there are no data there is no age')
})
