import type { Keeping } from '../engine.ts'
import type { RedisConnection } from './connection.ts'
import type { Keys } from './keys.ts'
import { OURS, Script } from './script.ts'

/**
 * Keeps something under a name, as long as the caller leads.
 *
 * KEYS  head, kept
 * ARGV  id, term, name, whether there is a text (0: it is kept no more), text
 * ->    { 'OK' | 'FENCED' }
 */
const script = new Script(`
${OURS}
local head, kept = KEYS[1], KEYS[2]
local id, term, name, isThere, text = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4] == '1', ARGV[5]
local known = fieldsOf(head, 'term', 'holder')
if known[2] ~= id or numberOf(known[1]) ~= term then return { 'FENCED' } end
makeRoom(kept, 'hash')
if isThere then redis.call('HSET', kept, name, text) else redis.call('HDEL', kept, name) end
return { 'OK' }
`)

/** There may be much. */
const READ_DEADLINE_MS = 4_000

/** What who leads takes over. KEYS head, kept. -> { memory ('' for none), { name, text, ... } } */
const reading = new Script(`
${OURS}
local head, kept = KEYS[1], KEYS[2]
return { fieldsOf(head, 'memory')[1] or '', is(kept, 'hash') and redis.call('HGETALL', kept) or {} }
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
  const [memory, all] = await reading.run(connection, [head, kept], [], READ_DEADLINE_MS)
  const pairs = all as string[]
  const entries = pairs.flatMap((name, index) => index % 2 === 0 ? [[name, pairs[index + 1] ?? ''] as const] : [])
  return { memory: memory === '' ? null : String(memory), kept: new Map(entries) }
}
