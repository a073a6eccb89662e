import type { Series } from './series.ts'

export const SPARKLINE = { width: 96, height: 24 } as const

/** Above and below the line. */
const MARGIN = 2
/** What hardly moves is a line in the middle, not noise blown up to the full height: the least height, of the highest value. */
const LEAST_SHARE = 0.2

/** A line without an axis, as the `d` of a path: whether it rises or falls, with the gaps that a chart of it has. */
export function sparklineOf ({ times, values, alone, low, high }: Series): string {
  if (low === null || high === null || times.length < 2) return ''
  const [first, last] = [times[0]!, times.at(-1)!]
  const range = Math.max(high - low, high * LEAST_SHARE) || 1
  return values.map((value, index) => {
    if (value === null) return ''
    const start = (values[index - 1] ?? null) === null ? 'M' : 'L'
    const x = (times[index]! - first) / (last - first) * SPARKLINE.width
    const y = SPARKLINE.height / 2 - (value - (low + high) / 2) / range * (SPARKLINE.height - 2 * MARGIN)
    // A value without neighbours is a line of no length, which has round ends.
    return `${start}${x.toFixed(1)} ${y.toFixed(1)}${alone.includes(index) ? 'h0' : ''}`
  }).join('')
}
