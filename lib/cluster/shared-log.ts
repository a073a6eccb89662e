/** Where something stands in the stream. */
export interface Position {
  epoch: string
  seq: number
}

/** What whoever leads has to say. */
export interface Draft<Update, Note> {
  /** What gets the next place in the stream; null: there is nothing new that would. */
  update: Update | null
  /** What is so at present beside it: it takes the place of the note before. */
  note: Note
  /** What who leads next has to know, as text. Asked for only where it is written down. */
  memory: () => string
}

/** The same as everybody reads it back. */
export interface Read<Update, Note> {
  seq: number
  update: Update | null
  note: Note
  /** How long ago it was appended, ms. */
  ageMs: number
}

/** One update in its place. */
export interface Placed<Update> {
  seq: number
  update: Update
}

/** What there is to begin with. */
export interface History<Update, Note> {
  position: Position
  /** What is kept of the updates up to there, oldest first and without a gap: the last one is that of the position. */
  updates: ReadonlyArray<Placed<Update>>
  /** null: nothing was said yet. */
  note: Note | null
  /** Of the newest, ms. */
  ageMs: number
}

/** Who is told what stands in the log, one thing at a time: the next comes when this one is done. */
export interface Reader<Update, Note> {
  /** Begins here, or anew: in another epoch, or where what came between cannot be had any more. */
  begin (history: History<Update, Note>): Promise<void>
  next (read: Read<Update, Note>): Promise<void>
}

/** What who led before has left. */
export interface Memory {
  /** As it was appended last; null: nobody has led before. */
  text: string | null
  /** What was kept beside it, by name. */
  kept: ReadonlyMap<string, string>
}

/** Who makes what is appended. */
export interface Leader {
  /** From now on it leads. */
  begin (memory: Memory): void
  /** It does not any more: another one may. */
  end (): void
}

/** How it is with the log, as this process sees it. */
export interface LogStatus {
  /** This process, and no other. */
  instance: string
  engine: 'memory' | 'directory' | 'redis'
  role: 'leader' | 'follower'
  /** Grows with each change of who leads. */
  term: number
  /** Which instance leads; null: none, as far as is known. */
  leader: string | null
  /** Why nothing new can be told: the engine is away, or a newer popcast leads whose entries cannot be read. */
  away: 'engine' | 'format' | null
  /** Whether there was anything to read yet. */
  isSynced: boolean
  /** How long ago it was known that there is nothing newer, ms. */
  lagMs: number
}

/** One of those that share the log. */
export interface Instance {
  id: string
  isLeader: boolean
  /** As it said of itself lately; absent where there are no others to tell. */
  about?: object
}

/**
 * The stream between who makes updates and everybody who tells them. One leads: it asks `begin` before it asks the source, and
 * appends what came of it. Nobody tells anything but what was read back: so whoever tells something says the same.
 */
export interface SharedLog<Update, Note> {
  /** Where it has been read up to. */
  readonly position: Position
  readonly status: LogStatus
  /** Those that have given a sign of life lately, this one among them. */
  readonly instances: Instance[]
  /** Whether anybody wants data of another instance. */
  readonly isWantedElsewhere: boolean
  /** Somebody here wants data now. */
  want (): void
  /** Resolves when everything has been read that was there when it was called, or that cannot be read. */
  catchUp (): Promise<void>
  /** Reads from now on: the reader begins when there is something to begin with. */
  follow (reader: Reader<Update, Note>): Promise<void>
  /** From now on this one may lead. */
  lead (leader: Leader): Promise<void>
  /** Before each tick. @returns whether this one leads, and what it appends can be told */
  begin (): Promise<boolean>
  /** Resolves when what was appended has been read back and told here. @returns whether it was */
  append (draft: Draft<Update, Note>): Promise<boolean>
  /**
   * Keeps something for who leads next, under a name; null: not any more.
   * @param text asked for only where it is written down
   */
  keep (name: string, text: (() => string) | null): Promise<void>
  /** Leads no more, and writes nothing any more. */
  close (): Promise<void>
}
