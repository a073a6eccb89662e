import { clock, duration, ms, shortClock } from '../format.ts'
import type { OpenTime } from './open-times.ts'
import type { Picture } from './picture.ts'
import type { Gap } from './series.ts'

/** So many times are told; of more, how many. */
const MOST = 3

/** What a chart shows, for who does not see it. */
export function wordsOf (picture: Picture, name: string, simulated = false): string {
  const { from, to, series, band, levels, shades, marks, rest, words } = picture
  const { low, high, last, gaps } = series
  return [
    `${name}, ${shortClock(from)} to ${shortClock(to)}${simulated ? ', simulated' : ''}`,
    words,
    low !== null && high !== null && `lowest ${ms(low)}, highest ${ms(high)}`,
    low !== null && last !== null && `last ${ms(last.value)} at ${clock(last.time)}`,
    band !== null && `usual between ${ms(band.low)} and ${ms(band.high)}`,
    ...levels.map((level) => level.words),
    ...marks.map((mark) => mark.words),
    low !== null && (gaps.length === 0 ? 'no gaps' : gapWords(gaps)),
    shades.length > 0 && openWords(shades),
    rest?.words
  ].filter((part) => typeof part === 'string').join('; ')
}

function gapWords (gaps: readonly Gap[]): string {
  const told = gaps.slice(-MOST).map(({ from, to }) => `${clock(from)} to ${clock(to)} (${duration(to - from)})`)
  return `${counted(gaps.length, 'gap')}: ${told.join(', ')}${gaps.length > MOST ? ', and before' : ''}`
}

function openWords (shades: readonly OpenTime[]): string {
  const told = shades.slice(-MOST).map(({ from, to, severity }) => `${severity} ${shortClock(from)} to ${shortClock(to)}`)
  return `regressions open: ${told.join(', ')}${shades.length > MOST ? ', and before' : ''}`
}

function counted (count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
