import type { Codec } from './codec.ts'
import type { Engine, Known, ReadEntry, ReadState } from './engine.ts'
import type { Placed, Position, Reader } from './shared-log.ts'
import { Turns } from '../turns.ts'

/** `lost`: the engine has lost what it had acknowledged. `unreadable`: a newer popcast wrote it. */
export type Synced = 'read' | 'empty' | 'lost' | 'unreadable'

export interface TailOptions<Update> {
  engine: Engine
  codec: Codec<Update>
}

const NOTHING: Known = { epoch: '', seq: 0, by: '', term: 0 }

/** Reads the log as it grows, and tells it only where it goes on from what was told before. */
export class Tail<Update, Note> {
  readonly #options: TailOptions<Update>
  #reader: Reader<Update, Note> | null = null
  #known = NOTHING
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

  /** Which append that was. */
  get noteId (): number {
    return this.#noteId
  }

  get position (): Position {
    const { epoch, seq } = this.#known
    return { epoch, seq }
  }

  /** Reads what is new and tells it; one at a time. @throws {EngineError} */
  sync (): Promise<Synced> {
    return this.#turns.take(() => this.#sync())
  }

  /** The same for many who ask at once. */
  readonly catchUp: () => Promise<Synced> = this.#turns.together(() => this.#sync())

  async #sync (): Promise<Synced> {
    const { engine, codec } = this.#options
    const known = this.#known
    const state = await engine.read(known)
    if (state === null) return known.epoch === '' ? 'empty' : 'lost'
    if (state.format > codec.format) return 'unreadable'
    if (this.#hasLost(state)) return 'lost'
    this.#known = { ...known, term: state.term }
    const entries = chained(state)
    if (entries.some(({ format }) => format > codec.format)) return 'unreadable'
    const updates = this.#updatesOf(entries, state)
    if (updates === null) return 'unreadable'
    if (state.epoch === known.epoch && follows(entries, state, known)) await this.#next(state, entries, updates)
    else await this.#begin(state, updates)
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

  async #next (state: ReadState, entries: readonly ReadEntry[], updates: ReadonlyArray<Placed<Update>>): Promise<void> {
    for (const [index, { seq, by, noteId, note }] of entries.entries()) {
      const update = updates[index]?.update ?? null
      this.#known = { ...this.#known, seq, by }
      this.#noteId = noteId
      await this.#reader?.next({ seq, update, note: JSON.parse(note) as Note, ageMs: state.ageMs })
    }
    if (state.noteId === this.#noteId || state.note === '') return
    this.#noteId = state.noteId
    await this.#reader?.next({ seq: state.seq, update: null, note: JSON.parse(state.note) as Note, ageMs: 0 })
  }

  async #begin (state: ReadState, updates: ReadonlyArray<Placed<Update>>): Promise<void> {
    const { epoch, seq, by, term, note, noteId, ageMs } = state
    this.#known = { epoch, seq, by, term }
    this.#noteId = noteId
    await this.#reader?.begin({
      position: { epoch, seq },
      updates,
      note: note === '' ? null : JSON.parse(note) as Note,
      ageMs
    })
  }

  /** @returns null when they make no sense */
  #updatesOf (entries: readonly ReadEntry[], state: ReadState): Array<Placed<Update>> | null {
    const view = (seq: number) => seq === state.seq && state.view !== '' ? state.view : null
    try {
      return entries.map(({ seq, epoch, entry }) =>
        ({ seq, update: this.#options.codec.read({ entry, view: view(seq) }, { epoch, seq }) }))
    } catch {
      return null
    }
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

function follows (entries: readonly ReadEntry[], { seq }: ReadState, known: Known): boolean {
  return entries.length === seq - known.seq && (entries[0] === undefined || entries[0].before === known.by)
}
