import type { ConnectionState } from './types.ts'

export type StateName = ConnectionState['name']

export type EventName =
  /** Somebody wants it, may be looking again, or it is time to try again. */
  | 'connect'
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
  | 'close'

export type Effect =
  | 'drop'
  /** Begin an attempt with the first transport; go on with the next one. */
  | 'open' | 'openNext'
  | 'sendBarrier'
  | 'awaitUpdates'
  /** Ask whether the server is still there. */
  | 'check'
  /** Until when to wait. */
  | 'backOff'
  /** Nothing is waited for any more. */
  | 'rest'

/** What is known of a state beside its name. */
type Fact = 'attempt' | 'transport' | 'retryAt' | 'cause'
export type Facts = Readonly<Record<Fact, unknown>>

type Row = readonly [next: StateName, ...effects: Effect[]]
/** The next state, then the effects. */
type RowText = StateName | `${StateName} ${Effect}` | `${StateName} ${Effect} ${Effect}`
type Rows = Partial<Record<EventName, RowText>>

const connect = 'connecting drop open'
const off = { fatal: 'failed drop rest', close: 'idle drop rest' } satisfies Rows
const on = { ...off, shutdown: 'draining backOff', renew: connect, lost: 'waiting drop backOff' } satisfies Rows

/** What is not here cannot happen. */
const table: Record<StateName, Rows> = {
  idle: { ...off, connect },
  connecting: { ...on, connect: 'connecting', refused: 'connecting drop openNext', welcome: 'syncing sendBarrier' },
  syncing: { ...on, connect: 'syncing', synced: 'live awaitUpdates' },
  live: { ...on, connect: 'live check' },
  // The server has said when to come back: earlier it is not there.
  draining: { ...on, connect, renew: 'draining' },
  waiting: { ...off, connect, renew: 'waiting', lost: 'waiting' },
  failed: { ...off, connect }
}

/** @throws when the event cannot happen in this state */
export function rowOf (state: StateName, event: EventName): Row {
  const row = table[state][event]
  if (!row) throw new Error(`${event} in ${state}`)
  return row.split(' ') as unknown as Row
}

const factsOf: Record<StateName, readonly Fact[]> = {
  idle: [],
  connecting: ['attempt'],
  syncing: ['transport'],
  live: ['transport'],
  draining: ['retryAt', 'cause'],
  waiting: ['attempt', 'retryAt', 'cause'],
  failed: ['cause']
}

export function stateOf (name: StateName, facts: Facts): ConnectionState {
  return Object.fromEntries([['name', name], ...factsOf[name].map((fact) => [fact, facts[fact]])])
}

/** Whether messages come. */
export function isUp ({ name }: ConnectionState): boolean {
  return name === 'live' || name === 'syncing'
}
