import { timestamp } from '../lib/protocol/timestamp.ts'
import type { Interval } from './intervals.ts'
import type { Sample } from './replay.ts'

const WIDTH = 960
const HEIGHT = 220
const MARGIN = { left: 64, right: 16, top: 28, bottom: 28 }
/** A line has no more points than it can show: of each pixel the least and the most. */
const COLUMNS = WIDTH - MARGIN.left - MARGIN.right

/** A picture of each PoP's samples with what was found in them, one below the other: SVG. */
export function picture (samples: readonly Sample[], intervals: readonly Interval[]): string {
  const pops = Array.from(groupBy(samples, ({ pop }) => pop))
  const panels = pops.map(([pop, own], index) =>
    `<g transform="translate(0 ${index * HEIGHT})">${panel(pop, own, intervals.filter((one) => one.pop === pop))}</g>`)
  const height = pops.length * HEIGHT
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ` +
    `font-family="sans-serif" font-size="11"><title>Regressions in ${samples.length} samples</title>` +
    `<rect width="100%" height="100%" fill="#fff"/>${panels.join('')}</svg>\n`
}

function panel (pop: string, samples: readonly Sample[], intervals: readonly Interval[]): string {
  const range = (of: 'time' | 'value') => samples.reduce(([least, most], { [of]: one }) =>
    [Math.min(least, one), Math.max(most, one)] as const, [Infinity, -Infinity] as const)
  const [start, end] = range('time')
  const [low, high] = [Math.min(0, range('value')[0]), range('value')[1]]
  const x = (time: number) => MARGIN.left + (COLUMNS * (time - start)) / Math.max(1, end - start)
  const y = (value: number) =>
    HEIGHT - MARGIN.bottom - ((HEIGHT - MARGIN.top - MARGIN.bottom) * (value - low)) / Math.max(1e-9, high - low)
  const shades = intervals.map(({ since, until, severity, worst }) => {
    const [from, to] = [x(since), x(until ?? end)]
    const color = severity === 'critical' ? '#d33' : '#e90'
    return `<rect x="${from.toFixed(1)}" y="${MARGIN.top}" width="${Math.max(2, to - from).toFixed(1)}" ` +
      `height="${HEIGHT - MARGIN.top - MARGIN.bottom}" fill="${color}" opacity="0.25">` +
      `<title>${severity} from ${timestamp(since)}, ` +
      `at worst ${worst.recentMs.toFixed(2)} ms</title></rect>` +
      `<line x1="${from.toFixed(1)}" x2="${Math.max(from + 2, to).toFixed(1)}" y1="${y(worst.baselineMs).toFixed(1)}" ` +
      `y2="${y(worst.baselineMs).toFixed(1)}" stroke="#080" stroke-dasharray="4 2"/>`
  })
  const label = (at: [number, number], anchor: string, text: string) =>
    `<text x="${at[0]}" y="${at[1]}" text-anchor="${anchor}">${escape(text)}</text>`
  return `${shades.join('')}<path d="${outline(samples, x, y)}" fill="none" stroke="#246"/>` +
    label([MARGIN.left, 16], 'start', `${pop}: ${intervals.length} found`) +
    label([MARGIN.left - 6, y(high) + 4], 'end', `${high.toPrecision(3)} ms`) +
    label([MARGIN.left - 6, y(low) + 4], 'end', low.toPrecision(2)) +
    label([MARGIN.left, HEIGHT - 8], 'start', timestamp(start)) +
    label([WIDTH - MARGIN.right, HEIGHT - 8], 'end', timestamp(end))
}

/** In each column the least and the most that is in it. */
function outline (samples: readonly Sample[], x: (time: number) => number, y: (value: number) => number): string {
  const columns = groupBy(samples.toSorted((a, b) => a.time - b.time), ({ time }) => Math.round(x(time)))
  return Array.from(columns, ([column, own]) => {
    const values = own.map(({ value }) => value)
    const [least, most] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))]
    return `${column} ${y(least).toFixed(1)} ${column} ${y(most).toFixed(1)}`
  }).join(' ').replace(/^/, 'M')
}

function groupBy<Key> (samples: readonly Sample[], keyOf: (sample: Sample) => Key): Map<Key, Sample[]> {
  const groups = new Map<Key, Sample[]>()
  for (const sample of samples) {
    const key = keyOf(sample)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [sample])
    else group.push(sample)
  }
  return groups
}

function escape (text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
