import type { Alert, PopcastError } from '../client/index.ts'

/** In the place of what is not known: never 0. */
export const UNKNOWN = '\u2014'

export function ms (value: number | null): string {
  if (!isNumber(value)) return UNKNOWN
  if (value >= 999.5) return `${(value / 1_000).toFixed(2)} s`
  return `${value.toFixed(value < 9.995 ? 2 : 1)} ms`
}

export function percent (value: number): string {
  if (!isNumber(value)) return UNKNOWN
  return `${value < 0 ? '' : '+'}${value.toFixed(0)} %`
}

/** How old or how long, as the page says it. */
export function age (ms: number): string {
  if (!isNumber(ms)) return UNKNOWN
  const s = Math.max(0, ms) / 1_000
  if (s < 9.95) return `${s.toFixed(1)} s`
  if (s < 120) return `${Math.round(s)} s`
  if (s < 120 * 60) return `${Math.round(s / 60)} min`
  return s < 48 * 3_600 ? `${Math.round(s / 3_600)} h` : `${Math.round(s / 86_400)} d`
}

/** Until something happens: rounded up. */
export function countdown (ms: number): string {
  return `${Math.max(0, Math.ceil(ms / 1_000))} s`
}

/** Time of day, UTC: `10:42:44Z`. */
export function clock (time: number | Date): string {
  return part(time, 11, 19)
}

/** `10:42Z`, and the day where it is another one than `now`'s. */
export function shortClock (time: number | Date, now: number): string {
  const day = part(time, 0, 10)
  return day === part(now, 0, 10) || day === UNKNOWN ? part(time, 11, 16) : `${day.slice(5, 10)} ${part(time, 11, 16)}`
}

/** `2026-11-23T10:42:44Z`. */
export function stamp (time: number | Date): string {
  return part(time, 0, 19)
}

/** Of the ISO form. What a server says need not be a time. */
function part (time: number | Date, from: number, to: number): string {
  const date = new Date(time)
  return isNumber(date.getTime()) ? `${date.toISOString().slice(from, to)}Z` : UNKNOWN
}

function isNumber (value: unknown): value is number {
  return Number.isFinite(value)
}

export const baselines: Record<Alert['baselineKind'], string> = {
  day: 'same time of the last days', week: 'a week earlier', hour: 'the hour before', start: 'the first hour'
}

const reasons: Partial<Record<PopcastError['code'], string>> = {
  CONNECT_TIMEOUT: 'no answer',
  REFUSED: 'refused',
  CLOSED: 'connection lost',
  SLOW_CONSUMER: 'this terminal was too slow',
  RATE: 'asked for too much',
  NO_PONG: 'server does not answer',
  STALE_CONNECTION: 'connection was silent',
  SERVER_ERROR: 'server failed',
  UNAUTHORIZED: 'token missing or not valid',
  LIMITS_CHANGED: 'what the token is good for has changed',
  PROTOCOL: 'not of the protocol',
  MESSAGE_TOO_LARGE: 'message too large',
  INVALID_MESSAGES: 'too many invalid messages',
  UNSUPPORTED_VERSION: 'server speaks another version',
  ATTEMPTS_USED_UP: 'no more tries'
}

/** Why there is no connection, for people. */
export function reasonOf ({ code, message, closeCode }: PopcastError): string {
  const reason = reasons[code] ?? code
  // 1006 is none: that is what an end without a code is called (RFC 6455 7.4.1).
  const number = closeCode && closeCode !== 1006 ? ` (${closeCode})` : ''
  const said = code === 'REFUSED' ? message.replace(/^\w*Error: /, '') : ''
  return said === '' || said === code ? reason + number : said
}
