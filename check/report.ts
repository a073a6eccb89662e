import type { Finding } from './finding.ts'

/** For a person: a line each, and what it comes to. */
export function reportLines (findings: readonly Finding[]): string[] {
  const wide = Math.max(...findings.map(({ part }) => part.length))
  const lines = findings.map(({ level, part, text }) => `${level.padEnd('problem'.length)}  ${part.padEnd(wide)}  ${text}`)
  const [problems, notes] = [countOf(findings, 'problem'), countOf(findings, 'note')]
  const more = notes === 0 ? '' : `, ${notes} ${notes === 1 ? 'note' : 'notes'}`
  return [...lines, '', problems === 0 ? `no problem${more}` : `${problems} ${problems === 1 ? 'problem' : 'problems'}${more}`]
}

/** For a machine: one object. */
export function reportJson (findings: readonly Finding[]): string {
  return JSON.stringify({ ok: isFine(findings), findings })
}

export function isFine (findings: readonly Finding[]): boolean {
  return countOf(findings, 'problem') === 0
}

function countOf (findings: readonly Finding[], wanted: Finding['level']): number {
  return findings.filter(({ level }) => level === wanted).length
}
