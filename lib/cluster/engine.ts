import type { LogStatus } from './shared-log.ts'

/** The engine did not answer in time, not at all, or with an error; it may have done what it was asked. */
export class EngineError extends Error {}

/** What an instance has read, as far as it says whether the engine has lost something. */
export interface Known {
  epoch: string
  seq: number
  /** Which append it was. */
  by: string
  /** The highest that was seen. */
  term: number
}

export interface Acquiring {
  id: string
  leaseMs: number
  /** One that is new. */
  newEpoch: string
  format: number
  known: Known
}

/** `BEGUN`: in a new epoch. */
export type Acquired =
  | { kind: 'HELD', forMs: number }
  | { kind: 'GRANTED' | 'BEGUN', term: number, epoch: string, seq: number, by: string }

export interface Turn {
  id: string
  term: number
  epoch: string
  seq: number
  by: string
  leaseMs: number
  /** ms that lie between two ticks at least. */
  apartMs: number
}

export type Begun = { kind: 'OK' | 'GAP' | 'FENCED' } | { kind: 'WAIT', ms: number }

export interface Appending {
  id: string
  term: number
  epoch: string
  seq: number
  /** Which append the newest is that the caller has read, and this one. */
  before: string
  by: string
  format: number
  /** Updates. */
  keep: number
  /** JSON. */
  note: string
  memory: string
  update: { entry: string, view: string } | null
}

/** `DUP`: it is there already, as the answer was lost. */
export type Appended = 'OK' | 'DUP' | 'GAP' | 'FENCED'

/** One that has given a sign of life lately. */
export interface InstanceSign {
  id: string
  wantsData: boolean
  /** JSON, as it said. */
  about: string
}

export interface Sign extends InstanceSign {
  /** In which it leads; 0: it does not. */
  term: number
  leaseMs: number
  /** For so long it counts as there. */
  countsMs: number
}

/** `FENCED`: another one leads, or might. */
export interface Beat {
  kind: 'LEADS' | 'FENCED' | 'HELD' | 'FREE'
  holder: string
  term: number
  instances: InstanceSign[]
}

/** One update as it stands in the log. */
export interface ReadEntry {
  seq: number
  format: number
  epoch: string
  by: string
  /** The append before it. */
  before: string
  /** JSON; '' when it is not known any more. */
  note: string
  noteId: number
  /** JSON. */
  entry: string
}

export interface ReadState {
  epoch: string
  seq: number
  by: string
  ageMs: number
  /** JSON; '' for none. */
  note: string
  /** Grows with each append. */
  noteId: number
  noteBy: string
  term: number
  holder: string
  format: number
  /** JSON; '' where nothing is new, or there is none. */
  view: string
  entries: ReadEntry[]
}

export interface Keeping {
  id: string
  term: number
  name: string
  /** null: it is kept no more. */
  text: string | null
}

/**
 * Where the stream of several instances is. Each call is one step for all of them: what it compares and what it writes belong
 * together. The time that is compared is the engine's. All of it throws an `EngineError` where there is no answer.
 */
export interface Engine {
  readonly kind: LogStatus['engine']
  /** What is new since an instance last read, all of one moment. @returns null when nothing is there */
  read (own: { epoch: string, seq: number, by: string }): Promise<ReadState | null>
  /** Takes the lease, if nobody has it. */
  acquire (acquiring: Acquiring): Promise<Acquired>
  /** Before the source is asked: whether the caller still leads, and when the last one has. */
  begin (turn: Turn): Promise<Begun>
  append (appending: Appending): Promise<Appended>
  /** A sign of life: says that an instance is there, and holds the lease of who leads. */
  beat (sign: Sign): Promise<Beat>
  /** It is gone, and leads no more. @param term 0: it does not lead */
  leave (id: string, term: number): Promise<void>
  /** Keeps something for who leads next, as long as the caller leads. */
  keep (keeping: Keeping): Promise<'OK' | 'FENCED'>
  /** What who leads has to know. It takes longer than the others: there may be much. `stopWaiting` ends it. */
  readKept (): Promise<{ memory: string | null, kept: Map<string, string> }>
  /** Resolves when there is something newer than this, and after a while in any case. */
  wait (known: { seq: number, noteId: number }): Promise<void>
  /** Nobody waits any more. */
  stopWaiting (): void
  /** What is under way fails. */
  close (): void
}
