import { clean, truncate, widthOf } from './text.ts'
import type { Role, Style } from './style.ts'

/** A piece of a line. */
export interface Span {
  readonly text: string
  readonly role: Role
}
export type Line = readonly Span[]

/** Between two pieces. */
const SPACE = 2

/** The only place where a piece is made: nothing that others wrote gets past it as it is. */
export function span (text: string, role: Role = 'plain'): Span {
  return { text: clean(text), role }
}

/** As many lines as it takes, `maxLines` at most: a piece that does not fit behind the one before begins a new line. */
export function flow (spans: readonly Span[], columns: number, maxLines: number): Line[] {
  const lines: Span[][] = []
  let width = 0
  for (const piece of spans) {
    const own = widthOf(piece.text)
    const last = lines.at(-1)
    if (last !== undefined && width + SPACE + own <= columns) {
      last.push(span(' '.repeat(SPACE)), piece)
      width += SPACE + own
    } else if (lines.length < maxLines) {
      lines.push([piece])
      width = own
    }
  }
  return lines
}

/** @param importance of each column: the lowest give way first where it is narrow, 0 never does */
export function table (rows: ReadonlyArray<readonly Span[]>, importance: readonly number[], columns: number): Line[] {
  const widths = importance.map((_, column) => Math.max(0, ...rows.map((row) => widthOf(row[column]!.text))))
  const shown = new Set(importance.keys())
  const visible = () => [...shown].filter((column) => widths[column]! > 0)
  const total = () => visible().reduce((sum, column) => sum + widths[column]! + SPACE, -SPACE)
  for (const column of [...importance.keys()].sort((a, b) => importance[b]! - importance[a]!)) {
    if (total() > columns && importance[column]! > 0) shown.delete(column)
  }
  return rows.map((row) => {
    const cells = visible().map((column) => ({ ...row[column]!, width: widths[column]! }))
    const last = cells.findLastIndex(({ text }) => text !== '')
    return cells.slice(0, last + 1).flatMap(({ text, role, width }, index) => {
      return [{ text, role }, span(index === last ? '' : ' '.repeat(width - widthOf(text) + SPACE))]
    })
  })
}

/** The line as text, never wider than `columns`. */
export function render (line: Line, columns: number, style: Style): string {
  let left = columns
  let text = ''
  for (const piece of line) {
    const kept = truncate(piece.text, left)
    text += kept === '' ? '' : style(piece.role, kept)
    left -= widthOf(kept)
    if (kept !== piece.text) break
  }
  return text
}
