import { createHash } from 'node:crypto'
import { isUnknownScript, type RedisConnection, type Reply } from './connection.ts'

/** A script is given its keys and arguments, and answered within this time, ms. */
const DEADLINE_MS = 1_500

/** A script by its hash; the engine may forget it at any time, and is then told it again. */
export class Script {
  readonly #text: string
  readonly #hash: string

  constructor (text: string) {
    this.#text = text
    this.#hash = createHash('sha1').update(text).digest('hex')
  }

  /** @throws {EngineError} {ErrorReply} */
  async run (connection: RedisConnection, keys: readonly string[], args: ReadonlyArray<string | number>): Promise<Reply[]> {
    const given = [String(keys.length), ...keys, ...args.map(String)]
    try {
      return await connection.send(['EVALSHA', this.#hash, ...given], DEADLINE_MS) as Reply[]
    } catch (error) {
      if (!isUnknownScript(error)) throw error
      return await connection.send(['EVAL', this.#text, ...given], DEADLINE_MS) as Reply[]
    }
  }
}

/** The engine's time is the only one that is compared, in ms; every script has it. */
export const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`
