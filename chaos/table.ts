import type { Row } from './run.ts'

/** Of one row, while others are still tried. */
export function progress ({ name, pass, skipped, seconds, what }: Row): string {
  const outcome = skipped !== undefined ? '-   ' : pass ? 'pass' : 'FAIL'
  return `${outcome} ${`${seconds.toFixed(1)} s`.padStart(7)}  ${name}${pass ? '' : `: ${what}`}`
}

/** Of all, in Markdown. */
export function table (rows: readonly Row[]): string {
  const cells = (row: readonly string[]) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const lines = rows.map(({ name, what, figure, goal, pass, skipped }) =>
    cells([name, what, figure, goal, skipped !== undefined ? 'not tried' : pass ? 'pass' : 'FAIL']))
  return [cells(['fault', 'what happened', 'figure', 'goal', '']), '|---|---|---|---|---|', ...lines].join('\n')
}
