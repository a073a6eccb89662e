import type { Window } from './series.ts'

export interface Range {
  readonly min: number
  readonly max: number
}

/** What hardly moves is a line in the middle, not noise blown up to the full height: the least height, of the highest value. */
const LEAST_SHARE = 0.2
const PADDING_SHARE = 0.1
const MINUTE_MS = 60_000
const STEPS_MIN = [1, 2, 5, 10, 15, 30, 60]

/**
 * How high an axis is. `low` and `high` are always on it; zero and each of `wished` only where it is no farther from them than
 * they are from each other, so that the line is never squashed for a threshold. null: there is nothing to show.
 */
export function rangeOf (low: number | null, high: number | null, wished: readonly number[] = []): Range {
  if (low === null || high === null) return { min: 0, max: Math.max(...wished, 0) * 1.2 || 10 }
  const reach = Math.max(high - low, Math.abs(high) * LEAST_SHARE) || 1
  const near = [0, ...wished].filter((value) => value >= low - reach && value <= high + reach)
  const min = Math.min(low, ...near)
  const max = Math.max(high, ...near)
  // A line that is flat lies in the midst.
  const padding = Math.max(reach * PADDING_SHARE, (reach - (max - min)) / 2)
  // Nothing is faster than nothing.
  return { min: Math.max(low < 0 ? -Infinity : 0, min - padding), max: max + padding }
}

const STEPS = [1, 2, 2.5, 5, 10]

export interface Tick {
  readonly value: number
  readonly words: string
}

/** Round values within the range, at most `most` steps; with as many decimals as the step has. */
export function valueTicks ({ min, max }: Range, most: number): Tick[] {
  const least = (max - min) / Math.max(1, most)
  const power = Math.floor(Math.log10(least))
  const factor = STEPS.find((step) => step * 10 ** power >= least * (1 - 1e-9))!
  const step = factor * 10 ** power
  const decimals = Math.max(0, (factor === 2.5 ? 1 : factor === 10 ? -1 : 0) - power)
  const first = Math.ceil(min / step - 1e-9)
  const count = Math.max(0, Math.floor(max / step + 1e-9) - first + 1)
  return Array.from({ length: count }, (_, index) => {
    const value = (first + index) * step
    return { value, words: value.toFixed(decimals) }
  })
}

/** Round times of UTC within the window, at most `most`, a whole number of minutes apart. */
export function timeTicks ({ from, to }: Window, most: number): number[] {
  const minutes = STEPS_MIN.find((step) => (to - from) / (step * MINUTE_MS) <= most) ?? 60
  const stepMs = minutes * MINUTE_MS
  const ticks = []
  for (let time = Math.ceil(from / stepMs) * stepMs; time <= to; time += stepMs) ticks.push(time)
  return ticks
}
