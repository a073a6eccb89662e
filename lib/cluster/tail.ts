import type { Codec } from './codec.ts'
import type { Engine, Known, ReadEntry, ReadState } from './engine.ts'
import type { Placed, Position, Reader } from './shared-log.ts'
import { Turns } from '../turns.ts'

/**
 * `lost`: the engine has lost what it had acknowledged. `newer`: a newer popcast wrote it. `damaged`: it is of a format that is
 * known, and not what was written.
 */
export type Synced = 'read' | 'empty' | 'lost' | 'newer' | 'damaged'

export interface TailOptions<Update> {
  engine: Engine
  codec: Codec<Update>
}

/** An entry that could be read. */
interface Understood<Update, Note> extends Placed<Update> {
  entry: ReadEntry
  /** null: it is not known any more. */
  note: Note | null
}

/** One that can be told by itself, with all that was said when it was made. */
type Whole<Update, Note> = Understood<Update, Note> & { note: Note }

const NOTHING: Known = { epoch: '', seq: 0, by: '', term: 0 }

/** Reads the log as it grows, and tells it only where it goes on from what was told before. */
export class Tail<Update, Note> {
  readonly #options: TailOptions<Update>
  #reader: Reader<Update, Note> | null = null
  #known = NOTHING
  #isCurrent = false
  #noteId = 0
  readonly #turns = new Turns()

  constructor (options: TailOptions<Update>) {
    this.#options = options
  }

  follow (reader: Reader<Update, Note>): void {
    this.#reader = reader
  }

  /** What was told. */
  get known (): Known {
    return this.#known
  }

  /** Nothing newer was there when it was last looked, whether it could be read or not. */
  get isCurrent (): boolean {
    return this.#isCurrent
  }

  /** Which append that was. */
  get noteId (): number {
    return this.#noteId
  }

  get position (): Position {
    const { epoch, seq } = this.#known
    return { epoch, seq }
  }

  /**
   * Reads what is new and tells it; one at a time.
   * @param leads what is damaged is left out: who leads writes what takes its place, and nobody else can
   * @throws {EngineError}
   */
  sync (leads: boolean): Promise<Synced> {
    return this.#turns.take(() => this.#sync(leads))
  }

  /** The same for many who ask at once. */
  readonly catchUp: () => Promise<Synced> = this.#turns.together(() => this.#sync(false))

  async #sync (leads: boolean): Promise<Synced> {
    const { engine, codec } = this.#options
    const known = this.#known
    const state = await engine.read(known)
    this.#isCurrent = state === null || (state.epoch === known.epoch && state.seq === known.seq && state.by === known.by)
    if (state === null) return known.epoch === '' ? 'empty' : 'lost'
    if (state.format > codec.format) return 'newer'
    if (this.#hasLost(state)) return 'lost'
    this.#known = { ...known, term: state.term }
    const entries = chained(state)
    if (entries.some(({ format }) => format > codec.format)) return 'newer'
    const understood = this.#understand(entries, state, leads)
    const note = this.#noteOf(state.note)
    // A view that is sent is of an update: one that is gone is not none.
    const isNewestUnderstood = understood.length > 0 || (entries.length === 0 && state.view === '')
    if (!leads && (!isNewestUnderstood || note === undefined)) return 'damaged'
    const isFollowing = state.epoch === known.epoch && follows(understood, state, known)
    if (isFollowing && isWhole(understood)) await this.#next(state, understood, note ?? null)
    else await this.#begin(state, understood, note ?? null)
    return 'read'
  }

  /** Acknowledged is what was read: it cannot be undone but by an engine that lost it. */
  #hasLost ({ epoch, seq, by, term, entries }: ReadState): boolean {
    const known = this.#known
    if (term < known.term) return true
    if (epoch !== known.epoch) return false
    if (seq < known.seq || (seq === known.seq && by !== known.by)) return true
    // Behind what this one has read stands another one than it has read.
    return entries[0]?.seq === known.seq + 1 && entries[0].before !== known.by
  }

  async #next (state: ReadState, understood: ReadonlyArray<Whole<Update, Note>>, last: Note | null): Promise<void> {
    for (const { seq, update, note, entry: { by, noteId } } of understood) {
      this.#known = { ...this.#known, seq, by }
      this.#noteId = noteId
      await this.#reader?.next({ seq, update, note, ageMs: state.ageMs })
    }
    if (state.noteId === this.#noteId || last === null) return
    this.#noteId = state.noteId
    await this.#reader?.next({ seq: state.seq, update: null, note: last, ageMs: 0 })
  }

  async #begin (state: ReadState, understood: ReadonlyArray<Understood<Update, Note>>, note: Note | null): Promise<void> {
    const { epoch, seq, by, term, noteId, ageMs } = state
    this.#known = { epoch, seq, by, term }
    this.#noteId = noteId
    const updates = understood.map(({ seq, update }) => ({ seq, update }))
    await this.#reader?.begin({ position: { epoch, seq }, updates, note, ageMs })
  }

  /** The newest entries, oldest first, as far back as they make sense. */
  #understand (entries: readonly ReadEntry[], state: ReadState, leads: boolean): Array<Understood<Update, Note>> {
    const understood: Array<Understood<Update, Note>> = []
    for (const entry of entries.toReversed()) {
      const note = this.#noteOf(entry.note)
      const update = this.#updateOf(entry, state, leads)
      if (note === undefined || update === undefined) break
      understood.unshift({ seq: entry.seq, update, note, entry })
    }
    return understood
  }

  /** @returns null where there is none, and undefined when it makes no sense */
  #noteOf (text: string): Note | null | undefined {
    const { codec } = this.#options
    if (text === '') return null
    try {
      return (codec.readNote?.(text) ?? JSON.parse(text)) as Note
    } catch {
      return undefined
    }
  }

  /** @returns undefined when it makes no sense */
  #updateOf ({ seq, epoch, entry }: ReadEntry, state: ReadState, leads: boolean): Update | undefined {
    const isNewest = seq === state.seq && state.view !== ''
    // Without the view nothing is known of the PoPs until the next update; what was told in this one is.
    for (const view of isNewest ? [state.view, ...leads ? [null] : []] : [null]) {
      try {
        return this.#options.codec.read({ entry, view }, { epoch, seq })
      } catch {}
    }
    return undefined
  }
}

/** The newest entries, as far back as each goes on from the one before. */
function chained ({ entries, epoch, seq, by }: ReadState): ReadEntry[] {
  const chain: ReadEntry[] = []
  let [wanted, expected] = [seq, by]
  for (const entry of entries.toReversed()) {
    if (entry.epoch !== epoch || entry.seq !== wanted || entry.by !== expected) break
    chain.unshift(entry)
    wanted--
    expected = entry.before
  }
  return chain
}

function follows (understood: ReadonlyArray<{ entry: ReadEntry }>, { seq }: ReadState, known: Known): boolean {
  const first = understood[0]
  return understood.length === seq - known.seq && (first === undefined || first.entry.before === known.by)
}

function isWhole<Update, Note> (understood: Array<Understood<Update, Note>>): understood is Array<Whole<Update, Note>> {
  return understood.every(({ note }) => note !== null)
}
