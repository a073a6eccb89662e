import type { Alert } from './alert.ts'

/** What is new about an alert. */
export interface Change {
  state: 'firing' | 'resolved'
  alert: Alert
  /** The same under the labels that it had until now; null: it is new, or has them still. */
  replaces: Alert | null
  /** ms since the epoch. */
  at: number
}

/** What became of attempts to tell it, and of what never was. */
export const deliveryOutcomes = ['delivered', 'failed', 'dropped'] as const

/** What is under way may take so long at the end of the process. */
export const STOP_TIMEOUT_MS = 2_000

/** Who is told, in its own way and time. Nothing here throws or waits. */
export interface Receiver {
  readonly name: 'alertmanager' | 'webhook'
  /** Of several instances each may tell it the same; else who leads does. */
  readonly hearsAll: boolean
  changed (change: Change): void
  /** This process leads from now on; absent: what fires is told again by `changed`. */
  takeOver?(): void
  /** What waits to be told, or told again after a failure. */
  readonly waiting: number
  /** Nothing more is begun. Resolves when what is under way has ended. */
  stop (): Promise<void>
}
