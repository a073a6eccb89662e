import type { Alert } from '../../client/types.ts'
import type { Headline, HeadlineKind } from './headline.ts'

/** What is true now, of what a screen reader is to be told without asking. */
export interface Truth {
  readonly headline: Headline
  /** Open regressions by id. */
  readonly alerts: ReadonlyMap<string, Alert>
}

export interface Announcer {
  /** What is to be said now; '': nothing. */
  readonly text: string
  /** Which one it is: one that reads the same as the one before is another one all the same. */
  readonly count: number
  readonly saidAt: number | null
  /** The headline that was said last. */
  readonly headline: string
  /** Ids of critical regressions that were said, or were there before anything was; null: nothing is known yet. */
  readonly told: ReadonlySet<string> | null
}

export const unsaid: Announcer = { text: '', count: 0, saidAt: null, headline: '', told: null }

/** Between two announcements: who reads on is not interrupted more often. */
export const QUIET_MS = 10_000
/** So many are named; of the others it is said that they are. */
const MAX_NAMED = 3

/**
 * What is announced after a look at what is true, each second and at each change: another headline, and regressions that have
 * become critical. What came and went while it had to be quiet is never said. Pure. @param at as of Date.now()
 */
export function announced (before: Announcer, { headline, alerts }: Truth, at: number): Announcer {
  // The page is read from its top when it is opened: that it connects is there already.
  if (before.told === null && headline.kind === 'connecting') return before
  const criticals = [...alerts.values()].filter(({ severity }) => severity === 'critical')
  const present = new Set(criticals.map(({ id }) => id))
  const told = before.told ?? present
  // A clock that was set back keeps nobody waiting.
  if (before.saidAt !== null && at >= before.saidAt && at - before.saidAt < QUIET_MS) return before

  const words = headlineWords(headline)
  const added = criticals.filter(({ id }) => !told.has(id))
  const known = { headline: words, told: present }
  const sentences = [...words === before.headline ? [] : [words], ...added.length === 0 ? [] : [criticalWords(added)]]
  if (sentences.length > 0) return { ...known, text: sentences.join(' '), count: before.count + 1, saidAt: at }
  return before.text === '' && isSame(before.told, present) ? before : { ...before, ...known, text: '' }
}

/** Their first detail says why, and does not tick. */
const explained: ReadonlySet<HeadlineKind> = new Set(['failed', 'failing', 'waiting', 'empty'])

function headlineWords ({ kind, word, details }: Headline): string {
  const why = explained.has(kind) ? details[0] : undefined
  return `${word[0]}${word.slice(1).toLowerCase()}${why === undefined ? '' : `, ${why}`}.`
}

function criticalWords (added: readonly Alert[]): string {
  const pops = [...new Set(added.map(({ pop }) => pop))]
  const others = pops.length - MAX_NAMED
  return `Critical: ${pops.slice(0, MAX_NAMED).join(', ')}${others > 0 ? ` and ${others} more` : ''}.`
}

function isSame (one: ReadonlySet<string> | null, other: ReadonlySet<string>): boolean {
  return one !== null && one.size === other.size && [...one].every((id) => other.has(id))
}
