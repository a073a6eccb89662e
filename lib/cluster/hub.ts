import type { Cancel, Clock } from '../clock.ts'
import type { Codec, Written } from './codec.ts'
import type {
  Acquired, Acquiring, Appended, Appending, Beat, Begun, Engine, InstanceSign, Keeping, ReadEntry, ReadState, Sign, Turn
} from './engine.ts'
import type { History, Memory, Read, SharedLog } from './shared-log.ts'
import { Turns } from '../turns.ts'

/** Who waits for what is new is answered after so long in any case. */
const WAIT_MS = 1_000

/**
 * What is written passes as it is: who leads has made it, and who reads it takes it apart.
 * @param check throws where that could not be done
 */
export function asWritten (format: number, check: Codec<unknown>['read']): Codec<Written> {
  return {
    format,
    write: ({ entry, view }) => ({ entry, view: view ?? '' }),
    read (written, position) {
      check(written, position)
      return written
    }
  }
}

export interface HubOptions {
  /** In which the stream is. */
  log: SharedLog<Written, unknown>
  kind: 'memory' | 'directory'
  clock: Clock
  /** Bytes of entries that are kept. */
  maxBytes: number
  /** Of what is written. */
  format: number
}

/**
 * The engine of instances that have none but the process that started them: it holds the log, in memory or in a directory, and
 * says who leads. It takes nothing apart and knows nothing of what is in it.
 */
export class Hub implements Engine {
  readonly kind: 'memory' | 'directory'
  readonly #options: HubOptions
  readonly #instances = new Map<string, InstanceSign & { until: number }>()
  readonly #lease = { term: 0, holder: '', until: 0 }
  readonly #waiting = new Set<() => void>()
  #head = { epoch: '', seq: 0, by: '', at: 0, note: '', noteId: 0, noteBy: '', view: '' }
  #entries: ReadEntry[] = []
  #bytes = 0
  #memory: Memory = { text: null, kept: new Map() }
  #kept = new Map<string, string>()
  #begunAt = -Infinity
  /** What is being appended. */
  #appending: Appending | null = null
  #isClosing = false
  readonly #turns = new Turns()

  private constructor (options: HubOptions) {
    this.#options = options
    this.kind = options.kind
  }

  static async open (options: HubOptions): Promise<Hub> {
    const hub = new Hub(options)
    await options.log.follow({ begin: async (history) => hub.#begun(history), next: async (read) => hub.#appended(read) })
    await options.log.lead({ begin: (memory) => hub.#remember(memory), end: () => {} })
    return hub
  }

  async read ({ epoch, seq, by }: { epoch: string, seq: number, by: string }): Promise<ReadState> {
    const { view, at, ...head } = this.#head
    const isNew = epoch !== head.epoch || seq !== head.seq || by !== head.by
    const after = epoch === head.epoch ? seq : 0
    return {
      ...head,
      ageMs: Math.max(0, this.#now - at),
      term: this.#lease.term,
      holder: this.#lease.holder,
      format: this.#options.format,
      view: isNew ? view : '',
      entries: isNew ? this.#entries.filter((entry) => entry.seq > after) : []
    }
  }

  acquire ({ id, leaseMs }: Acquiring): Promise<Acquired> {
    return this.#turns.take(async () => {
      const { holder, until } = this.#lease
      if (this.#isClosing && holder !== id) return { kind: 'HELD', forMs: leaseMs }
      if (holder !== '' && holder !== id && until > this.#now) return { kind: 'HELD', forMs: until - this.#now }
      const term = ++this.#lease.term
      this.#lease.holder = id
      this.#lease.until = this.#now + leaseMs
      const { epoch, seq, by } = this.#head
      return { kind: 'GRANTED', term, epoch, seq, by }
    })
  }

  async begin ({ id, term, epoch, seq, by, leaseMs, apartMs }: Turn): Promise<Begun> {
    if (!this.#leads(id, term)) return { kind: 'FENCED' }
    if (!this.#isAt(epoch, seq, by)) return { kind: 'GAP' }
    const ms = this.#begunAt + apartMs - this.#now
    if (ms > 0) return { kind: 'WAIT', ms }
    this.#begunAt = this.#now
    this.#lease.until = this.#now + leaseMs
    return { kind: 'OK' }
  }

  append (appending: Appending): Promise<Appended> {
    return this.#turns.take(async () => {
      const { id, term, epoch, seq, before, by, note, memory, update } = appending
      if (this.#head.noteBy === by) return 'DUP'
      if (!this.#leads(id, term)) return 'FENCED'
      if (!this.#isAt(epoch, seq, before)) return 'GAP'
      this.#appending = appending
      const isAppended = await this.#options.log.append({ update, note: JSON.parse(note) as unknown, memory: () => memory })
      this.#appending = null
      if (!isAppended) return 'FENCED'
      this.#memory = { ...this.#memory, text: memory }
      return 'OK'
    })
  }

  async beat ({ id, term, leaseMs, countsMs, wantsData, about }: Sign): Promise<Beat> {
    this.#instances.set(id, { id, wantsData, about, until: this.#now + countsMs })
    for (const [other, { until }] of this.#instances) if (until <= this.#now) this.#instances.delete(other)
    const instances = Array.from(this.#instances.values(), ({ until, ...sign }) => sign)
    const isLeading = this.#leads(id, term)
    if (isLeading) this.#lease.until = this.#now + leaseMs
    const { holder, until } = this.#lease
    const isFree = !this.#isClosing && (holder === '' || until <= this.#now)
    const kind = term > 0 ? isLeading ? 'LEADS' : 'FENCED' : isFree ? 'FREE' : 'HELD'
    return { kind, holder, term: this.#lease.term, instances }
  }

  async leave (id: string, term: number): Promise<void> {
    this.#instances.delete(id)
    if (this.#leads(id, term)) this.#free()
  }

  /** This one has ended, whatever it was doing. */
  gone (id: string): void {
    this.#instances.delete(id)
    if (this.#lease.holder === id) this.#free()
  }

  /** All of them end: nobody takes the lead any more from who leaves it. */
  drain (): void {
    this.#isClosing = true
  }

  keep ({ id, term, name, text }: Keeping): Promise<'OK' | 'FENCED'> {
    return this.#turns.take(async () => {
      if (!this.#leads(id, term)) return 'FENCED'
      if (text === null) this.#kept.delete(name)
      else this.#kept.set(name, text)
      await this.#options.log.keep(name, text === null ? null : () => text)
      return 'OK'
    })
  }

  async readKept (): Promise<{ memory: string | null, kept: Map<string, string> }> {
    return { memory: this.#memory.text, kept: new Map(this.#kept) }
  }

  async wait ({ noteId }: { noteId: number }): Promise<void> {
    if (noteId !== this.#head.noteId) return
    let wake = () => {}
    let cancel: Cancel = () => {}
    await new Promise<void>((resolve) => {
      wake = resolve
      this.#waiting.add(wake)
      cancel = this.#options.clock.schedule(resolve, WAIT_MS)
    })
    cancel()
    this.#waiting.delete(wake)
  }

  stopWaiting (): void {
    for (const wake of this.#waiting) wake()
  }

  async close (): Promise<void> {
    this.stopWaiting()
    await this.#turns.take(() => this.#options.log.close())
  }

  get #now (): number {
    return this.#options.clock.monotonic()
  }

  #leads (id: string, term: number): boolean {
    return this.#lease.holder === id && this.#lease.term === term
  }

  #isAt (epoch: string, seq: number, by: string): boolean {
    return this.#head.epoch === epoch && this.#head.seq === seq && this.#head.by === by
  }

  #free (): void {
    this.#lease.holder = ''
    this.#lease.until = 0
  }

  #remember (memory: Memory): void {
    this.#memory = memory
    this.#kept = new Map(memory.kept)
  }

  /** Where it begins, and where the log begins an epoch of its own accord. */
  #begun ({ position: { epoch, seq }, updates, note, ageMs }: History<Written, unknown>): void {
    const noteId = this.#head.noteId + 1
    // Which appends those were and what was said beside them nobody knows any more; nobody was told them by this one either.
    const byOf = (at: number) => `0.${at}`
    this.#entries = updates.map(({ seq: at, update: { entry } }) =>
      ({ seq: at, format: this.#options.format, epoch, by: byOf(at), before: byOf(at - 1), note: '', noteId, entry }))
    this.#bytes = this.#entries.reduce((sum, { entry }) => sum + entry.length, 0)
    const view = updates.at(-1)?.update.view ?? ''
    const said = note === null ? '' : JSON.stringify(note)
    this.#head = { epoch, seq, by: byOf(seq), at: this.#now - ageMs, note: said, noteId, noteBy: '', view }
    this.stopWaiting()
  }

  #appended ({ seq, update }: Read<Written, unknown>): void {
    const appending = this.#appending
    if (appending === null) return
    const { by, note } = appending
    const noteId = this.#head.noteId + 1
    this.#head = { ...this.#head, note, noteId, noteBy: by }
    if (update !== null) {
      const { epoch, by: before } = this.#head
      this.#entries.push({ seq, format: this.#options.format, epoch, by, before, note, noteId, entry: update.entry })
      this.#bytes += update.entry.length
      this.#head = { ...this.#head, seq, by, at: this.#now, view: update.view ?? '' }
      this.#trim(appending.keep)
    }
    this.stopWaiting()
  }

  #trim (keep: number): void {
    while (this.#entries.length > 1 && (this.#entries.length > keep || this.#bytes > this.#options.maxBytes)) {
      this.#bytes -= this.#entries.shift()?.entry.length ?? 0
    }
  }
}
