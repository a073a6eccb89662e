import type { Clock } from '../lib/clock.ts'
import { RedisConnection } from '../lib/cluster/redis/connection.ts'
import { keysOf } from '../lib/cluster/redis/keys.ts'
import { note, ok, problem, type Finding } from './finding.ts'

const DEADLINE_MS = 5_000
/** A script that only looks: an account that may not run scripts, or not on these keys, is refused here as it would be later. */
const LOOK = "return { redis.call('EXISTS', KEYS[1]), redis.call('XLEN', KEYS[2]) }"

/** The engine of CLUSTER_URL, as the service reaches it. Nothing is written. */
export async function lookAtCluster (url: string, name: string, clock: Clock): Promise<Finding[]> {
  const { host } = new URL(url)
  const connection = new RedisConnection({ url, clock })
  try {
    const { head, log } = keysOf(name)
    const [isThere, updates] = await connection.send(['EVAL', LOOK, '2', head, log], DEADLINE_MS) as [number, number]
    const info = infoOf(String(await connection.send(['INFO'], DEADLINE_MS)))
    const engine = info.valkey_version === undefined ? `Redis ${info.redis_version}` : `Valkey ${info.valkey_version}`
    const stream = isThere === 1 ? `the stream ${name} is there, with ${updates} updates` : `there is no stream ${name} yet`
    const facts = { host, engine, role: info.role, isThere: isThere === 1, updates, policy: info.maxmemory_policy }
    if (info.role !== 'master') {
      return [problem('cluster', `CLUSTER_URL: ${host} is a replica, which cannot be written to`, facts)]
    }
    return [ok('cluster', `${engine} answers at ${host}; ${stream}`, facts), ...losses(info)]
  } catch (error) {
    // The message of a connection has no password in it: the client is given it apart from the address.
    return [problem('cluster', `CLUSTER_URL: ${host}: ${(error as Error).message}`, { host })]
  } finally {
    connection.close()
  }
}

/** What would cost the stream: it is then told from the start again, to everybody. */
function losses (info: Record<string, string>): Finding[] {
  const { maxmemory_policy: policy = '', maxmemory = '0', aof_enabled: keeps = '0' } = info
  const notes: Finding[] = []
  if (maxmemory !== '0' && policy.startsWith('allkeys')) {
    const text = `maxmemory-policy ${policy} may drop the stream when memory is short, noeviction would not`
    notes.push(note('cluster', text))
  }
  if (keeps === '0') notes.push(note('cluster', 'the engine keeps no append-only file: after a restart of it clients begin anew'))
  return notes
}

function infoOf (text: string): Record<string, string> {
  return Object.fromEntries(Array.from(text.matchAll(/^(\w+):(.*?)\r?$/gm), ([, name, value]) => [name, value]))
}
