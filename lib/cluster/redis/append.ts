import type { Appended, Appending } from '../engine.ts'
import type { RedisConnection } from './connection.ts'
import type { Keys } from './keys.ts'
import { NOW, OURS, Script } from './script.ts'

/**
 * Appends what a tick came to: its update (if it is one), the note that takes the place of the one before, what is known now and
 * what who leads next has to know, in one. Whether it may is decided by the term, not by the time.
 *
 * KEYS  head, log, notes
 * ARGV  id, term, epoch, seq before it, by before it, its own by, format, updates to keep, note (JSON), memory, whether it is an
 *       update (0 or 1), entry, view
 * ->    { 'OK' | 'DUP' | 'GAP' | 'FENCED' }: DUP, it is there already, as the answer was lost
 */
const script = new Script(`
local head, log, notes = KEYS[1], KEYS[2], KEYS[3]
local id, term, epoch, seq, before, by = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local format, keep, note, memory = ARGV[7], tonumber(ARGV[8]), ARGV[9], ARGV[10]
local isUpdate, entry, view = ARGV[11] == '1', ARGV[12], ARGV[13]
${NOW} ${OURS}
local known = fieldsOf(head, 'term', 'holder', 'epoch', 'seq', 'by', 'noteBy', 'noteId')
if known[3] == epoch and known[6] == by then return { 'DUP' } end
if known[2] ~= id or numberOf(known[1]) ~= term then return { 'FENCED' } end
if known[3] ~= epoch or numberOf(known[4]) ~= seq or known[5] ~= before then return { 'GAP' } end
-- A stream takes nothing that is older than the last it was given, also where that was deleted.
local function makeRoomAfter (key, newest)
  makeRoom(key, 'stream')
  if redis.call('EXISTS', key) == 0 then return end
  local info = redis.call('XINFO', 'STREAM', key)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' and tonumber(string.match(info[i + 1], '^%d+')) > newest then redis.call('DEL', key) end
  end
end
makeRoom(notes, 'stream')
local noteId = numberOf(known[7]) + 1
-- Adding first: where that fails nothing is written, and the head does not say that it was.
if isUpdate then
  makeRoomAfter(log, seq)
  seq = seq + 1
  redis.call('XADD', log, 'MINID', math.max(seq - keep + 1, 0) .. '-0', seq .. '-0', 'format', format, 'epoch', epoch,
    'by', by, 'before', before, 'note', note, 'noteId', noteId, 'entry', entry)
  redis.call('HSET', head, 'seq', seq, 'by', by, 'at', now, 'format', format, 'view', view)
else
  makeRoomAfter(notes, now)
  redis.call('XADD', notes, 'MAXLEN', '1', '*', 'id', noteId)
end
redis.call('HSET', head, 'note', note, 'noteBy', by, 'noteId', noteId, 'memory', memory)
return { 'OK' }
`)

export async function append (connection: RedisConnection, { head, log, notes }: Keys, appending: Appending): Promise<Appended> {
  const { id, term, epoch, seq, before, by, format, keep, note, memory, update } = appending
  const args = [id, term, epoch, seq, before, by, format, keep, note, memory, update === null ? 0 : 1]
  const written = [update?.entry ?? '', update?.view ?? '']
  const [kind] = await script.run(connection, [head, log, notes], [...args, ...written])
  return kind as Appended
}
