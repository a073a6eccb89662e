import type { Keeping } from '../engine.ts'
import type { RedisConnection } from './connection.ts'
import type { Keys } from './keys.ts'
import { Script } from './script.ts'

/**
 * Keeps something under a name, as long as the caller leads.
 *
 * KEYS  head, kept
 * ARGV  id, term, name, whether there is a text (0: it is kept no more), text
 * ->    { 'OK' | 'FENCED' }
 */
const script = new Script(`
local head, kept = KEYS[1], KEYS[2]
local id, term, name, isThere, text = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4] == '1', ARGV[5]
local known = redis.call('HMGET', head, 'term', 'holder')
if known[2] ~= id or tonumber(known[1]) ~= term then return { 'FENCED' } end
if isThere then redis.call('HSET', kept, name, text) else redis.call('HDEL', kept, name) end
return { 'OK' }
`)

/** What who leads takes over. KEYS head, kept. -> { memory ('' for none), { name, text, ... } } */
const reading = new Script(`
local head, kept = KEYS[1], KEYS[2]
return { redis.call('HGET', head, 'memory') or '', redis.call('HGETALL', kept) }
`)

export async function keep (
  connection: RedisConnection,
  { head, kept }: Keys,
  { id, term, name, text }: Keeping
): Promise<'OK' | 'FENCED'> {
  const [kind] = await script.run(connection, [head, kept], [id, term, name, text === null ? 0 : 1, text ?? ''])
  return kind as 'OK' | 'FENCED'
}

export async function readKept (
  connection: RedisConnection,
  { head, kept }: Keys
): Promise<{ memory: string | null, kept: Map<string, string> }> {
  const [memory, all] = await reading.run(connection, [head, kept], [])
  const pairs = all as string[]
  const entries = pairs.flatMap((name, index) => index % 2 === 0 ? [[name, pairs[index + 1] ?? ''] as const] : [])
  return { memory: memory === '' ? null : String(memory), kept: new Map(entries) }
}
