import { loadConfig } from '../config.ts'
import type { Comparison, Regression } from '../lib/fleet/regression-detector.ts'
import { intervalOf, Replay, type Sample } from './replay.ts'

/** As the service has it by default. */
const { OVERVIEW_WINDOW_MS, HEALTHY_BELOW_MS, MIN_DEVIATION_MS, NEW_NORMAL_AFTER_MS } = loadConfig({})
const DEFAULT_INTERVAL_MS = 10_000

/** One regression, as it was at its worst. Times are ms since the epoch. */
export interface Interval {
  pop: string
  severity: Regression['severity']
  since: number
  /** null: it is open when the samples end. */
  until: number | null
  closeReason: Regression['closeReason']
  worst: Comparison
}

export interface DetectOptions {
  /** How often the service would have polled; as often as there are samples, where nothing is said. */
  pollMs?: number | undefined
  minDeviationMs?: number | undefined
}

/** What the service would have reported of these samples; in the order in which it closes. */
export function * detectIntervals (
  given: readonly Sample[],
  { pollMs, minDeviationMs = MIN_DEVIATION_MS }: DetectOptions = {}
): Iterable<Interval> {
  const samples = given.toSorted((a, b) => a.time - b.time)
  const sampleMs = intervalOf(samples) ?? DEFAULT_INTERVAL_MS
  const tickMs = pollMs ?? sampleMs
  const replay = new Replay({
    overviewWindowMs: OVERVIEW_WINDOW_MS,
    healthyBelowMs: HEALTHY_BELOW_MS,
    minDeviationMs,
    newNormalAfterMs: NEW_NORMAL_AFTER_MS,
    pollMs: tickMs,
    sampleMs
  })
  const open = new Map<string, Interval>()
  for (const now of ticksOf(samples, tickMs, replay)) {
    const { assessments, events } = replay.tick(now)
    const regressions = new Map(replay.detector.open.map((regression) => [regression.pop, regression]))
    for (const assessment of assessments) {
      const regression = regressions.get(assessment.pop)
      if (assessment.state !== 'regressed' || regression === undefined) continue
      // The record has it as it was told last; at its worst it may have been between two events.
      open.set(regression.id, worse(open.get(regression.id), { ...regression, ...assessment }))
    }
    for (const { state, regression } of events) {
      const known = open.get(regression.id)
      if (state !== 'resolved' || known === undefined) continue
      yield { ...known, until: regression.closedAt, closeReason: regression.closeReason }
      open.delete(regression.id)
    }
  }
  yield * open.values()
}

/** The times of the ticks; before each, what has been measured since the one before is handed over. */
function * ticksOf (samples: readonly Sample[], tickMs: number, replay: Replay): Iterable<number> {
  const [start, end] = [samples[0]?.time ?? 0, samples.at(-1)?.time ?? 0]
  let next = 0
  for (let now = start; now < end + tickMs; now += tickMs) {
    for (let sample = samples[next]; sample !== undefined && sample.time <= now; sample = samples[++next]) replay.take(sample)
    yield now
  }
}

function worse (known: Interval | undefined, { pop, severity, since, comparison }: Omit<Regression, 'state'>): Interval {
  if (known !== undefined && known.worst.zScore >= comparison.zScore) return known
  return { pop, severity, since, until: null, closeReason: null, worst: comparison }
}
