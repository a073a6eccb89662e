import { mkdir } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Codec } from './codec.ts'
import { KeptFiles } from './directory-files.ts'
import { DirectoryLock } from './directory-lock.ts'
import { DirectoryState, type Fault, type LoggedEntry, type LogLimits, type State } from './directory-state.ts'
import { LocalLog } from './local-log.ts'
import type { Draft, History, Leader, Memory, Position, Reader, SharedLog } from './shared-log.ts'
import { Turns } from '../turns.ts'

export interface DirectoryLogOptions<Update> {
  directory: string
  instance: string
  codec: Codec<Update>
  /** Updates that are kept for those who come back, and bytes of them. */
  limits: LogLimits
  newEpoch: () => string
  clock: Clock
  log: Log
  /** It cannot be written to the directory; null: it can (again). */
  onFault: (message: string | null) => void
}

/** The directory cannot be used at all: the message says why. */
export class DirectoryError extends Error {}

/**
 * One process by itself, which goes on where the one before was. What is appended is written before it is told, so that nobody
 * holds a position that the next process does not know. What cannot be written is told in an epoch of its own, of which nothing
 * is on disk: so nobody is ever told two histories of one epoch.
 */
export class DirectoryLog<Update, Note> extends LocalLog implements SharedLog<Update, Note> {
  readonly #options: DirectoryLogOptions<Update>
  readonly #state: DirectoryState
  readonly #kept: KeptFiles
  #memory: Memory
  #lock: DirectoryLock | null
  #reader: Reader<Update, Note> | null = null
  #history: History<Update, Note>
  #view: string | null
  #position: Position
  /** Writing the newest failed. */
  #isFaulty = false
  #isKeptFaulty = false
  #closed = false
  readonly #turns = new Turns()

  private constructor (options: DirectoryLogOptions<Update>, parts: Parts<Update, Note>) {
    super('directory', options.instance)
    this.#options = options
    this.#lock = parts.lock
    this.#state = parts.state
    this.#kept = parts.kept
    this.#memory = parts.memory
    this.#history = parts.history
    this.#view = parts.view
    this.#position = parts.history.position
  }

  /** Reads what is there; what makes no sense is set aside, and told. @throws {DirectoryError} */
  static async open<Update, Note> (options: DirectoryLogOptions<Update>): Promise<DirectoryLog<Update, Note>> {
    const { directory, clock } = options
    let lock: DirectoryLock | null
    try {
      await mkdir(directory, { recursive: true })
      lock = await DirectoryLock.acquire(directory, clock)
    } catch (error) {
      throw new DirectoryError(`${directory} cannot be used: ${(error as Error).message}`)
    }
    if (lock === null) throw new DirectoryError(`${directory} is used by another process`)
    const state = new DirectoryState(directory, options.codec.format, options.limits)
    const kept = new KeptFiles(directory)
    return new DirectoryLog(options, { lock, state, kept, ...await readAll<Update, Note>(options, state, kept) })
  }

  get position (): Position {
    return this.#position
  }

  async follow (reader: Reader<Update, Note>): Promise<void> {
    this.#reader = reader
    await reader.begin(this.#history)
    this.#history = { ...this.#history, updates: [] }
  }

  async lead (leader: Leader): Promise<void> {
    leader.begin(this.#memory)
    this.#memory = { text: null, kept: new Map() }
  }

  async begin (): Promise<boolean> {
    return !this.#closed
  }

  append (draft: Draft<Update, Note>): Promise<boolean> {
    return this.#turns.take(() => this.#append(draft))
  }

  /** What cannot be kept can be had from the source again: to say so once is enough. */
  keep (name: string, text: (() => string) | null): Promise<void> {
    return this.#turns.take(async () => {
      if (this.#closed) return
      try {
        await this.#kept.write(name, text === null ? null : text())
        this.#isKeptFaulty = false
      } catch (err) {
        if (!this.#isKeptFaulty) this.#options.log.warn({ event: 'keep_failed', name, err }, 'what is known could not be kept')
        this.#isKeptFaulty = true
      }
    })
  }

  async close (): Promise<void> {
    await this.#turns.take(async () => {
      this.#closed = true
      await this.#state.close()
      await this.#lock?.release()
      this.#lock = null
    })
  }

  async #append ({ update, note, memory }: Draft<Update, Note>): Promise<boolean> {
    if (this.#closed) return false
    const next = { ...this.#position, seq: this.#position.seq + (update === null ? 0 : 1) }
    const entry = this.#write(update, next)
    const state = { ...next, at: this.#options.clock.now(), note, view: this.#view, memory: memory() }
    if (!await this.#store(state, entry)) next.epoch = await this.#leave()
    this.#position = next
    await this.#reader?.next({ seq: next.seq, update, note, ageMs: 0 })
    return true
  }

  #write (update: Update | null, next: Position): LoggedEntry | null {
    if (update === null) return null
    const { entry, view } = this.#options.codec.write(update, next)
    this.#view = view
    return { seq: next.seq, entry }
  }

  /** @returns false when the directory does not have it, and may not have more of this epoch */
  async #store (state: State, entry: LoggedEntry | null): Promise<boolean> {
    const { onFault } = this.#options
    const wasFaulty = this.#isFaulty
    try {
      // After a failure nothing is sure of what is there.
      if (wasFaulty) await this.#state.begin(state, entry === null ? [] : [entry])
      else await this.#state.append(state, entry)
      this.#isFaulty = false
    } catch (error) {
      onFault(`the stream cannot be written to STATE_DIR, so a restart would not go on with it: ${(error as Error).message}`)
      this.#isFaulty = true
      return wasFaulty
    }
    if (wasFaulty) onFault(null)
    return true
  }

  /** What comes is told in an epoch that the directory knows nothing of. @returns that epoch */
  async #leave (): Promise<string> {
    const epoch = this.#options.newEpoch()
    this.#position = { ...this.#position, epoch }
    await this.#reader?.begin({ position: this.#position, updates: [], note: null, ageMs: 0 })
    return epoch
  }
}

interface Parts<Update, Note> {
  lock: DirectoryLock
  state: DirectoryState
  kept: KeptFiles
  memory: Memory
  history: History<Update, Note>
  view: string | null
}

type Read<Update, Note> = Pick<Parts<Update, Note>, 'memory' | 'history' | 'view'>

async function readAll<Update, Note> (
  options: DirectoryLogOptions<Update>,
  files: DirectoryState,
  keptFiles: KeptFiles
): Promise<Read<Update, Note>> {
  const { directory, log, clock, newEpoch } = options
  try {
    const { kept, unreadable } = await keptFiles.read(clock.now())
    if (unreadable.length > 0) log.warn({ event: 'memory_unreadable', names: unreadable }, 'what was kept cannot be read')
    const stored = await readStream<Update, Note>(options, files)
    if (stored !== null && !('file' in stored)) return { ...stored, memory: { ...stored.memory, kept } }
    if (stored !== null) {
      log.warn({ event: 'state_set_aside', directory, ...stored }, 'what is in STATE_DIR cannot be read: the stream begins anew')
      await files.setAside(clock.now())
    }
    const position = { epoch: newEpoch(), seq: 0 }
    return { memory: { text: null, kept }, history: { position, updates: [], note: null, ageMs: 0 }, view: null }
  } catch (error) {
    throw new DirectoryError(`${directory} cannot be used: ${(error as Error).message}`)
  }
}

async function readStream<Update, Note> (
  { codec, clock, log }: DirectoryLogOptions<Update>,
  files: DirectoryState
): Promise<Read<Update, Note> | Fault | null> {
  const stored = await files.read()
  if (stored === null || 'file' in stored) return stored
  const { state: { epoch, seq, at, note, view, memory }, entries, cutBytes } = stored
  if (cutBytes > 0) log.warn({ event: 'log_cut', seq, cutBytes }, 'the update that was being written is lost')
  try {
    const updates = entries.map(({ seq, entry }, index) =>
      ({ seq, update: codec.read({ entry, view: index === entries.length - 1 ? view : null }, { epoch, seq }) }))
    const history = { position: { epoch, seq }, updates, note: note as Note, ageMs: Math.max(0, clock.now() - at) }
    return { memory: { text: memory, kept: new Map() }, history, view }
  } catch (error) {
    await files.close()
    return { file: 'log', detail: (error as Error).message }
  }
}
