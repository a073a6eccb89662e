import type { Clock } from '../../clock.ts'
import { EngineError, type Acquiring, type Appending, type Engine, type Keeping, type Sign, type Turn } from '../engine.ts'
import { acquire } from './acquire.ts'
import { append } from './append.ts'
import { beat, leave } from './beat.ts'
import { begin } from './begin.ts'
import { ErrorReply, RedisConnection } from './connection.ts'
import { keep, readKept } from './keep.ts'
import { keysOf, type Keys } from './keys.ts'
import { read } from './read.ts'

/** Who waits for what is new is answered after so long in any case, and at the latest after the other. */
const BLOCK_MS = 1_000
const BLOCK_DEADLINE_MS = 2_000

export interface RedisEngineOptions {
  url: string
  /** Of the stream. */
  name: string
  clock: Clock
}

/** Redis or Valkey: a script for each step. */
export class RedisEngine implements Engine {
  readonly kind = 'redis'
  readonly #keys: Keys
  readonly #commands: RedisConnection
  readonly #waiting: RedisConnection

  constructor ({ url, name, clock }: RedisEngineOptions) {
    this.#keys = keysOf(name)
    this.#commands = new RedisConnection({ url, clock })
    this.#waiting = new RedisConnection({ url, clock })
  }

  read (own: { epoch: string, seq: number, by: string }) {
    return told(read(this.#commands, this.#keys, own))
  }

  acquire (acquiring: Acquiring) {
    return told(acquire(this.#commands, this.#keys, acquiring))
  }

  begin (turn: Turn) {
    return told(begin(this.#commands, this.#keys, turn))
  }

  append (appending: Appending) {
    return told(append(this.#commands, this.#keys, appending))
  }

  beat (sign: Sign) {
    return told(beat(this.#commands, this.#keys, sign))
  }

  leave (id: string, term: number) {
    return told(leave(this.#commands, this.#keys, id, term))
  }

  keep (keeping: Keeping) {
    return told(keep(this.#commands, this.#keys, keeping))
  }

  readKept () {
    return told(readKept(this.#commands, this.#keys))
  }

  async wait ({ seq }: { seq: number }): Promise<void> {
    const { log, notes } = this.#keys
    const block = ['XREAD', 'COUNT', '1', 'BLOCK', String(BLOCK_MS), 'STREAMS', log, notes, `${seq}-0`, '$']
    await told(this.#waiting.send(block, BLOCK_DEADLINE_MS))
  }

  stopWaiting (): void {
    this.#waiting.close()
  }

  close (): void {
    this.#commands.close()
  }
}

/** An error that it answers with is as none: what it was asked may have been done. */
async function told<T> (answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof ErrorReply ? new EngineError(error.message, { cause: error }) : error
  }
}
