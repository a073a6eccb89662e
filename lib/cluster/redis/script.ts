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
  async run (
    connection: RedisConnection,
    keys: readonly string[],
    args: ReadonlyArray<string | number>,
    deadlineMs = DEADLINE_MS
  ): Promise<Reply[]> {
    const given = [String(keys.length), ...keys, ...args.map(String)]
    try {
      return await connection.send(['EVALSHA', this.#hash, ...given], deadlineMs) as Reply[]
    } catch (error) {
      if (!isUnknownScript(error)) throw error
      return await connection.send(['EVAL', this.#text, ...given], deadlineMs) as Reply[]
    }
  }
}

/** The engine's time is the only one that is compared, in ms. */
export const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/**
 * Something else may have written where ours is. What is of another type is read as if nothing were there, and taken away by who
 * writes; a field that is no number, or is beyond any that we count to or any time of ours, is as 0.
 */
export const OURS = `
local function is (key, kind) return redis.call('TYPE', key)['ok'] == kind end
-- Nothing is deleted where nothing is: a script that has written once may write on when no memory is left.
local function makeRoom (key, kind)
  local found = redis.call('TYPE', key)['ok']
  if found ~= 'none' and found ~= kind then redis.call('DEL', key) end
end
local function fieldsOf (key, ...)
  if not is(key, 'hash') then return {} end
  return redis.call('HMGET', key, ...)
end
local function numberOf (text)
  local number = tonumber(string.match(text or '', '^%d+$') or 0)
  return number < 4e12 and number or 0
end
`
