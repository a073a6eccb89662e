import type { Acquired, Acquiring } from '../engine.ts'
import type { RedisConnection } from './connection.ts'
import type { Keys } from './keys.ts'
import { NOW, OURS, Script } from './script.ts'

/**
 * Takes the lease, if nobody has it. Who has been told more than there is proves that the engine has lost what it had
 * acknowledged: then it is taken in any case, and a new epoch begins, so that no epoch has two histories. What a newer popcast
 * has written is not for an older one to go on with, nor to wipe.
 *
 * KEYS  head, log, notes
 * ARGV  id, lease ms, an epoch that is new, format; of what the caller has read: epoch ('': nothing), seq, by, the highest term
 * ->    { 'HELD', ms until it ends } | { 'GRANTED' | 'BEGUN', term, epoch, seq, by }: BEGUN in a new epoch
 */
const script = new Script(`
local head, log, notes = KEYS[1], KEYS[2], KEYS[3]
local id, lease, newEpoch, format = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local ownEpoch, ownSeq, ownBy, ownTerm = ARGV[5], tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8])
${NOW} ${OURS}
local known = fieldsOf(head, 'epoch', 'seq', 'by', 'term', 'holder', 'until', 'noteId', 'format')
local epoch, seq, by, term = known[1] or '', numberOf(known[2]), known[3] or '', numberOf(known[4])
local holder, heldUntil = known[5] or '', numberOf(known[6])
if numberOf(known[8]) > tonumber(format) then return { 'HELD', lease } end

local lost = ownTerm > term
if ownEpoch ~= '' and epoch == ownEpoch and not lost then
  if ownSeq > seq then lost = true end
  if ownSeq == seq and ownBy ~= by then lost = true end
  if ownSeq < seq and ownSeq > 0 and is(log, 'stream') then
    local own = ownSeq .. '-0'
    for _, entry in ipairs(redis.call('XRANGE', log, own, (ownSeq + 1) .. '-0')) do
      local name = entry[1] == own and 'by' or 'before'
      for i = 1, #entry[2], 2 do if entry[2][i] == name and entry[2][i + 1] ~= ownBy then lost = true end end
    end
  end
end
if holder ~= '' and holder ~= id and heldUntil > now and not lost then return { 'HELD', heldUntil - now } end

term = math.max(term, ownTerm) + 1
makeRoom(head, 'hash')
redis.call('HSET', head, 'term', term, 'holder', id, 'until', now + lease)
if epoch ~= '' and not lost then return { 'GRANTED', term, epoch, seq, by } end
seq = math.max(seq, ownSeq)
by = term .. '.' .. id .. '.0'
redis.call('DEL', log, notes)
redis.call('HDEL', head, 'view', 'memory', 'note', 'begunAt')
redis.call('HSET', head, 'epoch', newEpoch, 'seq', seq, 'by', by, 'at', now, 'format', format,
  'noteId', numberOf(known[7]) + 1)
return { 'BEGUN', term, newEpoch, seq, by }
`)

export async function acquire (
  connection: RedisConnection,
  { head, log, notes }: Keys,
  { id, leaseMs, newEpoch, format, known }: Acquiring
): Promise<Acquired> {
  const { epoch, seq, by, term } = known
  const [kind, ...rest] = await script.run(connection, [head, log, notes], [id, leaseMs, newEpoch, format, epoch, seq, by, term])
  if (kind === 'HELD') return { kind, forMs: Number(rest[0]) }
  return {
    kind: kind as 'GRANTED' | 'BEGUN',
    term: Number(rest[0]),
    epoch: String(rest[1]),
    seq: Number(rest[2]),
    by: String(rest[3])
  }
}
