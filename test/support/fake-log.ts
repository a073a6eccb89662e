import type { Log } from '../../lib/log.ts'

export interface Line {
  level: keyof Log
  message: string
  event?: string
  [field: string]: unknown
}

/** Keeps what was logged. */
export class FakeLog implements Log {
  readonly lines: Line[] = []

  debug (fields: object, message: string): void { this.lines.push({ ...fields, level: 'debug', message }) }
  info (fields: object, message: string): void { this.lines.push({ ...fields, level: 'info', message }) }
  warn (fields: object, message: string): void { this.lines.push({ ...fields, level: 'warn', message }) }
  error (fields: object, message: string): void { this.lines.push({ ...fields, level: 'error', message }) }

  /** The lines of one event. */
  of (event: string): Line[] {
    return this.lines.filter((line) => line.event === event)
  }
}
