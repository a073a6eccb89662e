import type { Test } from 'tap'
import type { History, Leader, Memory, Read, SharedLog } from '../../lib/cluster/shared-log.ts'
import type { Findings } from '../../lib/feed/tick.ts'
import type { Note } from '../../lib/feed/update-log.ts'
import { findingsOf, REGRESSION } from './clients.ts'

export type Stream = SharedLog<Findings, Note>
export const TICK: Note = { failure: null, isTick: true }

/** Who reads a log, and may lead: what it was told, in order. */
export class Recorder {
  readonly stream: Stream
  readonly begun: Array<History<Findings, Note>> = []
  readonly read: Array<Read<Findings, Note>> = []
  readonly memories: Memory[] = []
  ended = 0
  onNext: () => Promise<void> = async () => {}
  #waiting: Array<{ until: () => boolean, resolve: () => void }> = []

  constructor (stream: Stream) {
    this.stream = stream
  }

  async follow (): Promise<this> {
    await this.stream.follow({
      begin: async (history) => { this.#tell(() => this.begun.push(history)) },
      next: async (read) => {
        await this.onNext()
        this.#tell(() => this.read.push(read))
      }
    })
    await this.until(() => this.begun.length > 0)
    return this
  }

  /** Resolves when it leads. */
  async lead (): Promise<void> {
    const leader: Leader = {
      begin: (memory) => { this.#tell(() => this.memories.push(memory)) },
      end: () => { this.#tell(() => this.ended++) }
    }
    const before = this.memories.length
    await this.stream.lead(leader)
    await this.until(() => this.memories.length > before)
  }

  /** Resolves when this is true, now or when it was told something. */
  until (condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise((resolve) => { this.#waiting.push({ until: condition, resolve }) })
  }

  get seqs (): number[] {
    return this.read.filter(({ update }) => update !== null).map(({ seq }) => seq)
  }

  #tell (take: () => void): void {
    take()
    const waiting = this.#waiting
    this.#waiting = waiting.filter(({ until }) => !until())
    for (const waits of waiting) if (!this.#waiting.includes(waits)) waits.resolve()
  }
}

/** A tick's findings: told apart by how long its query took. */
export function updateOf (queryMs: number, events: Findings['events'] = []): Findings {
  const open = [REGRESSION]
  return { ...findingsOf(events), queryMs, regressions: { open, closed: [] }, toldIn: new Map([[REGRESSION.id, 1]]) }
}

export const append = (stream: Stream, queryMs: number | null, memory = '', note = TICK): Promise<boolean> =>
  stream.append({ update: queryMs === null ? null : updateOf(queryMs), note, memory: () => memory })

export interface Kind {
  /** One that reads and may lead, where nothing was written yet. */
  open (t: Test): Promise<Stream>
  /** Another one on what this one has left; null: nothing is left of one of this kind. */
  reopen: ((t: Test) => Promise<Stream>) | null
}

/** What holds of every log, however it is kept. */
export function sharedLogSuite (t: Test, { open, reopen }: Kind): void {
  t.test('it begins empty, in an epoch of its own', async (t) => {
    const one = await new Recorder(await open(t)).follow()
    t.match(one.begun, [{ position: { seq: 0 }, updates: [], note: null }])
    t.match(one.begun[0]?.position.epoch, /./)
    t.strictSame(one.stream.position, one.begun[0]?.position)
  })

  t.test('who leads is told so, with nothing to remember', async (t) => {
    const one = await new Recorder(await open(t)).follow()
    await one.lead()
    t.match(one.memories, [{ text: null }])
    t.equal(one.memories[0]?.kept.size, 0)
    t.equal(await one.stream.begin(), true)
  })

  t.test('what is appended is read back, in order, and each has its place', async (t) => {
    const one = await new Recorder(await open(t)).follow()
    await one.lead()
    for (const queryMs of [10, 20, 30]) {
      t.equal(await one.stream.begin(), true)
      t.equal(await append(one.stream, queryMs), true)
    }
    t.strictSame(one.read.map(({ seq, update }) => [seq, update?.queryMs]), [[1, 10], [2, 20], [3, 30]])
    t.match(one.read, [{ note: TICK }, { note: TICK }, { note: TICK }])
    t.ok(one.read.every(({ ageMs }) => ageMs >= 0 && ageMs < 60_000))
    t.equal(one.stream.position.seq, 3)
  })

  t.test('what is read back is what was appended', async (t) => {
    const one = await new Recorder(await open(t)).follow()
    await one.lead()
    const update = updateOf(10, [{ state: 'opened', regression: REGRESSION }])
    await one.stream.append({ update, note: TICK, memory: () => '' })
    const { toldIn, pops, details, oldInMs, ...known } = one.read[0]?.update as Findings
    const { toldIn: _, pops: states, details: before, oldInMs: __, ...appended } = update
    t.strictSame(known, appended)
    t.strictSame([pops.states, Array.from(details), oldInMs > 1e12], [states.states, Array.from(before), true])
    t.strictSame(Array.from(toldIn ?? []), [[REGRESSION.id, 1]])
  })

  t.test('who appends waits until it was told', async (t) => {
    const one = await new Recorder(await open(t)).follow()
    await one.lead()
    one.onNext = () => new Promise((resolve) => setImmediate(resolve))
    await append(one.stream, 10)
    t.strictSame(one.seqs, [1])
  })

  t.test('what is no update has no place', async (t) => {
    const one = await new Recorder(await open(t)).follow()
    await one.lead()
    await append(one.stream, 10)
    const note: Note = { failure: { code: 'SOURCE_TIMEOUT' }, isTick: true }
    await append(one.stream, null, '', note)
    await append(one.stream, 20)
    t.match(one.read, [{ seq: 1 }, { seq: 1, update: null, note }, { seq: 2, note: TICK }])
  })

  t.test('nothing is written after it was closed', async (t) => {
    const one = await new Recorder(await open(t)).follow()
    await one.lead()
    await append(one.stream, 10)
    await one.stream.close()
    await one.stream.close()
  })

  if (reopen === null) return

  t.test('the next one goes on where the one before was', async (t) => {
    const one = await new Recorder(await open(t)).follow()
    await one.lead()
    for (const queryMs of [10, 20]) await append(one.stream, queryMs, `after ${queryMs}`)
    const note: Note = { failure: { code: 'SOURCE_TIMEOUT' }, isTick: true }
    await append(one.stream, null, 'after a failure', note)
    const { position } = one.stream
    await one.stream.close()

    const two = await new Recorder(await reopen(t)).follow()
    t.strictSame(two.stream.position, position)
    const updates = [{ seq: 1, update: { queryMs: 10, isPast: true } }, { seq: 2, update: { queryMs: 20 } }]
    t.match(two.begun, [{ position, note, updates }])
    t.equal(two.begun[0]?.updates[1]?.update.isPast, undefined)
    t.strictSame(two.begun[0]?.updates[1]?.update.regressions.open, [REGRESSION], 'with what is open')
    t.strictSame(Array.from(two.begun[0]?.updates[1]?.update.toldIn ?? []), [[REGRESSION.id, 1]])
    await two.lead()
    t.equal(two.memories[0]?.text, 'after a failure')
    await append(two.stream, 30)
    t.strictSame([two.seqs, two.stream.position.epoch], [[3], position.epoch])
  })

  t.test('what was kept is there for who leads next, and what is not kept any more is not', async (t) => {
    const one = await new Recorder(await open(t)).follow()
    await one.lead()
    await append(one.stream, 10)
    await one.stream.keep('window', () => 'samples')
    await one.stream.keep('window', () => 'newer samples')
    await one.stream.keep('slot-1', () => 'a slot')
    await one.stream.keep('slot-2', () => '{"ü":1}')
    await one.stream.keep('slot-1', null)
    await one.stream.close()
    const two = await new Recorder(await reopen(t)).follow()
    await two.lead()
    t.strictSame(Array.from(two.memories[0]?.kept ?? []).sort(), [['slot-2', '{"ü":1}'], ['window', 'newer samples']])
  })
}
