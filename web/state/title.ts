import type { Headline, HeadlineKind } from './headline.ts'

type Say = (headline: Headline) => string | null

/** What is not said here does not make the regressions any less believable. */
const says: Partial<Record<HeadlineKind, Say>> = {
  failed: () => 'STOPPED',
  offline: () => 'offline',
  reconnecting: () => 'reconnecting',
  failing: staleFor,
  stale: staleFor,
  waiting: () => 'waiting',
  connecting: () => 'connecting',
  empty: () => 'no PoPs'
}

/** Of the tab: what is wrong comes first, since there is little room. */
export function titleOf (headline: Headline, critical: number, warning: number): string {
  const trouble = says[headline.kind]?.(headline) ?? regressions(critical, warning)
  return trouble === null ? 'popcast' : `${trouble} - popcast`
}

function staleFor ({ word, age }: Headline): string | null {
  if (word === 'SOURCE FAILING') return null
  if (word !== 'STALE') return word.toLowerCase()
  return age === null ? word : `${word} ${age}`
}

function regressions (critical: number, warning: number): string | null {
  if (critical + warning === 0) return null
  const counts = [
    ...critical > 0 ? [`${critical} critical`] : [],
    ...warning > 0 ? [`${warning} ${warning === 1 ? 'warning' : 'warnings'}`] : []
  ]
  return `(${critical > 0 ? `${critical}!` : warning}) ${counts.join(', ')}`
}
