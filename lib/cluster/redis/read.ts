import type { ReadEntry, ReadState } from '../engine.ts'
import type { RedisConnection, Reply } from './connection.ts'
import type { Keys } from './keys.ts'
import { NOW, OURS, Script } from './script.ts'

/**
 * What is new since an instance last read, all of one moment.
 *
 * KEYS  head, log
 * ARGV  of what the caller has read: epoch, seq, by
 * ->    { 'EMPTY' } | { 'OK', epoch, seq, by, age ms of the newest, note ('' for none), noteId, term, holder, format, noteBy,
 *       view ('' where nothing is new), { { id, { field, value, ... } }, ... } }: the entries after that seq, or all
 */
const script = new Script(`
local head, log = KEYS[1], KEYS[2]
local ownEpoch, ownSeq, ownBy = ARGV[1], tonumber(ARGV[2]), ARGV[3]
${NOW} ${OURS}
local known = fieldsOf(head, 'epoch', 'seq', 'by', 'at', 'note', 'noteId', 'term', 'holder', 'format', 'noteBy')
if (known[1] or '') == '' then return { 'EMPTY' } end
local epoch, seq, by = known[1], numberOf(known[2]), known[3] or ''
local entries, view = {}, ''
if epoch ~= ownEpoch or seq ~= ownSeq or by ~= ownBy then
  local after = 0
  if epoch == ownEpoch and seq > ownSeq then after = ownSeq end
  if is(log, 'stream') then entries = redis.call('XRANGE', log, (after + 1) .. '-0', '+') end
  view = redis.call('HGET', head, 'view') or ''
end
return { 'OK', epoch, seq, by, math.max(0, now - numberOf(known[4])), known[5] or '', numberOf(known[6]),
  numberOf(known[7]), known[8] or '', numberOf(known[9]), known[10] or '', view, entries }
`)

/** @returns null when nothing is there */
export async function read (
  connection: RedisConnection,
  { head, log }: Keys,
  own: { epoch: string, seq: number, by: string }
): Promise<ReadState | null> {
  const [kind, epoch, seq, by, ageMs, note, noteId, term, holder, format, noteBy, view, entries] =
    await script.run(connection, [head, log], [own.epoch, own.seq, own.by])
  if (kind === 'EMPTY') return null
  return {
    epoch: String(epoch),
    seq: Number(seq),
    by: String(by),
    ageMs: Number(ageMs),
    note: String(note),
    noteId: Number(noteId),
    noteBy: String(noteBy),
    term: Number(term),
    holder: String(holder),
    format: Number(format),
    view: String(view),
    entries: (entries as Reply[]).map(entryOf)
  }
}

function entryOf (item: Reply): ReadEntry {
  const [id, fields] = item as [string, string[]]
  const value = (name: string) => fields[fields.indexOf(name) + 1] ?? ''
  return {
    seq: Number.parseInt(id),
    format: Number(value('format')),
    epoch: value('epoch'),
    by: value('by'),
    before: value('before'),
    note: value('note'),
    noteId: Number(value('noteId')),
    entry: value('entry')
  }
}
