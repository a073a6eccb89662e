import type { HistoryPoint } from '../../client/types.ts'

/** What was measured at one time, ms since the epoch; null: it is known that there was nothing to measure. */
export interface Sample {
  readonly time: number
  readonly value: number | null
  /** It is the median of so much time around it. Default 0. */
  readonly spanMs?: number
}

/** Between two values, where nothing is known. */
export interface Gap {
  readonly from: number
  readonly to: number
}

export interface Window {
  readonly from: number
  readonly to: number
}

/** Columns for a chart: a null breaks the line. */
export interface Series {
  readonly times: readonly number[]
  readonly values: ReadonlyArray<number | null>
  /** Indices of values without a neighbour: a line does not show them. */
  readonly alone: readonly number[]
  readonly gaps: readonly Gap[]
  /** The newest value; null: there is none. */
  readonly last: { readonly time: number, readonly value: number } | null
  /** Time of the newest sample, also of one without a value. */
  readonly newest: number | null
  /** Of what lies within the window; null: no value does. */
  readonly low: number | null
  readonly high: number | null
}

/** Two values farther apart than this many intervals are not joined. */
const GAP_INTERVALS = 2.5

/**
 * The samples of a window, in whatever order they come, of one time the one that came last. The last one before the window
 * is among them, so that the line comes in from its edge.
 */
export function seriesOf (samples: Iterable<Sample>, { from, to }: Window, intervalMs: number): Series {
  const times: number[] = []
  const values: Array<number | null> = []
  const gaps: Gap[] = []
  let before: Sample | null = null
  let isBroken = false
  for (const sample of within(samples, from, to)) {
    const { time, value } = sample
    if (value === null) {
      isBroken = true
    } else {
      if (before !== null && (isBroken || isGap(before, sample, intervalMs))) {
        gaps.push({ from: before.time, to: time })
        if (!isBroken) push(before.time + (time - before.time) / 2, null)
      }
      before = sample
      isBroken = false
    }
    push(time, value)
  }
  const shown = values.filter((value, index): value is number => value !== null && times[index]! >= from)
  return {
    times,
    values,
    alone: [...values.keys()].filter((index) => isAlone(values, index)),
    gaps: gaps.filter((gap) => gap.to > from),
    last: before === null ? null : { time: before.time, value: before.value! },
    newest: times.at(-1) ?? null,
    low: shown.length > 0 ? shown.reduce((low, value) => Math.min(low, value)) : null,
    high: shown.length > 0 ? shown.reduce((high, value) => Math.max(high, value)) : null
  }

  function push (time: number, value: number | null): void {
    times.push(time)
    values.push(value)
  }
}

/** The value that is nearest to a time; null: there is none. */
export function nearestValue ({ times, values }: Series, time: number): Series['last'] {
  let nearest: Series['last'] = null
  for (const [index, at] of times.entries()) {
    const value = values[index] ?? null
    if (value !== null && (nearest === null || Math.abs(at - time) < Math.abs(nearest.time - time))) nearest = { time: at, value }
  }
  return nearest
}

/** Of so many distances the one in the middle says how often there is data. */
const MIN_DISTANCES = 3

/**
 * How often there is something new: each poll, or as often as a slower writer writes. What is a gap to one who writes every ten
 * seconds is none to one who writes every minute.
 */
export function rhythmOf (samples: readonly Sample[], intervalMs: number): number {
  const times = [...new Set(samples.map(({ time }) => time))].sort((a, b) => a - b)
  const distances = times.slice(1).map((time, index) => time - times[index]!).sort((a, b) => a - b)
  if (distances.length < MIN_DISTANCES) return intervalMs
  return Math.max(intervalMs, distances[Math.floor((distances.length - 1) / 2)]!)
}

/** What the client keeps, as samples of the mean. Of another process they are as good: the time counts, not the epoch. */
export function samplesOf (history: readonly HistoryPoint[]): Sample[] {
  return history.map(({ dataTime, overview }) => ({ time: dataTime.getTime(), value: overview.averageColdStart }))
}

function within (samples: Iterable<Sample>, from: number, to: number): Sample[] {
  const byTime = new Map<number, Sample>()
  for (const sample of samples) {
    const isValue = sample.value === null || Number.isFinite(sample.value)
    if (isValue && Number.isFinite(sample.time) && sample.time <= to) byTime.set(sample.time, sample)
  }
  const sorted = [...byTime.values()].sort((a, b) => a.time - b.time)
  const first = sorted.findIndex(({ time }) => time >= from)
  return sorted.slice(first === -1 ? -1 : Math.max(0, first - 1))
}

/** A median speaks for half of its time on either side. */
function isGap (before: Sample, after: Sample, intervalMs: number): boolean {
  const covered = ((before.spanMs ?? 0) + (after.spanMs ?? 0)) / 2
  return after.time - before.time - covered > GAP_INTERVALS * intervalMs
}

function isAlone (values: ReadonlyArray<number | null>, index: number): boolean {
  return values[index] !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null
}
