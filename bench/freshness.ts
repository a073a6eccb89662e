/**
 * How old the data is when it is delivered: npm run bench:freshness
 * The real Poller and WriterPhase on a simulated clock, against a writer of every phase, with jitter and ingest delay;
 * with alignment and, in the same run, on the plain grid. Exits 1 when a goal is missed.
 */
import { FakeClock } from '../test/fakes/clock.ts'
import { Poller } from '../lib/poller.ts'
import { uniform } from '../lib/simulation/random.ts'
import { WriterPhase } from '../lib/writer-phase.ts'

const INTERVAL_MS = 10_000
const TICKS = 360
const PHASES = 20
const JITTERS_MS = [0, 50, 200]
const DELAYS_MS = [50, 200, 500]
/** Of a query. */
const QUERY_MS = 30
const MEDIAN_GOAL_MS = 1_000
const P95_GOAL_MS = 2_000

interface Writer {
  seed: number
  phase: number
  /** Uniform in +- this, of the sample time and again of the time that it takes to land. */
  jitterMs: number
  delayMs: number
}

/** The newest sample that has landed by `now`. */
function newestAt ({ seed, phase, jitterMs, delayMs }: Writer, now: number): number {
  const last = Math.floor((now - phase) / INTERVAL_MS)
  for (let sample = last; ; sample--) {
    const time = phase + sample * INTERVAL_MS + jitterMs * (2 * uniform(seed, 1, sample) - 1)
    if (time + Math.max(0, delayMs + jitterMs * (2 * uniform(seed, 2, sample) - 1)) <= now) return time
  }
}

async function simulate (writer: Writer, aligned: boolean): Promise<{ ages: number[], polls: number, learnedAfter: number }> {
  const clock = new FakeClock()
  const phase = new WriterPhase(INTERVAL_MS)
  const ages: number[] = []
  let learnedAfter = 0
  const poller = new Poller({
    intervalMs: INTERVAL_MS,
    clock,
    isWanted: () => true,
    idle: () => {},
    onError: (error) => { throw error },
    align: (notBefore) => aligned ? phase.nextPoll(notBefore) : null,
    async tick () {
      const polledAt = clock.now()
      const newest = newestAt(writer, polledAt)
      phase.observe(polledAt, newest)
      if (phase.nextPoll(0) === null) learnedAfter++
      ages.push(polledAt + QUERY_MS - newest)
    }
  })
  poller.start()
  await clock.advance(TICKS * INTERVAL_MS)
  poller.stop()
  return { ages, polls: ages.length, learnedAfter }
}

const quantile = (sorted: number[], share: number) => sorted[Math.floor(share * sorted.length)] as number
const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`

async function row (jitterMs: number, delayMs: number, aligned: boolean) {
  const runs = []
  for (let index = 0; index < PHASES; index++) {
    runs.push(await simulate({ seed: index, phase: index * INTERVAL_MS / PHASES, jitterMs, delayMs }, aligned))
  }
  const ages = runs.flatMap(({ ages }) => ages).sort((a, b) => a - b)
  return {
    median: quantile(ages, 0.5),
    p95: quantile(ages, 0.95),
    worstMedian: Math.max(...runs.map(({ ages }) => quantile(ages.toSorted((a, b) => a - b), 0.5))),
    mostPolls: Math.max(...runs.map(({ polls }) => polls)),
    learnedAfter: Math.max(...runs.map(({ learnedAfter }) => learnedAfter))
  }
}

console.log(`${PHASES} phases of a ${INTERVAL_MS / 1_000} s writer, ${TICKS} intervals each, query ${QUERY_MS} ms; goals: median <= 1 s, p95 <= 2 s, polls <= ${TICKS} + 1`)
console.log('jitter    ingest delay   |  aligned: median    p95        worst phase\'s median   most polls   learned after   |  plain: median    p95        most polls')
let missed = false
for (const jitterMs of JITTERS_MS) {
  for (const delayMs of DELAYS_MS) {
    const [aligned, plain] = [await row(jitterMs, delayMs, true), await row(jitterMs, delayMs, false)]
    if (aligned.worstMedian > MEDIAN_GOAL_MS || aligned.p95 > P95_GOAL_MS || aligned.mostPolls > TICKS + 1) missed = true
    console.log(`+-${String(jitterMs).padEnd(4)} ms   ${String(delayMs).padEnd(3)} ms         |  ${seconds(aligned.median).padEnd(16)} ${seconds(aligned.p95).padEnd(10)} ${seconds(aligned.worstMedian).padEnd(22)} ${String(aligned.mostPolls).padEnd(12)} ${`${aligned.learnedAfter} polls`.padEnd(15)} |  ${seconds(plain.median).padEnd(16)} ${seconds(plain.p95).padEnd(10)} ${plain.mostPolls}`)
  }
}
if (missed) {
  console.log('A GOAL IS MISSED')
  process.exitCode = 1
}
