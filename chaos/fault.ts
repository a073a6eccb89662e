import type { Context } from './context.ts'

/** What came of a fault. */
export interface Finding {
  what: string
  /** Measured, with its unit. */
  figure: string
  goal: string
  /** Whether what must hold on every machine does. */
  pass: boolean
  /** Whether it was as quick as its goal, if it has one: what else a machine does can spoil that. */
  inTime?: boolean
}

export interface Fault {
  name: string
  /** Whether it is one of those of `--quick`. */
  isQuick: boolean
  /** It takes the machine for itself: nothing else runs beside it. */
  isHeavy?: true
  /** It cannot be shown without a network that is ours. */
  needsOwnNetwork?: true
  /** So long it may take, ms; a minute unless it says otherwise. */
  withinMs?: number
  run (context: Context): Promise<Finding>
}

export const MIB = 1024 * 1024
export const toMs = (ms: number) => `${Math.round(ms)} ms`
export const toMiB = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`
export const signed = (bytes: number) => `${bytes < 0 ? '-' : '+'}${toMiB(Math.abs(bytes))}`
