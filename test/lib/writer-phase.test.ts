import t from 'tap'
import { uniform } from '../../lib/simulation/random.ts'
import { WriterPhase } from '../../lib/writer-phase.ts'

const INTERVAL_MS = 10_000
const START = Date.UTC(2026, 0, 1)

interface Poll {
  at: number
  /** Of the newest sample, by our clock and the writer's. */
  age: number
}

/** Polls as the poller does, `sampleAt(now)` being the newest sample that has landed. */
function poll (polls: number, sampleAt: (now: number) => number | null, intervalMs = INTERVAL_MS, phase = new WriterPhase(intervalMs)): Poll[] {
  const seen: Poll[] = []
  let at = START
  while (seen.length < polls) {
    const sample = sampleAt(at)
    phase.observe(at, sample)
    seen.push({ at, age: sample === null ? NaN : at - sample })
    at = phase.nextPoll(at + 0.9 * intervalMs) ?? at + intervalMs
  }
  return seen
}

/** The newest sample of a writer. Sample times and the time until they land vary by +- `jitterMs`. */
function writer ({ phaseMs = 0, everyMs = INTERVAL_MS, landsAfterMs = 100, jitterMs = 0, clockAheadMs = 0 }) {
  return (now: number) => {
    for (let index = Math.floor((now - START - phaseMs) / everyMs); ; index--) {
      const time = START + phaseMs + index * everyMs + jitterMs * (2 * uniform(1, index) - 1)
      if (time + Math.max(0, landsAfterMs + jitterMs * (2 * uniform(2, index) - 1)) <= now) return Math.round(time + clockAheadMs)
    }
  }
}

const largest = (values: number[]) => Math.max(...values)
const gapsOf = (polls: Poll[]) => polls.slice(1).map(({ at }, index) => at - (polls[index] as Poll).at)

const writers: Array<{ name: string, writer: Parameters<typeof writer>[0], settledAfter: number, maxAge: number }> = [
  ...[0, 1_300, 4_999, 7_000, 9_950].map((phaseMs) => ({ name: `phase ${phaseMs} ms`, writer: { phaseMs }, settledAfter: 4, maxAge: 500 })),
  { name: 'jitter of 200 ms', writer: { phaseMs: 3_000, jitterMs: 200 }, settledAfter: 5, maxAge: 1_000 },
  { name: 'lands after 800 ms', writer: { phaseMs: 3_000, landsAfterMs: 800 }, settledAfter: 9, maxAge: 1_000 },
  { name: 'lands after 3 s', writer: { phaseMs: 3_000, landsAfterMs: 3_000 }, settledAfter: 10, maxAge: 4_500 },
  { name: 'its clock is 3 s behind', writer: { phaseMs: 3_000, clockAheadMs: -3_000 }, settledAfter: 10, maxAge: 4_600 },
  { name: 'its clock is 3 s ahead', writer: { phaseMs: 3_000, clockAheadMs: 3_000 }, settledAfter: 5, maxAge: 500 },
  { name: 'writes twice as often', writer: { phaseMs: 3_000, everyMs: 5_000 }, settledAfter: 5, maxAge: 500 }
]

for (const { name, writer: options, settledAfter, maxAge } of writers) {
  t.test(`polls just after the data lands: ${name}`, async (t) => {
    const polls = poll(2_000, writer(options))
    const ages = polls.slice(settledAfter).map(({ age }) => age).sort((a, b) => a - b)
    // Now and then it tries whether the data lands sooner.
    const nearlyAll = ages[Math.floor(0.99 * ages.length)] as number
    t.ok(nearlyAll <= maxAge, `at most ${nearlyAll} ms old`)
    t.ok(gapsOf(polls).every((gap) => gap >= 0.9 * INTERVAL_MS && gap < 1.9 * INTERVAL_MS))
    t.ok((polls.at(-1) as Poll).at - START >= 1_999 * INTERVAL_MS - 500, 'no poll more than one per interval')
    const late = gapsOf(polls.slice(-500)).map((gap) => Math.abs(gap - INTERVAL_MS))
    t.ok(largest(late) <= 250, `settles: at the end it moves by ${largest(late)} ms at most`)
  })
}

t.test('a slower writer: it is polled at each interval, and just after it has written', async (t) => {
  const phase = new WriterPhase(1_000)
  const polls = poll(300, writer({ phaseMs: 340, everyMs: 10_000 }), 1_000, phase)
  t.equal(phase.writerIntervalMs, 10_000)
  t.ok(gapsOf(polls).slice(40).every((gap) => Math.abs(gap - 1_000) <= 50))
  const youngest = polls.slice(200).map(({ age }) => age).sort((a, b) => a - b)
  t.ok((youngest[5] as number) <= 200, `one in ten is young: ${youngest[5]} ms`)
})

t.test('where there is no pattern nothing is moved', async (t) => {
  const cases: Array<[name: string, sampleAt: (now: number) => number | null]> = [
    ['no samples', () => null],
    ['samples at any time', (now) => Math.floor(now - 9_000 * uniform(3, Math.floor(now / 10_000)))],
    ['every 7 s', writer({ everyMs: 7_000 })],
    ['it stands still', () => START],
    ['it takes longer to land than polling could be moved for', writer({ phaseMs: 3_000, landsAfterMs: 8_000 })]
  ]
  for (const [name, sampleAt] of cases) {
    const polls = poll(200, sampleAt)
    const moved = gapsOf(polls).slice(20).filter((gap) => gap !== INTERVAL_MS).length
    // Samples at any time agree by chance now and then.
    t.ok(moved <= (name === 'samples at any time' ? 4 : 0), `${name}: moved ${moved} times`)
  }
})

t.test('who is young already is not chased', async (t) => {
  const spread = (now: number) => Math.max(...Array.from({ length: 20 }, (_, pop) => writer({ phaseMs: pop * 500, jitterMs: 100 })(now)))
  for (const [name, sampleAt] of [['measured when it is asked for', (now: number) => now], ['20 PoPs that write at 20 phases', spread]] as const) {
    const polls = poll(1_000, sampleAt)
    const drift = Math.abs((polls.at(-1) as Poll).at - START - 999 * INTERVAL_MS)
    t.ok(drift <= 1_500, `${name}: moved by ${drift} ms in 1,000 polls`)
  }
})

t.test('it learns anew when the writer moves', async (t) => {
  const moves = (now: number) => writer({ phaseMs: now < START + 1_000_000 ? 2_000 : 7_500 })(now)
  const polls = poll(200, moves)
  t.ok(largest(polls.slice(5, 100).map(({ age }) => age)) <= 500)
  t.ok(largest(polls.slice(106).map(({ age }) => age)) <= 500)
})

t.test('a writer that stops for a while, or is late once, does not change when it is polled', async (t) => {
  const regular = writer({ phaseMs: 2_000 })
  const pauses = (now: number) => regular(Math.min(now, now > START + 1_500_000 ? now : START + 1_000_000))
  const offset = ({ at }: Poll) => (at - START) % INTERVAL_MS
  const polls = poll(400, pauses)
  t.ok(offset(polls.at(-1) as Poll) - offset(polls[50] as Poll) <= 125, 'one step at most')
  const lateOnce = poll(400, (now) => Math.abs(now - START - 2_000_000) < 5_000 ? regular(now - 10_000) : regular(now))
  t.ok(offset(lateOnce.at(-1) as Poll) - offset(lateOnce[50] as Poll) <= 125)
  const outlier = poll(100, (now) => Math.abs(now - START - 500_000) < 5_000 ? regular(now) + 2_000 : regular(now))
  t.equal(offset(outlier.at(-1) as Poll), offset(outlier[20] as Poll), 'one sample at another phase')
})

t.test('a writer that lands sooner by now is polled sooner, in time', async (t) => {
  const sampleAt = (now: number) => writer({ phaseMs: 2_000, landsAfterMs: now < START + 500_000 ? 3_000 : 100 })(now)
  const polls = poll(3_000, sampleAt)
  t.ok((polls[40] as Poll).age > 3_000)
  t.ok((polls.at(-1) as Poll).age <= 625, `${(polls.at(-1) as Poll).age} ms`)
})
