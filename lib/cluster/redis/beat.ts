import type { Beat, InstanceSign, Sign } from '../engine.ts'
import type { RedisConnection, Reply } from './connection.ts'
import type { Keys } from './keys.ts'
import { NOW, OURS, Script } from './script.ts'

/**
 * A sign of life: says that an instance is there, and holds the lease of who leads.
 *
 * KEYS  head, instances
 * ARGV  id, term in which it leads (0: it does not), lease ms, ms for which it counts as there, whether it wants data, JSON
 * ->    { 'LEADS' | 'FENCED' | 'HELD' | 'FREE', holder, term, { id, 0 or 1, JSON, ... } }: FENCED, another one leads, or might
 */
const script = new Script(`
local head, instances = KEYS[1], KEYS[2]
local id, term, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local counts, wants, about = tonumber(ARGV[4]), ARGV[5], ARGV[6]
${NOW} ${OURS}
makeRoom(instances, 'hash')
redis.call('HSET', instances, id, (now + counts) .. ' ' .. wants .. ' ' .. about)
local there = {}
local all = redis.call('HGETALL', instances)
for i = 1, #all, 2 do
  local till, wanted, json = string.match(all[i + 1], '^(%d+) (%d) (.*)$')
  -- One that ends later than any of ours would is of a clock that was set back since, or of nobody.
  if numberOf(till) > now and numberOf(till) <= now + 2 * counts then
    there[#there + 1] = all[i]
    there[#there + 1] = tonumber(wanted)
    there[#there + 1] = json
  else
    redis.call('HDEL', instances, all[i])
  end
end
local known = fieldsOf(head, 'term', 'holder', 'until')
local holder, heldUntil = known[2] or '', numberOf(known[3])
-- The engine's clock was set back since, or somebody else wrote it: who leads says so within a lease from now.
if heldUntil > now + 2 * lease then
  heldUntil = now + lease
  redis.call('HSET', head, 'until', heldUntil)
end
local kind = 'HELD'
if term > 0 then
  kind = 'FENCED'
  if holder == id and numberOf(known[1]) == term then
    redis.call('HSET', head, 'until', now + lease)
    kind = 'LEADS'
  end
elseif holder == '' or heldUntil <= now then
  kind = 'FREE'
end
return { kind, holder, numberOf(known[1]), there }
`)

/** Says that it is gone, and leads no more. KEYS head, instances. ARGV id, term (0: it does not lead). -> { 'OK' } */
const leaving = new Script(`
${OURS}
local head, instances = KEYS[1], KEYS[2]
local id, term = ARGV[1], tonumber(ARGV[2])
if is(instances, 'hash') then redis.call('HDEL', instances, id) end
local known = fieldsOf(head, 'term', 'holder')
if known[2] == id and numberOf(known[1]) == term then redis.call('HSET', head, 'holder', '', 'until', 0) end
return { 'OK' }
`)

export async function beat (connection: RedisConnection, { head, instances }: Keys, sign: Sign): Promise<Beat> {
  const { id, term, leaseMs, countsMs, wantsData, about } = sign
  const args = [id, term, leaseMs, countsMs, wantsData ? 1 : 0, about]
  const [kind, holder, heldTerm, there] = await script.run(connection, [head, instances], args)
  return { kind: kind as Beat['kind'], holder: String(holder), term: Number(heldTerm), instances: signsOf(there as Reply[]) }
}

export async function leave (connection: RedisConnection, { head, instances }: Keys, id: string, term: number): Promise<void> {
  await leaving.run(connection, [head, instances], [id, term])
}

function signsOf (there: Reply[]): InstanceSign[] {
  const signs: InstanceSign[] = []
  for (let index = 0; index < there.length; index += 3) {
    signs.push({ id: String(there[index]), wantsData: there[index + 1] === 1, about: String(there[index + 2]) })
  }
  return signs
}
