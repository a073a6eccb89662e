import type { Incident } from '../../lib/simulation/fleet.ts'
import { normal } from '../../lib/simulation/random.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS
/** A Monday. */
export const START = Date.UTC(2026, 0, 5)

export interface Scenario {
  name: string
  /** For so long it is watched, from `START` on. */
  hours: number
  /** Days of which there are samples, before it is watched. */
  daysBefore: number
  /** Of each PoP; all five where nothing is said. */
  functions?: number
  pops?: number
  /** Between two samples; 10 s where nothing is said. */
  intervalMs?: number
  /** What is to be found. */
  incidents?: (popCodes: readonly string[]) => Incident[]
  /** What happened in the past, of which nobody is to be alerted. */
  past?: (popCodes: readonly string[]) => Incident[]
  /** What happens to one value besides; null: it is not measured. */
  distort?: (value: number, at: { pop: number, functionIndex: number, time: number }) => number | null
  /** An alert at any time is about the one incident that there is, which begins then. */
  lasting?: number
  /** It does not count for recall: it is too small, or too short, to be promised. */
  unpromised?: true
}

/** One incident per PoP and two hours, each PoP at another time: when they begin. */
const startsOf = (popIndex: number) =>
  [0, 2, 4].map((hour) => START + hour * HOUR_MS + (15 + popIndex * 7) * MINUTE_MS + popIndex * 1_300)

export const each = (factor: number, minutes: number, shiftMs = 0) => (codes: readonly string[]): Incident[] =>
  codes.flatMap((pop, index) => startsOf(index).map((start) =>
    ({ pop, factor, start: start + shiftMs, stop: start + shiftMs + minutes * MINUTE_MS })))

/** Of draws for this, apart from those of the simulation itself. */
const DRAW = 99

/** More noise than there is. */
const noise =
  (spread: number) =>
    (value: number, { pop, functionIndex, time }: { pop: number; functionIndex: number; time: number }) =>
      value * Math.exp(spread * normal(DRAW, DRAW, pop * 5 + functionIndex, Math.floor(time / 1_000)))

const WANDERS_IN_MS = 10 * MINUTE_MS

/** The level itself changes within ten minutes by about so much, to and fro. */
const wander = (spread: number) => (value: number, { pop, time }: { pop: number, time: number }) => {
  const step = Math.floor(time / WANDERS_IN_MS)
  const turn = (time / WANDERS_IN_MS - step) * Math.PI / 2
  return value * Math.exp(spread * (normal(DRAW, pop, step) * Math.cos(turn) + normal(DRAW, pop, step + 1) * Math.sin(turn)))
}

const isWeekend = (time: number) => [0, 6].includes(new Date(time).getUTCDay())
const isSilent = (pop: number, time: number) => startsOf(pop).some((start) => time >= start - 5 * MINUTE_MS && time < start)

export const scenarios: Scenario[] = [
  { name: 'x1.5 for 5 min', hours: 6, daysBefore: 1, incidents: each(1.5, 5), unpromised: true },
  { name: 'x2 for 5 min', hours: 6, daysBefore: 1, incidents: each(2, 5) },
  { name: 'x3 for 5 min', hours: 6, daysBefore: 1, incidents: each(3, 5) },
  { name: 'x2 for 5 min, three days before', hours: 6, daysBefore: 3, incidents: each(2, 5) },
  { name: 'x2 for 5 min, no day before', hours: 6, daysBefore: 0, incidents: each(2, 5) },
  {
    name: 'x2 for 90 min, no day before',
    hours: 6,
    daysBefore: 0,
    incidents: (codes) => each(2, 90)(codes).filter((_, index) => index % 3 === 1)
  },
  {
    name: 'x2, the same PoP x3 for 5 min the day before',
    hours: 6,
    daysBefore: 2,
    incidents: each(2, 5),
    past: each(3, 5, -DAY_MS)
  },
  {
    name: 'x2, a bad day (x3 for hours) among three',
    hours: 6,
    daysBefore: 3,
    incidents: each(2, 5),
    past: (codes) => codes.map((pop) => ({ pop, factor: 3, start: START - DAY_MS, stop: START - DAY_MS + 7 * HOUR_MS }))
  },
  {
    name: 'x2 after a silence of 5 min',
    hours: 6,
    daysBefore: 1,
    incidents: each(2, 5),
    distort: (value, { pop, time }) => isSilent(pop, time) ? null : value
  },
  {
    name: 'x2 for 5 min, 10 min after x2 for 40 min',
    hours: 6,
    daysBefore: 1,
    incidents: (codes) => each(2, 40)(codes).flatMap((first) =>
      [first, { ...first, start: first.stop + 10 * MINUTE_MS, stop: first.stop + 15 * MINUTE_MS }])
  },
  { name: 'x2 for 5 min, 2 functions', hours: 6, daysBefore: 1, functions: 2, incidents: each(2, 5) },
  { name: 'x2 for 5 min, 1 function', hours: 6, daysBefore: 1, functions: 1, incidents: each(2, 5) },
  {
    name: 'x2 for 30 min, 1 function every 60 s',
    hours: 6,
    daysBefore: 1,
    functions: 1,
    intervalMs: MINUTE_MS,
    incidents: each(2, 30)
  },
  { name: 'nothing for a day', hours: 24, daysBefore: 1 },
  { name: 'nothing for a day, 1 function', hours: 24, daysBefore: 1, functions: 1 },
  { name: 'nothing for a day, 2 functions', hours: 24, daysBefore: 1, functions: 2 },
  { name: 'nothing, 1 function, double noise', hours: 24, daysBefore: 1, functions: 1, distort: noise(0.12 * Math.sqrt(3)) },
  { name: 'nothing on the first day', hours: 24, daysBefore: 0 },
  { name: 'nothing on the first day, 1 function', hours: 24, daysBefore: 0, functions: 1 },
  { name: 'x3 the day before, nothing now', hours: 6, daysBefore: 1, past: each(3, 10, -DAY_MS) },
  {
    name: 'spikes x20 of one sample',
    hours: 6,
    daysBefore: 1,
    distort: (value, { pop, time }) => (time / 10_000 + pop * 17) % 60 === 0 ? value * 20 : value
  },
  {
    name: 'drift of +15 % a day',
    hours: 6,
    daysBefore: 1,
    distort: (value, { time }) => value * (1 + 0.15 * (time - START + DAY_MS) / DAY_MS)
  },
  {
    name: 'a deploy of +15 % to stay',
    hours: 48,
    daysBefore: 2,
    pops: 4,
    intervalMs: 20_000,
    distort: (value, { time }) => value * (time > START + 5 * HOUR_MS ? 1.15 : 1)
  },
  { name: 'skewed: log-normal, sigma 0.6', hours: 24, daysBefore: 1, functions: 1, distort: noise(0.6) },
  { name: 'a level that wanders by 5 %, one day before', hours: 24, daysBefore: 1, distort: wander(0.05) },
  { name: 'a level that wanders by 7 %, a week before', hours: 24, daysBefore: 7, pops: 4, distort: wander(0.07) },
  { name: 'x2 for 5 min, a level that wanders by 5 %', hours: 6, daysBefore: 1, incidents: each(2, 5), distort: wander(0.05) },
  { name: 'a median near zero', hours: 24, daysBefore: 1, functions: 1, distort: (value) => value / 10_000 },
  { name: 'a median of zero', hours: 6, daysBefore: 1, functions: 1, distort: (_, { time }) => time % 70_000 === 0 ? 0.3 : 0 },
  { name: 'constant', hours: 6, daysBefore: 1, distort: () => 5 },
  {
    name: 'weekdays x1.6, weekends x1, from the second week on',
    hours: 7 * 24,
    daysBefore: 7,
    pops: 3,
    functions: 2,
    intervalMs: 30_000,
    distort: (value, { time }) => value * (isWeekend(time) ? 1 : 1.6)
  },
  {
    name: 'x2 for ever: told once, and then the new normal',
    hours: 72,
    daysBefore: 2,
    pops: 3,
    intervalMs: 20_000,
    incidents: (codes) => codes.map((pop) => ({ pop, factor: 2, start: START + 5 * HOUR_MS, stop: Infinity })),
    lasting: START + 5 * HOUR_MS
  },
  {
    name: '+100 % evenly over four hours on the first day',
    hours: 8,
    daysBefore: 0,
    incidents: (codes) => codes.map((pop) => ({ pop, factor: 1, start: START + 3 * HOUR_MS, stop: START + 7 * HOUR_MS })),
    distort: (value, { time }) => value * (1 + Math.min(1, Math.max(0, time - START - 3 * HOUR_MS) / (4 * HOUR_MS))),
    lasting: START + 3 * HOUR_MS
  }
]

/** Sizes, durations and functions of which the table says what is found. */
export const sizes = [1.3, 1.5, 2, 3, 10].flatMap((factor) =>
  [0.8, 2, 5, 15].flatMap((minutes) =>
    [1, 2, 5].map((functions): Scenario => ({
      name: `x${factor} ${minutes} min ${functions}`,
      hours: 6,
      daysBefore: 1,
      functions,
      incidents: each(factor, minutes)
    }))
  )
)
