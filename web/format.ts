const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** What is not known is never a zero. */
export const unknown = '—'

/** A latency, in ms: three digits say enough. */
export function ms (value: number | null): string {
  if (value === null) return unknown
  if (Math.abs(value) >= 9_999.5) return `${round(value / SECOND_MS, 3)} s`
  return `${round(value, 3)} ms`
}

/** A change, in percent. */
export function percent (value: number): string {
  const rounded = Math.round(value)
  return `${rounded < 0 ? '−' : '+'}${Math.abs(rounded)} %`
}

/** How long ago, or how long: tenths below ten seconds, then whole seconds, minutes, hours, days. */
export function age (milliseconds: number): string {
  const value = Math.max(0, milliseconds)
  if (value < 9_950) return `${(value / SECOND_MS).toFixed(1)} s`
  return duration(value)
}

/** How long: whole seconds, minutes, hours, days. */
export function duration (milliseconds: number): string {
  const value = Math.max(0, milliseconds)
  if (value < 2 * MINUTE_MS) return `${Math.round(value / SECOND_MS)} s`
  if (value < 2 * HOUR_MS) return `${Math.round(value / MINUTE_MS)} min`
  if (value < 2 * DAY_MS) return `${Math.round(value / HOUR_MS)} h`
  return `${Math.round(value / DAY_MS)} d`
}

/** In UTC, as an incident channel has it. */
export function clock (time: number | Date | string): string {
  return `${iso(time).slice(11, 19)}Z`
}

export function shortClock (time: number | Date | string): string {
  return `${iso(time).slice(11, 16)}Z`
}

/** With the day. */
export function moment (time: number | Date | string): string {
  return `${iso(time).slice(0, 10)} ${clock(time)}`
}

/** Of something that is not of now: the time, with the day for what is older than one. */
export function asOfWords (time: Date | number, now: number): string {
  return now - Number(time) > DAY_MS ? moment(time) : clock(time)
}

function iso (time: number | Date | string): string {
  return new Date(time).toISOString()
}

function round (value: number, digits: number): string {
  // What is rounded up to a further digit has one less behind the point: 9.996 is 10.0.
  const [, exponent = '0'] = value.toExponential(digits - 1).split('e')
  return value.toFixed(Math.max(0, digits - 1 - Math.max(0, Number(exponent))))
}
