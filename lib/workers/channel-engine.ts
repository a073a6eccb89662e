import {
  EngineError, type Acquired, type Acquiring, type Appended, type Appending, type Beat, type Begun, type Engine, type Keeping,
  type ReadState, type Sign, type Turn
} from '../cluster/engine.ts'
import type { Hub } from '../cluster/hub.ts'
import { ChannelError, type Channel } from './channel.ts'

/** A step of the engine is answered within this time, ms; who waits for what is new gets an answer after a second in any case. */
const DEADLINE_MS = 1_500
const WAIT_DEADLINE_MS = 2_000
/** There may be much that was kept. */
const KEPT_DEADLINE_MS = 5_000

const STEPS = ['read', 'acquire', 'begin', 'append', 'beat', 'keep', 'readKept', 'wait'] as const
type Step = typeof STEPS[number]

/** The engine of another process, by a channel to it. */
export class ChannelEngine implements Engine {
  readonly kind: Engine['kind']
  readonly #channel: Channel
  #isClosed = false
  #endWait: () => void = () => {}

  constructor (channel: Channel, kind: Engine['kind']) {
    this.kind = kind
    this.#channel = channel
  }

  read (own: { epoch: string, seq: number, by: string }): Promise<ReadState> {
    return this.#ask('read', own)
  }

  acquire (acquiring: Acquiring): Promise<Acquired> {
    return this.#ask('acquire', acquiring)
  }

  begin (turn: Turn): Promise<Begun> {
    return this.#ask('begin', turn)
  }

  append (appending: Appending): Promise<Appended> {
    return this.#ask('append', appending)
  }

  beat (sign: Sign): Promise<Beat> {
    return this.#ask('beat', sign)
  }

  async leave (id: string, term: number): Promise<void> {
    await this.#ask('leave', { id, term })
  }

  keep (keeping: Keeping): Promise<'OK' | 'FENCED'> {
    return this.#ask('keep', keeping, KEPT_DEADLINE_MS)
  }

  async readKept (): Promise<{ memory: string | null, kept: Map<string, string> }> {
    return await this.#ask('readKept', null, KEPT_DEADLINE_MS)
  }

  async wait (known: { seq: number, noteId: number }): Promise<void> {
    if (this.#isClosed) return
    // Not a race with a promise that lives as long as this does: it would keep something of each of them.
    await new Promise<void>((resolve, reject) => {
      this.#endWait = resolve
      this.#ask<void>('wait', known, WAIT_DEADLINE_MS).then(resolve, reject)
    })
  }

  stopWaiting (): void {
    this.#isClosed = true
    this.#endWait()
  }

  close (): void {}

  async #ask<Answer> (step: Step | 'leave', value: unknown, deadlineMs = DEADLINE_MS): Promise<Answer> {
    try {
      return await this.#channel.ask<Answer>(step, value, deadlineMs)
    } catch (error) {
      throw error instanceof ChannelError ? new EngineError(error.message, { cause: error }) : error
    }
  }
}

/** Answers what a `ChannelEngine` at the other end asks. */
export function serveEngine (channel: Channel, hub: Hub): void {
  for (const step of STEPS) channel.on(step, (value: never) => hub[step](value))
  channel.on('leave', ({ id, term }: { id: string, term: number }) => hub.leave(id, term))
}
