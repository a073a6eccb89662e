import { wait, type Cancel, type Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { BEAT_MS, Candidacy, LEASE_MS } from './candidacy.ts'
import type { Codec } from './codec.ts'
import { EngineError, type Acquired, type Appended, type Engine, type InstanceSign } from './engine.ts'
import type { Draft, Instance, Leader, LogStatus, Memory, Position, Reader, SharedLog } from './shared-log.ts'
import { Tail, type Synced } from './tail.ts'

/** An instance that has given no sign of life for so long is gone. */
const COUNTS_MS = 5_000
/** An engine that is away is tried again after so long. */
const RETRY_MS = 250
/** Who waited for less, twice, and has read nothing new was woken by something else. */
const SHORTEST_WAIT_MS = 25
/** Two ticks lie apart by at least this share of the interval, over the whole fleet. */
const SHORTEST_INTERVAL = 0.9
/** Of what an engine says of itself in the log. */
const MOST_DETAIL = 200

type UnderstoodSign = Omit<InstanceSign, 'about'> & { about: object }

export interface LeasedLogOptions<Update> {
  engine: Engine
  instance: string
  codec: Codec<Update>
  /** Updates that are kept for those who come back. */
  maxEntries: number
  intervalMs: number
  newEpoch: () => string
  clock: Clock
  log: Log
  /** What the others are told of this instance. */
  about: () => object
  /** Whether anybody here wants data. */
  wantsData: () => boolean
  /** Somebody elsewhere does. */
  onDemand: () => void
  /** Why nothing can be told that is new; null: it can (again). */
  onAway: (reason: 'engine' | 'format' | null) => void
}

/**
 * The stream of several instances, in an engine that they share. One leads, by a lease that it holds there; what it appends is
 * refused when another one has begun to lead. Everybody reads what is there, and tells what goes on from what was told before.
 */
export class LeasedLog<Update, Note> implements SharedLog<Update, Note> {
  readonly #options: LeasedLogOptions<Update>
  readonly #engine: Engine
  readonly #tail: Tail<Update, Note>
  #leader: Leader | null = null
  /** In which it leads; 0: it does not. */
  #term = 0
  #appends = 0
  /** When the source was last asked by this instance, on the monotonic clock. */
  #begunAt = -Infinity
  /** What this instance has kept itself, for when the engine loses it. */
  #own: { memory: string | null, kept: Map<string, string> } = { memory: null, kept: new Map() }
  #instances: UnderstoodSign[] = []
  #holder = ''
  #away: 'engine' | 'format' | null = null
  /** A newer popcast leads, or led: this one cannot go on from what it wrote. */
  #isOutdated = false
  readonly #candidacy = new Candidacy()
  /** What was the newest when it could not begin to lead; while that is so, nobody leads as far as is known. */
  #unledAt: { epoch: string, seq: number, noteId: number } | null = null
  /** What is the newest was read by this one. */
  #knows = false
  /** What there is was looked at, or could not be. */
  readonly #whenLooked: Promise<void>
  #looked = () => {}
  #isSynced = false
  #syncedAt: number
  #whenBack: Array<() => void> = []
  #closed = false
  #waitedFor = { seq: -1, noteId: -1 }
  #cancelBeat: Cancel = () => {}
  #claiming: Promise<void> | null = null
  #loops: Array<Promise<void>> = []

  constructor (options: LeasedLogOptions<Update>) {
    const { engine, clock, codec } = options
    this.#options = options
    this.#engine = engine
    this.#tail = new Tail({ engine, codec })
    this.#syncedAt = clock.monotonic()
    this.#whenLooked = new Promise((resolve) => { this.#looked = resolve })
  }

  get position (): Position {
    return this.#tail.position
  }

  get status (): LogStatus {
    const { instance, clock } = this.#options
    return {
      instance,
      engine: this.#engine.kind,
      role: this.#term > 0 ? 'leader' : 'follower',
      term: this.#tail.known.term,
      leader: this.#holder === '' ? null : this.#holder,
      away: this.#away,
      isSynced: this.#isSynced,
      lagMs: this.#away === null ? 0 : clock.monotonic() - this.#syncedAt
    }
  }

  get instances (): Instance[] {
    return this.#instances.map(({ id, about }) => ({ id, isLeader: id === this.#holder, about }))
  }

  get isWantedElsewhere (): boolean {
    return this.#instances.some(({ id, wantsData }) => wantsData && id !== this.#options.instance)
  }

  /** Begins to read; where the engine is away, as soon as it is there. */
  async follow (reader: Reader<Update, Note>): Promise<void> {
    this.#tail.follow(reader)
    this.#loops.push(this.#read())
  }

  async lead (leader: Leader): Promise<void> {
    this.#leader = leader
    this.#loops.push(this.#beat())
  }

  /** Says at once that somebody here wants data. */
  want (): void {
    if (this.isWantedElsewhere || this.#term > 0) return
    this.#cancelBeat()
  }

  async catchUp (): Promise<void> {
    await this.#attempt(() => this.#tail.catchUp())
  }

  async begin (): Promise<boolean> {
    const { instance: id, intervalMs, clock } = this.#options
    const apartMs = SHORTEST_INTERVAL * intervalMs
    while (this.#term > 0 && !this.#closed) {
      // The engine's answer may have taken a while the last time: the source was asked after it.
      const early = this.#begunAt + apartMs - clock.monotonic()
      if (early > 0) await wait(clock, early)
      const { epoch, seq, by } = this.#tail.known
      const turn = { id, term: this.#term, epoch, seq, by, leaseMs: LEASE_MS, apartMs }
      const begun = await this.#attempt(() => this.#engine.begin(turn))
      if (begun === null) await this.#back()
      else if (begun.kind === 'OK') return this.#began()
      else if (begun.kind === 'WAIT') await wait(clock, begun.ms)
      else if (begun.kind === 'FENCED') this.#end()
      else await this.#resync()
    }
    return false
  }

  #began (): true {
    this.#begunAt = this.#options.clock.monotonic()
    return true
  }

  async append ({ update, note, memory }: Draft<Update, Note>): Promise<boolean> {
    const { codec, instance: id, maxEntries: keep, intervalMs, clock } = this.#options
    const { epoch, seq, by: before } = this.#tail.known
    const term = this.#term
    if (term === 0 || this.#closed) return false
    this.#own.memory = memory()
    const written = update === null ? null : codec.write(update, { epoch, seq: seq + 1 })
    const by = `${term}.${id}.${++this.#appends}`
    const said = { note: JSON.stringify(note), memory: this.#own.memory, update: written }
    const appending = { id, term, epoch, seq, before, by, format: codec.format, keep, ...said }
    // The next one knows more than what could not be appended for so long.
    const until = clock.monotonic() + intervalMs
    let appended: Appended | null = null
    while (appended === null && this.#term === term && clock.monotonic() < until && !this.#closed) {
      appended = await this.#attempt(() => this.#engine.append(appending))
      if (appended === null) await this.#back(until - clock.monotonic())
    }
    if (appended === 'FENCED') this.#end()
    if (appended !== 'OK' && appended !== 'DUP') return false
    await this.#sync()
    return true
  }

  async keep (name: string, text: (() => string) | null): Promise<void> {
    const { instance: id } = this.#options
    const term = this.#term
    if (term === 0 || this.#closed) return
    const value = text === null ? null : text()
    if (value === null) this.#own.kept.delete(name)
    else this.#own.kept.set(name, value)
    await this.#attempt(() => this.#engine.keep({ id, term, name, text: value }))
  }

  /** Leads no more, so that the next one need not wait for the lease to end. */
  async close (): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const term = this.#term
    this.#term = 0
    this.#cancelBeat()
    this.#looked()
    this.#engine.stopWaiting()
    for (const resolve of this.#whenBack.splice(0)) resolve()
    await this.#attempt(() => this.#engine.leave(this.#options.instance, term))
    // One that was about to lead gives that back.
    await Promise.all(this.#loops)
    this.#engine.close()
  }

  /** Reads until it is closed. */
  async #read (): Promise<void> {
    const { clock } = this.#options
    while (!this.#closed) {
      const synced = await this.#sync()
      this.#looked()
      if (synced === 'lost') await this.#claim()
      if (this.#closed) return
      // What was not read is still there: to wait for something newer would end at once.
      if (synced !== 'read' && synced !== 'empty') await wait(clock, RETRY_MS)
      else await this.#wait()
    }
  }

  /** Until something is new. What is none of ours may end it at once, again and again. */
  async #wait (): Promise<void> {
    const { clock } = this.#options
    const { known: { seq }, noteId } = this.#tail
    const isNews = seq !== this.#waitedFor.seq || noteId !== this.#waitedFor.noteId
    this.#waitedFor = { seq, noteId }
    const startedAt = clock.monotonic()
    await this.#attempt(() => this.#engine.wait({ seq, noteId }))
    if (!isNews && !this.#closed && clock.monotonic() - startedAt < SHORTEST_WAIT_MS) await wait(clock, RETRY_MS)
  }

  /** Gives signs of life until it is closed, and leads where nobody does. */
  async #beat (): Promise<void> {
    const { clock, onDemand } = this.#options
    await this.#whenLooked
    while (!this.#closed) {
      const seen = await this.#attempt(() => this.#engine.beat(this.#sign()))
      if (seen !== null && !this.#closed) {
        this.#instances = seen.instances.flatMap(understood)
        this.#holder = seen.holder
        if (seen.kind === 'FENCED') this.#end()
        // One that has the lease and does not lead could not read what it had to.
        const isFree = seen.kind === 'FREE' || (this.#term === 0 && seen.holder === this.#options.instance)
        const isElsewhere = !isFree && seen.holder !== '' && seen.holder !== this.#options.instance
        this.#candidacy.saw(isFree, clock.monotonic(), isElsewhere ? seen.term : null)
        if (this.#candidacy.isLed(clock.monotonic())) this.#unledAt = null
        if (isFree && await this.#isNext()) await this.#claim()
        if (this.isWantedElsewhere) onDemand()
      } else this.#candidacy.saw(false, clock.monotonic())
      await new Promise<void>((resolve) => {
        const cancel = clock.schedule(resolve, seen === null ? RETRY_MS : BEAT_MS)
        this.#cancelBeat = () => {
          cancel()
          resolve()
        }
        if (this.#closed) this.#cancelBeat()
      })
    }
  }

  #sign () {
    const { instance: id, about, wantsData } = this.#options
    return {
      id,
      term: this.#term,
      leaseMs: LEASE_MS,
      countsMs: COUNTS_MS,
      // What cannot be read is there until the next update.
      wantsData: wantsData() || this.#away === 'format' || this.#isUnled,
      about: JSON.stringify(about())
    }
  }

  /** Whether it is this one's turn to lead, where nobody does. */
  async #isNext (): Promise<boolean> {
    // There may be more since it was away.
    if (this.#away === 'engine') await this.#sync()
    return this.#candidacy.isNext(this.#knows, this.#options.clock.monotonic())
  }

  /** Takes the lead, if it can be had; one at a time. */
  #claim (): Promise<void> {
    this.#claiming ??= this.#attempt(() => this.#take()).then(() => { this.#claiming = null })
    return this.#claiming
  }

  async #take (): Promise<void> {
    const { instance: id, newEpoch, codec, clock } = this.#options
    if (this.#leader === null || this.#isOutdated || this.#closed || this.#candidacy.isPaused(clock.monotonic())) return
    const request = { id, leaseMs: LEASE_MS, newEpoch: newEpoch(), format: codec.format, known: this.#tail.known }
    const acquired = await this.#engine.acquire(request)
    if (acquired.kind === 'HELD') return
    const begun = await this.#attempt(() => this.#beginTerm(acquired))
    if (begun === 'leads') this.#candidacy.succeeded()
    // One that has the lease and makes nothing would keep the others from it.
    else if (begun !== 'fenced') await this.#giveBack(acquired.term)
  }

  async #giveBack (term: number): Promise<void> {
    const { instance, clock, log } = this.#options
    const pauseMs = this.#candidacy.failed(clock.monotonic())
    if (!this.#closed) {
      const { known: { epoch, seq }, noteId } = this.#tail
      this.#unledAt = { epoch, seq, noteId }
      log.warn({ event: 'lead_given_back', term, pauseMs }, 'this instance had the lead and could not begin: others may')
      if (this.#away === null) this.#turnAway('engine', new Error('nobody leads, as far as is known'))
    }
    await this.#attempt(() => this.#engine.leave(instance, term))
  }

  /** @returns `fenced`: another one has the lease now */
  async #beginTerm (
    { kind, term, epoch, seq, by }: Exclude<Acquired, { kind: 'HELD' }>
  ): Promise<'leads' | 'fenced' | 'failed'> {
    const { instance: id, log } = this.#options
    const before = this.#tail.known.epoch
    if (kind === 'BEGUN' && before !== '') {
      log.warn({ event: 'stream_lost', epoch, before, term }, 'the engine has lost what it had acknowledged: a new epoch begins')
    }
    if (await this.#tail.sync(true) === 'newer') {
      this.#turnOutdated()
      return 'failed'
    }
    const { known } = this.#tail
    if (known.epoch !== epoch || known.seq !== seq || known.by !== by || this.#closed) return 'failed'
    const wasLeading = this.#term > 0
    const memory = wasLeading ? null : await this.#memory(kind === 'BEGUN')
    // Somebody else may have taken it meanwhile; else there is a whole lease for what is to be taken apart now.
    const { kind: held } = await this.#engine.beat({ ...this.#sign(), term })
    if (held === 'FENCED') return 'fenced'
    if (this.#closed) return 'failed'
    this.#term = term
    try {
      if (memory !== null) this.#leader?.begin(memory)
    } catch (error) {
      this.#term = 0
      throw error
    }
    this.#holder = id
    this.#unledAt = null
    this.#turnBack()
    log.info({ event: 'leads', term, epoch, seq }, 'this instance leads')
    return 'leads'
  }

  get #isUnled (): boolean {
    const { known, noteId } = this.#tail
    const at = this.#unledAt
    return at !== null && at.epoch === known.epoch && at.seq === known.seq && at.noteId === noteId
  }

  async #memory (isLost: boolean): Promise<Memory> {
    const { memory, kept } = await this.#engine.readKept()
    if (!isLost) return { text: memory, kept }
    // What an engine has that went back in time is older than what this one knows, if it led.
    return { text: this.#own.memory, kept: new Map([...kept, ...this.#own.kept]) }
  }

  #end (): void {
    if (this.#term === 0) return
    const { instance, log } = this.#options
    const term = this.#term
    this.#term = 0
    // What it reads from now on is newer.
    this.#own = { memory: null, kept: new Map() }
    const leader = this.#holder === instance ? null : this.#holder
    log.warn({ event: 'leads_no_more', term, leader }, 'another instance leads, or may')
    this.#leader?.end()
  }

  /** Reads what is new; what cannot be read is told, and who leads and cannot read it leads no more. */
  async #sync (): Promise<Synced | null> {
    const synced = await this.#attempt(() => this.#tail.sync(this.#term > 0))
    if (synced === null) return null
    this.#isOutdated = false
    this.#knows = synced !== 'damaged' || this.#tail.isCurrent
    // That it can be read tells nobody anything new where nobody can lead.
    if (synced === 'read' && !this.#isUnled) this.#turnBack()
    // Who has begun to lead since goes on without it.
    if (synced === 'damaged' && this.#term === 0) this.#turnAway('format', null)
    if (synced === 'newer') this.#turnOutdated()
    return synced
  }

  #turnOutdated (): void {
    this.#isOutdated = true
    this.#turnAway('format', null)
    this.#end()
  }

  /** What the engine has is not what was read. */
  async #resync (): Promise<void> {
    const synced = await this.#sync()
    if (synced === 'lost' || synced === 'empty') await this.#claim()
    if (synced === null) await this.#back()
  }

  /** @returns null when the engine did not answer, or not as it should */
  async #attempt<T> (work: () => Promise<T>): Promise<T | null> {
    try {
      return await work()
    } catch (error) {
      if (this.#closed) return null
      if (error instanceof EngineError) this.#turnAway('engine', error)
      // Who is told must not throw: it is none of the engine's faults.
      else this.#options.log.error({ event: 'task_failed', task: 'stream', err: error }, 'telling what was read threw')
      return null
    }
  }

  #turnAway (reason: 'engine' | 'format', error: unknown): void {
    const { log, onAway } = this.#options
    if (this.#away === reason) return
    this.#away = reason
    const detail = error instanceof Error ? error.message.slice(0, MOST_DETAIL) : undefined
    if (reason === 'engine') log.warn({ event: 'engine_away', detail }, 'the shared log is away: what is known is told as stale')
    else log.error({ event: 'format_unknown' }, 'what is in the log cannot be read: it is of a newer popcast, or makes no sense')
    onAway(reason)
  }

  #turnBack (): void {
    const { clock, log, onAway } = this.#options
    this.#syncedAt = clock.monotonic()
    this.#isSynced = true
    if (this.#away === null) return
    this.#away = null
    log.info({ event: 'engine_back' }, 'the shared log is there again')
    onAway(null)
    for (const resolve of this.#whenBack.splice(0)) resolve()
  }

  /** Resolves when the engine is there again, it is closed, or so much time has passed. */
  async #back (limitMs = BEAT_MS): Promise<void> {
    const { clock } = this.#options
    if (this.#closed) return
    await new Promise<void>((resolve) => {
      const cancel = clock.schedule(resolve, Math.max(0, Math.min(limitMs, RETRY_MS)))
      this.#whenBack.push(() => {
        cancel()
        resolve()
      })
    })
  }
}

/** Without those of which it makes no sense. */
function understood (sign: InstanceSign): UnderstoodSign[] {
  try {
    const about: unknown = JSON.parse(sign.about)
    return typeof about === 'object' && about !== null ? [{ ...sign, about }] : []
  } catch {
    return []
  }
}
