import t from 'tap'
import { FakeWriter, type FakeWriterOptions } from '../../support/fake-writer.ts'
import { INTERVAL_MS, poll, quantile, START_MS, type Delivery } from '../../support/polled-writers.ts'

const PHASES_MS = [0, 700, 2_300, 5_100, 9_600]
const MOVE_AT = START_MS + 100 * INTERVAL_MS
const steady = { intervalMs: INTERVAL_MS, delayMs: 200, jitterMs: 50 }

function writersAt (phaseMs: number, options: readonly FakeWriterOptions[]): FakeWriter[] {
  return options.map((writer, index) => new FakeWriter({ ...writer, phaseMs: phaseMs + (writer.phaseMs ?? 0), seed: index }))
}

const agesOf = (deliveries: readonly Delivery[]) => deliveries.map(({ age }) => age)

interface Case {
  name: string
  writers: FakeWriterOptions[]
  intervals?: number
  /** From this delivery on. */
  from?: number
  medianMs?: number
  p95Ms?: number
}

const fresh: Case[] = [
  { name: 'any phase', writers: [{ intervalMs: INTERVAL_MS }] },
  { name: 'jitter of 200 ms', writers: [{ ...steady, jitterMs: 200 }] },
  { name: 'jitter of 200 ms, ingest delay of 500 ms', writers: [{ ...steady, jitterMs: 200, delayMs: 500 }] },
  { name: 'ingest delay of 1 s', writers: [{ ...steady, delayMs: 1_000 }], medianMs: 1_500 },
  {
    name: 'ingest delay of 3 s',
    writers: [{ ...steady, delayMs: 3_000 }],
    intervals: 400,
    from: 200,
    medianMs: 3_500,
    p95Ms: 4_500
  },
  {
    name: 'clock behind by 3 s',
    writers: [{ ...steady, aheadMs: -3_000 }],
    intervals: 400,
    from: 200,
    medianMs: 4_000,
    p95Ms: 4_500
  },
  {
    name: 'clock behind by three intervals',
    writers: [{ ...steady, aheadMs: -3 * INTERVAL_MS }],
    intervals: 400,
    from: 200,
    medianMs: 31_000,
    p95Ms: 32_000
  },
  { name: 'clock ahead by 4 s', writers: [{ ...steady, aheadMs: 4_000 }] },
  { name: 'clock ahead by 40 s', writers: [{ ...steady, aheadMs: 40_000 }] },
  { name: 'a sample in twenty is lost', writers: [{ ...steady, loss: 0.05 }], intervals: 1_000, medianMs: 1_200, p95Ms: 12_000 },
  { name: 'every interval takes 50 ms longer', writers: [{ ...steady, intervalMs: INTERVAL_MS + 50 }] },
  { name: 'every 5 s', writers: [{ ...steady, intervalMs: 5_000 }] },
  { name: 'every second', writers: [{ ...steady, intervalMs: 1_000 }] }
]
for (const moveMs of [-3_000, -700, 700, 3_000, 5_000]) {
  fresh.push({
    name: `moves by ${moveMs} ms`,
    from: 120,
    writers: [
      { ...steady, until: MOVE_AT },
      { ...steady, phaseMs: moveMs, from: MOVE_AT }
    ]
  })
}
fresh.push({
  name: 'ingest becomes slower',
  intervals: 600,
  from: 300,
  medianMs: 4_500,
  p95Ms: 5_500,
  writers: [
    { ...steady, until: MOVE_AT },
    { ...steady, delayMs: 4_000, from: MOVE_AT }
  ]
})
fresh.push({
  name: 'stops and comes back',
  from: 150,
  writers: [
    { ...steady, until: MOVE_AT },
    { ...steady, from: MOVE_AT + 40 * INTERVAL_MS }
  ]
})
fresh.push({
  name: 'stops and comes back at another phase',
  from: 150,
  writers: [
    { ...steady, until: MOVE_AT },
    { ...steady, phaseMs: 4_000, from: MOVE_AT + 40 * INTERVAL_MS }
  ]
})

for (const { name, writers, intervals = 300, from = 15, medianMs = 1_000, p95Ms = 2_000 } of fresh) {
  t.test(`young at delivery: ${name}`, async (t) => {
    for (const phaseMs of PHASES_MS) {
      const { deliveries } = await poll(writersAt(phaseMs, writers), intervals)
      const ages = agesOf(deliveries.slice(from))
      t.ok(quantile(ages, 0.5) <= medianMs, `median ${quantile(ages, 0.5)} ms at phase ${phaseMs}`)
      t.ok(quantile(ages, 0.95) <= p95Ms, `p95 ${quantile(ages, 0.95)} ms at phase ${phaseMs}`)
      t.ok(deliveries.length <= intervals + 1, `${deliveries.length} queries in ${intervals} intervals`)
    }
  })
}

t.test('the schedule that is published is kept', async (t) => {
  const { deliveries } = await poll(writersAt(2_300, [{ ...steady, jitterMs: 200, delayMs: 500 }]), 100)
  const early = deliveries.slice(1).map(({ askedAt }, index) => askedAt - (deliveries[index] as Delivery).nextPollAt)
  t.strictSame(early.filter((ms) => Math.abs(ms) > 1), [])
})

t.test('a writer that is slower than the polls: each sample is seen as soon as it lands', async (t) => {
  for (const phaseMs of PHASES_MS) {
    const { deliveries, phase } = await poll(writersAt(phaseMs, [{ ...steady, jitterMs: 10 }]), 1_000, { intervalMs: 1_000 })
    const gaps = deliveries.slice(1).map(({ askedAt }, index) => askedAt - (deliveries[index] as Delivery).askedAt)
    t.ok(Math.min(...gaps) >= 900)
    t.ok(quantile(agesOf(deliveries.slice(500)), 0.1) <= 500, 'a tenth of the polls finds a new sample')
    t.equal(phase.writerIntervalMs, 10_000)
  }
})

t.test('no pattern: the plain grid', async (t) => {
  const cases: Array<[name: string, intervalMs: number]> = [
    ['every 7 s', 7_000],
    ['every 3 s', 3_000],
    ['every 11 s', 11_000],
    ['every 15 s', 15_000]
  ]
  for (const [name, intervalMs] of cases) {
    const { deliveries } = await poll(writersAt(2_300, [{ ...steady, intervalMs }]), 200)
    t.strictSame(deliveries.filter(({ askedAt }, index) => askedAt !== index * INTERVAL_MS), [], name)
  }
})

t.test('a writer that is irregular is not served worse than on the plain grid', async (t) => {
  const writers = writersAt(2_300, [{ ...steady, jitterMs: 5_000 }])
  const [aligned, plain] = await Promise.all([true, false].map((aligned) => poll(writers, 1_000, { aligned })))
  const [age, peer] = [aligned, plain].map((result) => quantile(agesOf(result?.deliveries ?? []), 0.5)) as [number, number]
  t.ok(age <= peer + 500, `${age} ms, ${peer} ms on the grid`)
})

t.test('PoPs that write at phases of their own are not chased', async (t) => {
  const fleet = Array.from({ length: 20 }, (_, pop) => ({ ...steady, jitterMs: 100, phaseMs: pop * 487 }))
  for (const phaseMs of PHASES_MS) {
    const { deliveries } = await poll(writersAt(phaseMs, fleet), 360)
    const moved = deliveries.map(({ askedAt }, index) => Math.abs(askedAt - index * INTERVAL_MS))
    t.ok(Math.max(...moved) <= 1_000, `moved by at most ${Math.max(...moved)} ms`)
  }
})

t.test('no oscillation over half a day', async (t) => {
  const { deliveries } = await poll(writersAt(5_100, [{ ...steady, jitterMs: 200, delayMs: 500 }]), 4_320)
  const settled = deliveries.slice(50)
  const phases = settled.map(({ askedAt }) => (askedAt + 5_000) % INTERVAL_MS)
  const range = Math.max(...phases) - Math.min(...phases)
  t.ok(range <= 1_000, `all polls within ${range} ms of the interval`)
  const missed = settled.filter(({ age }) => age > INTERVAL_MS).length
  t.ok(missed <= settled.length / 50, `${missed} of ${settled.length} polls came before their sample`)
})
