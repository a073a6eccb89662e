import type { Clock } from '../../clock.ts'
import { EngineError, type Acquiring, type Appending, type Engine, type Keeping, type Sign, type Turn } from '../engine.ts'
import { acquire } from './acquire.ts'
import { append } from './append.ts'
import { beat, leave } from './beat.ts'
import { begin } from './begin.ts'
import { ErrorReply, isWrongType, RedisConnection } from './connection.ts'
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
  readonly #options: RedisEngineOptions
  readonly #keys: Keys
  readonly #commands: RedisConnection
  readonly #waiting: RedisConnection
  #reading: RedisConnection | null = null

  constructor (options: RedisEngineOptions) {
    this.#options = options
    this.#keys = keysOf(options.name)
    this.#commands = new RedisConnection(options)
    this.#waiting = new RedisConnection(options)
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

  /** On a connection of its own: what comes meanwhile would have to wait for all of it. */
  async readKept () {
    const reading = this.#reading = new RedisConnection(this.#options)
    try {
      return await told(readKept(reading, this.#keys))
    } finally {
      reading.close()
    }
  }

  async wait ({ seq }: { seq: number }): Promise<void> {
    const { log, notes } = this.#keys
    const block = ['XREAD', 'COUNT', '1', 'BLOCK', String(BLOCK_MS), 'STREAMS', log, notes, `${seq}-0`, '$']
    try {
      await told(this.#waiting.send(block, BLOCK_DEADLINE_MS))
    } catch (error) {
      // What is none of ours is there until who leads writes: it is nothing new.
      if (!isWrongType((error as Error).cause)) throw error
    }
  }

  stopWaiting (): void {
    this.#waiting.close()
    this.#reading?.close()
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
