import type { PopcastError } from './errors.ts'
import type { ConnectionState, TransportKind } from './types.ts'

export type StateName = ConnectionState['name']

export type EventName =
  /** connect() was called. */
  | 'connect'
  /** The user, the network or the machine is back. */
  | 'wake'
  /** The page goes where it is frozen. */
  | 'leave'
  /** It is time to try again. */
  | 'due'
  /** This transport did not work, another one is left to try. */
  | 'refused'
  | 'welcome'
  /** All of the greeting has come. */
  | 'synced'
  | 'shutdown'
  /** What is asked for has changed, and can only be said in a URL. */
  | 'renew'
  | 'lost'
  /** Nothing that trying again would mend. */
  | 'fatal'
  /** close() was called. */
  | 'close'

export type Effect =
  | 'watchPage'
  /** Nothing is waited for any more. */
  | 'rest'
  /** Begin an attempt with the first transport; go on with the next one. */
  | 'open' | 'openNext'
  | 'drop'
  | 'sendBarrier'
  | 'awaitUpdates'
  /** Ask whether the server is still there. */
  | 'check'
  | 'backOff'
  /** Come back when the server has said. */
  | 'obey'

type Row = readonly [next: StateName, ...effects: Effect[]]

const renew: Row = ['connecting', 'drop', 'open']
const lost: Row = ['waiting', 'drop', 'backOff']
const retry: Row = ['connecting', 'open']
const start: Row = ['connecting', 'watchPage', 'open']
const inUse: Partial<Record<EventName, Row>> = {
  shutdown: ['draining', 'obey'],
  renew,
  lost,
  leave: lost,
  fatal: ['failed', 'drop', 'rest'],
  close: ['idle', 'drop', 'rest']
}

/** What is not here cannot happen. */
const table: Record<StateName, Partial<Record<EventName, Row>>> = {
  idle: { connect: start, wake: ['idle'], renew: ['idle'], fatal: ['failed'], close: ['idle'] },
  connecting: {
    ...inUse,
    connect: ['connecting'],
    wake: ['connecting'],
    refused: ['connecting', 'drop', 'openNext'],
    welcome: ['syncing', 'sendBarrier']
  },
  syncing: { ...inUse, connect: ['syncing'], wake: ['syncing'], synced: ['live', 'awaitUpdates'] },
  live: { ...inUse, connect: ['live', 'check'], wake: ['live', 'check'] },
  // The server has said when to come back: earlier it is not there.
  draining: {
    ...inUse,
    connect: ['draining'],
    wake: ['draining'],
    renew: ['draining'],
    due: renew,
    lost: ['waiting', 'drop'],
    leave: ['waiting', 'drop']
  },
  waiting: {
    connect: retry,
    wake: retry,
    due: retry,
    renew: ['waiting'],
    leave: ['waiting'],
    fatal: ['failed', 'rest'],
    close: ['idle', 'rest']
  },
  failed: { connect: start, wake: ['failed'], renew: ['failed'], fatal: ['failed'], close: ['idle'] }
}

/** @throws when the event cannot happen in this state */
export function step (state: StateName, event: EventName): { next: StateName, effects: readonly Effect[] } {
  const row = table[state][event]
  if (row === undefined) throw new Error(`${event} in ${state}`)
  const [next, ...effects] = row
  return { next, effects }
}

export interface Facts {
  readonly attempt: number
  readonly retryAt: number
  readonly transport: TransportKind | undefined
  readonly cause: PopcastError | null
}

/** The state as it is shown; the same object as long as it is the same state. */
export function describe (before: ConnectionState, name: StateName, facts: Facts): ConnectionState {
  const { attempt, retryAt, transport, cause } = facts
  if (name === before.name && name !== 'draining') return before
  return {
    name,
    ...name === 'connecting' && { attempt },
    ...(name === 'syncing' || name === 'live') && { transport },
    ...name === 'draining' && { retryAt, cause },
    ...name === 'waiting' && { attempt, retryAt, cause },
    ...name === 'failed' && { cause }
  } as ConnectionState
}
