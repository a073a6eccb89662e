const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** So many names of what there is are told. */
const TOLD_NAMES = 10

/** The first of them, and how many more there are. */
export function list (names: readonly string[]): string {
  if (names.length === 0) return 'none'
  const more = names.length > TOLD_NAMES ? ` and ${names.length - TOLD_NAMES} more` : ''
  return names.slice(0, TOLD_NAMES).join(', ') + more
}

/** In the largest unit of which there is one. */
export function duration (ms: number): string {
  const units = [['d', DAY_MS], ['h', HOUR_MS], ['min', MINUTE_MS], ['s', SECOND_MS]] as const
  const [unit, size] = units.find(([, size]) => ms >= size) ?? ['s', SECOND_MS]
  return `${Math.round(ms / size)} ${unit}`
}
