/**
 * How old the data is when it is delivered, with phase alignment and, as its peer, on the plain grid: npm run bench:freshness
 * A simulation with the service's own poller and a fake clock: writers and polls every 10 s, an hour per writer, at many
 * phases, jitters and ingest delays. The learning is part of the hour.
 */
import { FakeWriter } from '../test/support/fake-writer.ts'
import { INTERVAL_MS, poll, quantile } from '../test/support/polled-writers.ts'

const PHASES = 20
const JITTERS_MS = [0, 50, 200]
const DELAYS_MS = [50, 200, 500]
const INTERVALS = 360
/** The goals: age at delivery, and queries beyond one per interval. */
const MEDIAN_MS = 1_000
const P95_MS = 2_000
const QUERIES_TOO_MANY = 1

/** What came of one hour per phase. */
interface Hours {
  ages: number[]
  queries: number[]
  /** Deliveries until ten in a row were younger than the goal. */
  learning: number[]
}

async function simulate (jitterMs: number, delayMs: number, aligned: boolean): Promise<Hours> {
  const hours: Hours = { ages: [], queries: [], learning: [] }
  for (let phase = 0; phase < PHASES; phase++) {
    const writer = new FakeWriter({
      intervalMs: INTERVAL_MS,
      phaseMs: (phase * INTERVAL_MS) / PHASES,
      jitterMs,
      delayMs,
      seed: phase
    })
    const { deliveries } = await poll([writer], INTERVALS, { aligned })
    const ages = deliveries.map(({ age }) => age)
    const learnt = ages.findIndex((_, from) => ages.slice(from, from + 10).every((age) => age <= P95_MS))
    hours.ages.push(...ages)
    hours.queries.push(ages.length)
    hours.learning.push(learnt === -1 ? Infinity : learnt)
  }
  return hours
}

function row (name: string, values: readonly string[]): void {
  console.log(name.padEnd(24) + values.map((value) => value.padStart(13)).join(''))
}

function figures ({ ages, queries }: Hours): string[] {
  const [median, p95] = [0.5, 0.95].map((rank) => `${(quantile(ages, rank) / 1_000).toFixed(2)} s`) as [string, string]
  return [median, p95, (ages.length / queries.length / INTERVALS).toFixed(3)]
}

function meetsGoals ({ ages, queries }: Hours): boolean {
  return (
    quantile(ages, 0.5) <= MEDIAN_MS && quantile(ages, 0.95) <= P95_MS && Math.max(...queries) <= INTERVALS + QUERIES_TOO_MANY
  )
}

console.log(
  `Age at delivery over ${PHASES} phases, ${INTERVALS} intervals each. ` +
    'Sample times are off by up to the jitter either way, landing is late by up to it.\n'
)
row('', ['aligned', '', '', '', '', 'plain grid', '', ''])
row('jitter, ingest delay', ['median', 'p95', 'queries/int.', 'learnt in', 'at most', 'median', 'p95', 'queries/int.'])
let allMeet = true
let mostQueries = 0
for (const jitterMs of JITTERS_MS) {
  for (const delayMs of DELAYS_MS) {
    const aligned = await simulate(jitterMs, delayMs, true)
    const plain = await simulate(jitterMs, delayMs, false)
    const learning = [0.5, 1].map((rank) => `${quantile(aligned.learning, rank)} int.`)
    row(`${jitterMs} ms, ${delayMs} ms`, [...figures(aligned), ...learning, ...figures(plain)])
    allMeet &&= meetsGoals(aligned)
    mostQueries = Math.max(mostQueries, ...aligned.queries)
  }
}
console.log(`\nMost queries in ${INTERVALS} intervals: ${mostQueries}`)
console.log(
  `Goals (median <= ${MEDIAN_MS} ms, p95 <= ${P95_MS} ms, at most ${QUERIES_TOO_MANY} query more than intervals) ` +
    `in every row: ${allMeet ? 'met' : 'MISSED'}`
)
process.exitCode = allMeet ? 0 : 1
