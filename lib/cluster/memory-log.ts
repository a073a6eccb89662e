import { LocalLog } from './local-log.ts'
import type { Draft, Leader, Position, Reader, SharedLog } from './shared-log.ts'

/** One process by itself: it always leads, what it appends is read back at once, and nothing is left when it ends. */
export class MemoryLog<Update, Note> extends LocalLog implements SharedLog<Update, Note> {
  readonly #epoch: string
  #seq = 0
  #reader: Reader<Update, Note> | null = null

  constructor (epoch: string, instance = 'local') {
    super('memory', instance)
    this.#epoch = epoch
  }

  get position (): Position {
    return { epoch: this.#epoch, seq: this.#seq }
  }

  async follow (reader: Reader<Update, Note>): Promise<void> {
    this.#reader = reader
    await reader.begin({ position: this.position, updates: [], note: null, ageMs: 0 })
  }

  async lead (leader: Leader): Promise<void> {
    leader.begin({ text: null, kept: new Map() })
  }

  async begin (): Promise<boolean> {
    return true
  }

  async append ({ update, note }: Draft<Update, Note>): Promise<boolean> {
    if (update !== null) this.#seq++
    await this.#reader?.next({ seq: this.#seq, update, note, ageMs: 0 })
    return true
  }

  async keep (): Promise<void> {}

  async close (): Promise<void> {}
}
