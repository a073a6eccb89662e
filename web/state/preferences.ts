/** What somebody wants on this device: none of it is in a link. */
export interface Preferences {
  readonly sound: boolean
  readonly notifications: boolean
  /** Until when nothing is to be heard; as of Date.now(). */
  readonly mutedUntil: number | null
  /** The same by PoP. */
  readonly mutedPops: Readonly<Record<string, number>>
  /** Whether single keys are commands (WCAG 2.1.4). */
  readonly singleKeys: boolean
}

export const defaultPreferences: Preferences = {
  sound: false,
  notifications: false,
  mutedUntil: null,
  mutedPops: {},
  singleKeys: true
}

/** Nobody can mute for longer: what is further away comes of a clock that was wrong. */
const LONGEST_MUTE_MS = 24 * 3_600_000

/** @param text as it was stored, by this or another version, or by anybody: what is of no use is left out, never thrown at */
export function preferencesOf (text: string | null, now: number): Preferences {
  const stored = objectOf(text)
  const choice = (name: 'sound' | 'notifications' | 'singleKeys') =>
    typeof stored[name] === 'boolean' ? stored[name] : defaultPreferences[name]
  const isEnd = (end: unknown): end is number => typeof end === 'number' && end > now && end <= now + LONGEST_MUTE_MS
  const pops = Object.entries(isObject(stored.mutedPops) ? stored.mutedPops : {})
  return {
    sound: choice('sound'),
    notifications: choice('notifications'),
    mutedUntil: isEnd(stored.mutedUntil) ? stored.mutedUntil : null,
    mutedPops: Object.fromEntries(pops.filter((entry): entry is [string, number] => isEnd(entry[1]))),
    singleKeys: choice('singleKeys')
  }
}

/** @param until null: not any more */
export function withMute (preferences: Preferences, until: number | null): Preferences {
  return { ...preferences, mutedUntil: until }
}

export function withPopMute (preferences: Preferences, pop: string, until: number | null): Preferences {
  const others = Object.entries(preferences.mutedPops).filter(([code]) => code !== pop)
  return { ...preferences, mutedPops: Object.fromEntries(until === null ? others : [...others, [pop, until]]) }
}

/** Without the mutes that are over; the same object when there are none. */
export function current (preferences: Preferences, now: number): Preferences {
  const { mutedUntil, mutedPops } = preferences
  const lasting = Object.entries(mutedPops).filter(([, until]) => until > now)
  const isOver = mutedUntil !== null && mutedUntil <= now
  if (!isOver && lasting.length === Object.keys(mutedPops).length) return preferences
  return { ...preferences, mutedUntil: isOver ? null : mutedUntil, mutedPops: Object.fromEntries(lasting) }
}

function objectOf (text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
