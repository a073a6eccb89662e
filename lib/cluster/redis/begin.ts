import type { Begun, Turn } from '../engine.ts'
import type { RedisConnection } from './connection.ts'
import type { Keys } from './keys.ts'
import { NOW, OURS, Script } from './script.ts'

/**
 * Before the source is asked: whether the caller still leads, and has read everything; and that the whole fleet has not asked
 * within the last interval.
 *
 * KEYS  head
 * ARGV  id, term, epoch and seq and by that the caller has read, lease ms, ms that lie between two ticks at least
 * ->    { 'OK' } | { 'WAIT', ms } | { 'GAP' } | { 'FENCED' }
 */
const script = new Script(`
local head = KEYS[1]
local id, term, epoch, seq, by = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5]
local lease, apart = tonumber(ARGV[6]), tonumber(ARGV[7])
${NOW} ${OURS}
local known = fieldsOf(head, 'term', 'holder', 'epoch', 'seq', 'by', 'begunAt')
if known[2] ~= id or numberOf(known[1]) ~= term then return { 'FENCED' } end
if known[3] ~= epoch or numberOf(known[4]) ~= seq or known[5] ~= by then return { 'GAP' } end
local wait = numberOf(known[6]) + apart - now
-- An engine whose clock was set back must not hold anybody up.
if wait > 0 and wait <= apart then return { 'WAIT', wait } end
redis.call('HSET', head, 'begunAt', now, 'until', now + lease)
return { 'OK' }
`)

export async function begin (connection: RedisConnection, { head }: Keys, turn: Turn): Promise<Begun> {
  const { id, term, epoch, seq, by, leaseMs, apartMs } = turn
  const [kind, ms] = await script.run(connection, [head], [id, term, epoch, seq, by, leaseMs, apartMs])
  return kind === 'WAIT' ? { kind, ms: Number(ms) } : { kind: kind as 'OK' | 'GAP' | 'FENCED' }
}
