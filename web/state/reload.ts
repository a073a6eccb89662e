/**
 * Whether a screen that nobody touches is to load itself anew: the service was replaced by another version, whose page may be
 * another. Not while something is critical, when somebody may be looking.
 * @param before the version that was told first; null: none was told yet
 */
export function reloadIsDue (before: string | null, now: string | null, criticals: number): boolean {
  return before !== null && now !== null && before !== now && criticals === 0
}
