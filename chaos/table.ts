import type { Row } from './run.ts'

function outcomeOf ({ pass, inTime = true }: Row): string {
  return pass ? inTime ? 'pass' : 'SLOW' : 'FAIL'
}

/** Of one row, while others are still tried. */
export function progress (row: Row): string {
  const { name, pass, skipped, seconds, what } = row
  const outcome = skipped !== undefined ? '-   ' : outcomeOf(row)
  return `${outcome} ${`${seconds.toFixed(1)} s`.padStart(7)}  ${name}${pass ? '' : `: ${what}`}`
}

/** Of all, in Markdown. */
export function table (rows: readonly Row[]): string {
  const cells = (row: readonly string[]) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const lines = rows.map((row) =>
    cells([row.name, row.what, row.figure, row.goal, row.skipped !== undefined ? 'not tried' : outcomeOf(row)]))
  return [cells(['fault', 'what happened', 'figure', 'goal', '']), '|---|---|---|---|---|', ...lines].join('\n')
}
