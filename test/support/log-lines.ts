import type { Line } from './fake-log.ts'

export interface LogLines {
  lines: Line[]
  /** Takes one line of JSON. */
  write (line: string): void
  /** Resolves with the first line for which `where` is true, written already or later. */
  find (where: (line: Line) => boolean): Promise<Line>
  /** The same, for lines of one event. */
  logged (event: string, where?: (line: Line) => boolean): Promise<Line>
}

/** Collects a JSON log and lets a test wait for a line of it. */
export function collectLines (): LogLines {
  const lines: Line[] = []
  const waiting = new Set<(line: Line) => void>()
  const write = (text: string) => {
    const line = JSON.parse(text) as Line
    lines.push(line)
    for (const look of waiting) look(line)
  }
  const find = (where: (line: Line) => boolean) => new Promise<Line>((resolve) => {
    const found = lines.find(where)
    if (found !== undefined) return resolve(found)
    const look = (line: Line) => {
      if (!where(line)) return
      waiting.delete(look)
      resolve(line)
    }
    waiting.add(look)
  })
  return { lines, write, find, logged: (event, where = () => true) => find((line) => line.event === event && where(line)) }
}
