import { open, truncate, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { onlyRecord, readIfThere, replaceFile, setAside } from './directory-files.ts'
import { readRecord, record } from './record.ts'

/** What stands in `state`: what is known after the newest update, replaced with each. */
export interface State {
  epoch: string
  seq: number
  /** When the newest was made, ms since the epoch. */
  at: number
  note: unknown
  /** Of the newest update; null: there was none yet. */
  view: string | null
  memory: string
}

/** One update as it stands in `log`. */
export interface LoggedEntry {
  seq: number
  /** JSON. */
  entry: string
}

export interface Stored {
  state: State
  entries: LoggedEntry[]
  /** Of an update that was not written to its end, or that nobody was told. */
  cutBytes: number
}

/** At most twice as much is kept. */
export interface LogLimits {
  maxEntries: number
  maxBytes: number
}

/** Why what is there is not used. */
export interface Fault {
  file: 'log' | 'state'
  detail: string
}

type Header = { format: number, epoch: string, after: number }
type Line = { format: number, seq: number, entry: string }

/**
 * The two files that hold a stream. `log` has a record for each update that is kept, appended; `state` what is known after the
 * newest. An update counts when both are written, the record first: one that `state` does not know was told to nobody.
 */
export class DirectoryState {
  readonly #directory: string
  readonly #format: number
  readonly #limits: LogLimits
  #log: FileHandle | null = null
  #entries: LoggedEntry[] = []
  #bytes = 0

  /** @param format of what is written */
  constructor (directory: string, format: number, limits: LogLimits) {
    this.#directory = directory
    this.#format = format
    this.#limits = limits
  }

  /** @returns null where there is nothing yet */
  async read (): Promise<Stored | Fault | null> {
    const [logFile, stateFile] = [await readIfThere(this.#path('log')), await readIfThere(this.#path('state'))]
    if (logFile === null && stateFile === null) return null
    if (logFile === null) return { file: 'log', detail: 'is not there, and state is' }
    // The process ended before the first update was whole: nothing was told.
    if (stateFile === null) return this.#isEmpty(logFile) ? null : { file: 'state', detail: 'is not there, and log is' }
    const state = readState(stateFile, this.#format)
    if ('file' in state) return state
    const log = readLog(logFile, this.#format)
    if ('file' in log) return log
    if (log.header.epoch !== state.epoch) return { file: 'state', detail: 'is of another stream than log' }
    const kept = log.entries.filter(({ seq }) => seq <= state.seq)
    const last = kept.at(-1)?.seq ?? log.header.after
    if (last !== state.seq) return { file: 'log', detail: `ends at ${last}, and state is of ${state.seq}` }
    const end = log.ends[kept.length] ?? 0
    if (end < logFile.length) await truncate(this.#path('log'), end)
    this.#take(kept)
    this.#log = await open(this.#path('log'), 'a')
    return { state, entries: kept, cutBytes: logFile.length - end }
  }

  /** What is there is left to people to look at. */
  async setAside (now: number): Promise<void> {
    for (const name of ['log', 'state']) await setAside(this.#path(name), now)
  }

  /** Begins anew, with these entries before what is to come. */
  async begin (state: State, entries: readonly LoggedEntry[]): Promise<void> {
    await this.#writeLog(state.epoch, state.seq, entries)
    await this.#writeState(state)
  }

  /** Resolves when it is written. */
  async append (state: State, entry: LoggedEntry | null): Promise<void> {
    if (this.#log === null) return await this.begin(state, entry === null ? [] : [entry])
    const { maxEntries, maxBytes } = this.#limits
    if (entry !== null) await this.#appendToLog(this.#log, entry)
    if (this.#entries.length > 2 * maxEntries || this.#bytes > 2 * maxBytes) await this.#shorten(state)
    await this.#writeState(state)
  }

  async close (): Promise<void> {
    await this.#log?.close()
    this.#log = null
  }

  async #appendToLog (log: FileHandle, { seq, entry }: LoggedEntry): Promise<void> {
    const line: Line = { format: this.#format, seq, entry }
    await log.appendFile(record(JSON.stringify(line)))
    await log.datasync()
    this.#entries.push({ seq, entry })
    this.#bytes += entry.length
  }

  async #shorten ({ epoch, seq }: State): Promise<void> {
    const { maxEntries, maxBytes } = this.#limits
    let kept = 0
    for (let bytes = 0; kept < Math.min(maxEntries, this.#entries.length); kept++) {
      bytes += this.#entries.at(-1 - kept)?.entry.length ?? 0
      if (bytes > maxBytes) break
    }
    // What is known of the newest belongs to its entry.
    await this.#writeLog(epoch, seq, this.#entries.slice(-Math.max(1, kept)))
  }

  async #writeLog (epoch: string, seq: number, entries: readonly LoggedEntry[]): Promise<void> {
    const format = this.#format
    const header: Header = { format, epoch, after: (entries[0]?.seq ?? seq + 1) - 1 }
    const lines = entries.map(({ seq, entry }): Line => ({ format, seq, entry }))
    await this.close()
    await replaceFile(this.#path('log'), Buffer.concat([header, ...lines].map((line) => record(JSON.stringify(line)))))
    this.#take(entries)
    this.#log = await open(this.#path('log'), 'a')
  }

  #take (entries: readonly LoggedEntry[]): void {
    this.#entries = [...entries]
    this.#bytes = entries.reduce((sum, { entry }) => sum + entry.length, 0)
  }

  async #writeState (state: State): Promise<void> {
    await replaceFile(this.#path('state'), record(JSON.stringify({ format: this.#format, ...state })))
  }

  #isEmpty (log: Buffer): boolean {
    const read = readLog(log, this.#format)
    if ('file' in read) return ['torn', 'end'].includes(readRecord(log, 0).kind)
    return read.header.after === 0 && read.entries.length <= 1
  }

  #path (name: string): string {
    return join(this.#directory, name)
  }
}

interface ReadLog {
  header: Header
  entries: LoggedEntry[]
  /** Where the header and each entry end. */
  ends: number[]
}

function readLog (file: Buffer, known: number): ReadLog | Fault {
  const parsed: unknown[] = []
  const ends: number[] = []
  let read = readRecord(file, 0)
  for (; read.kind === 'record'; read = readRecord(file, read.end)) {
    parsed.push(parse(read.text))
    ends.push(read.end)
  }
  if (read.kind === 'foreign') return { file: 'log', detail: `cannot be read from byte ${ends.at(-1) ?? 0} on` }
  const [header, ...lines] = parsed as [Partial<Header> | undefined, ...Line[]]
  if (header?.after === undefined || header.epoch === undefined) return { file: 'log', detail: 'has no beginning' }
  const stranger = [header, ...lines].find(({ format }) => !isKnown(format, known))
  if (stranger !== undefined) return { file: 'log', detail: `has the format ${stranger.format}, this popcast reads ${known}` }
  const { after } = header
  const gap = lines.find(({ seq }, index) => seq !== after + 1 + index)
  if (gap !== undefined) return { file: 'log', detail: `has a gap before ${gap.seq}` }
  return { header: header as Header, entries: lines.map(({ seq, entry }) => ({ seq, entry })), ends }
}

function readState (file: Buffer, known: number): State | Fault {
  const text = onlyRecord(file)
  if (text === null) return { file: 'state', detail: 'is not whole' }
  const { format, ...state } = parse(text) as State & { format?: number }
  if (!isKnown(format, known)) return { file: 'state', detail: `has the format ${format}, this popcast reads ${known}` }
  return state
}

/** Who writes a format reads those before it, too. */
function isKnown (format: number | undefined, known: number): boolean {
  return format !== undefined && format <= known
}

/** An object without anything where it is no JSON. */
function parse (text: string): object {
  try {
    return Object(JSON.parse(text)) as object
  } catch {
    return {}
  }
}
