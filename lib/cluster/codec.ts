import type { Position } from './shared-log.ts'

/** What is written of one update: little, which is kept of many, and much, which is kept of the newest alone. */
export interface Written {
  /** JSON. */
  entry: string
  /** Text; null: it is not the newest, and this is not known any more. */
  view: string | null
}

/** How an update becomes text and comes back. */
export interface Codec<Update> {
  /** Of what is written. It grows when who knows the one before could not read it; those before it are read, too. */
  readonly format: number
  write (update: Update, position: Position): { entry: string, view: string }
  /** Of updates in their order. @throws when it makes no sense */
  read (written: Written, position: Position): Update
  /** What is said beside an update; absent: any JSON. @throws when it makes no sense */
  readNote? (text: string): unknown
}
