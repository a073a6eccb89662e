import { loadConfig } from '../config.ts'
import { RegressionDetector, type Comparison, type Regression } from '../lib/fleet/regression-detector.ts'
import { SampleSeries, type Sample } from './sample-series.ts'

/** As the service has it by default. */
const { OVERVIEW_WINDOW_MS } = loadConfig({})

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

/** What the service would have reported, had it polled these samples every `intervalMs`; in the order in which it closes. */
export function * detectIntervals (samples: readonly Sample[], intervalMs: number): Iterable<Interval> {
  const [start, end] = samples.reduce(
    ([first, last], { time }) => [Math.min(first, time), Math.max(last, time)],
    [Infinity, -Infinity]
  )
  const series = new SampleSeries(samples, { overviewWindowMs: OVERVIEW_WINDOW_MS })
  const detector = new RegressionDetector()
  const open = new Map<string, Interval>()
  for (let now = start; now < end + intervalMs; now += intervalMs) {
    const { pops, baselines } = series.collect(now)
    const { assessments, events } = detector.update(pops, baselines)
    const regressions = new Map(detector.open.map((regression) => [regression.pop, regression]))
    for (const assessment of assessments) {
      const regression = regressions.get(assessment.pop)
      if (assessment.state !== 'regressed' || regression === undefined) continue
      // The record has it as it was told last; at its worst it may have been between two events.
      open.set(regression.id, worse(open.get(regression.id), { ...regression, ...assessment }))
    }
    for (const { state, regression } of events) {
      if (state !== 'resolved') continue
      yield { ...open.get(regression.id) as Interval, until: regression.closedAt, closeReason: regression.closeReason }
      open.delete(regression.id)
    }
  }
  yield * open.values()
}

function worse (known: Interval | undefined, { pop, severity, openedAt, comparison }: Omit<Regression, 'state'>): Interval {
  if (known !== undefined && known.worst.zScore >= comparison.zScore) return known
  return { pop, severity, since: openedAt, until: null, closeReason: null, worst: comparison }
}
