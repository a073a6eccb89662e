import { addDurations, NO_DURATIONS, type DurationDigest } from '../clients/durations.ts'
import type { ConnectionStatus } from '../clients/connection-status.ts'
import type { Totals } from '../clients/connection-tracker.ts'
import type { TransportKind } from '../clients/transport.ts'
import type { Family } from '../metrics/exposition.ts'
import { lostConnections } from '../metrics/connections.ts'
import { counted, sumFamilies } from '../metrics/sum.ts'

/** What is so of a worker now. Plain data. */
export interface WorkerState {
  instance: string
  /** What others are told of this instance. */
  about: object
  isLeader: boolean
  /** Connections that are tracked, and of those the ones that are open. */
  tracked: number
  open: number
  byKind: Record<TransportKind, number>
  /** The first of its connections, as the status tells them. */
  connections: readonly ConnectionStatus[]
  /** Ticks in a row that ended by a defect. */
  defects: number
}

/** What one worker has to say for all. Plain data. */
export interface Report {
  /** Counts those of a worker: they may come in another order. 0: it is none of a worker. */
  number: number
  /** What is summed of its metrics. */
  families: readonly Family[]
  totals: Totals
  durations: DurationDigest
  /** null: it has ended. */
  state: WorkerState | null
}

export const NO_TOTALS: Totals =
  { opened: 0, closed: 0, broadcasts: 0, skipped: 0, attempts: 0, failed: 0, failedUpdates: 0, errors: 0 }

const NAMES = Object.keys(NO_TOTALS) as Array<keyof Totals>

export function addTotals (all: readonly Totals[]): Totals {
  const sum = { ...NO_TOTALS }
  for (const totals of all) for (const name of NAMES) sum[name] += totals[name]
  return sum
}

/** Nobody has ended yet. */
export const NOBODY: Report = { number: 0, families: [], totals: NO_TOTALS, durations: NO_DURATIONS, state: null }

/**
 * What remains of workers that have ended, so that no total ever falls. What was open when it ended is closed: nobody has
 * counted it any more.
 */
export function addEnded (ended: Report, { families, totals, durations }: Report): Report {
  return {
    number: 0,
    families: sumFamilies(ended.families, [counted(families), lostConnections(families)]),
    totals: addTotals([ended.totals, { ...totals, closed: totals.opened }]),
    durations: addDurations([ended.durations, durations]),
    state: null
  }
}

/** What is known of it should it die: nobody asks for what it had. */
export function withoutConnections ({ state, ...report }: Report): Report {
  return { ...report, state: state === null ? null : { ...state, connections: [] } }
}

/** Those that are there. */
export function statesOf (reports: readonly Report[]): WorkerState[] {
  return reports.flatMap(({ state }) => state ?? [])
}

/** What is told of the connections of all, oldest first: the same whichever of them tells it. */
export function connectionsOf (states: readonly WorkerState[]): ConnectionStatus[] {
  const all = states.flatMap(({ connections }) => connections)
  // A process by itself has them in that order.
  if (states.length === 1) return all
  return all.sort((a, b) => a.connectedAt < b.connectedAt || (a.connectedAt === b.connectedAt && a.id < b.id) ? -1 : 1)
}
