import t from 'tap'
import { keysOf } from '../../lib/cluster/redis/keys.ts'
import { RedisLog } from '../../lib/cluster/redis/redis-log.ts'
import type { Findings } from '../../lib/feed/tick.ts'
import type { Note } from '../../lib/feed/update-log.ts'
import { TestClient } from '../support/client.ts'
import { eventually } from '../support/eventually.ts'
import { join, openLeased } from '../support/leased-streams.ts'
import { noRedis, Redis } from '../support/redis.ts'
import { portOf, startService } from '../support/service.ts'
import { append, TICK } from '../support/shared-log-suite.ts'

t.test('who leads, lives and says nothing is not believed for long', { skip: noRedis() ?? false }, async (t) => {
  const engine = await Redis.start(t)
  const leader = openLeased(t, (common) => new RedisLog<Findings, Note>({ ...common, url: engine.url, name: 'silent' }))
  await join(leader, true)
  const source = { healthy: true, lastSuccess: Date.now(), failure: null, consecutiveFailures: 0, failingSince: null }
  const tick = async (queryMs: number) =>
    await leader.stream.begin() && await append(leader.stream, queryMs, '', { ...TICK, knows: { source, troubles: [] } })
  t.equal(await tick(10), true)
  const env = { CLUSTER_URL: engine.url, CLUSTER_NAME: 'silent', BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900' }
  const service = startService(t, env)
  const port = await portOf(service)
  const health = async () => {
    const { status, reason } = await (await fetch(`http://127.0.0.1:${port}/health`)).json() as { status: string, reason: string }
    return { status, reason }
  }
  await eventually(async () => (await health()).status === 'ok')
  const client = await TestClient.open(`ws://127.0.0.1:${port}/ws`)
  t.teardown(() => client.socket.terminate())
  t.match(await client.next('metrics_update'), { seq: 1 })

  t.match(await client.next('error'), { code: 'FEED_UNAVAILABLE', retryAfterMs: 1_000, ageMs: Number })
  t.match(await client.next('error'), { code: 'FEED_UNAVAILABLE' }, 'again each interval')
  t.strictSame(await health(), { status: 'degraded', reason: 'overdue' })
  t.equal(service.lines.filter(({ event }) => event === 'feed_overdue').length, 1)
  t.equal(leader.stream.status.role, 'leader', 'it has given its signs of life')

  t.equal(await tick(20), true)
  t.match(await client.next('metrics_update'), { seq: 2 })
  t.strictSame(await health(), { status: 'ok', reason: null })
})

t.test('that nobody can lead is told, until somebody can', { skip: noRedis() ?? false }, async (t) => {
  const engine = await Redis.start(t)
  const command = engine.commands(t)
  const keys = keysOf('unled')
  const readable = [keys.head, keys.log, keys.notes, keys.instances].map((key) => `~${key}`)
  await command('ACL', 'SETUSER', 'feed', 'on', '>password', '+@all', ...readable)
  const env = { CLUSTER_NAME: 'unled', BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900' }
  const leader = startService(t, { ...env, CLUSTER_URL: engine.url })
  await leader.logged(({ event }) => event === 'leads')
  const service = startService(t, { ...env, CLUSTER_URL: `redis://feed:password@127.0.0.1:${engine.port}` })
  const port = await portOf(service)
  const json = async (path: string): Promise<any> => await (await fetch(`http://127.0.0.1:${port}${path}`)).json()
  await eventually(async () => (await json('/health')).status === 'ok')
  const client = await TestClient.open(`ws://127.0.0.1:${port}/ws`)
  t.teardown(() => client.socket.terminate())
  const { epoch } = await client.next('metrics_update')

  // It counts as there, whatever it says of itself.
  const sign = JSON.stringify({ version: '9', connections: 1, seq: 1, lagMs: 0, id: 'x', isLeader: true })
  await command('HSET', keys.instances, 'strange', `${Date.now() + 9_000} 0 {}`, 'foreign', `${Date.now() + 9_000} 0 ${sign}`)
  await eventually(async () => (await json('/api/fleet')).instances.length === 3)
  const { instances } = await json('/api/fleet')
  t.match(instances.find(({ id }: { id: string }) => id === 'foreign'), { isLeader: false, version: '9' })
  t.notOk(instances.some(({ id }: { id: string }) => id === 'strange'))

  leader.child.kill('SIGTERM')
  t.match(await service.logged(({ event }) => event === 'lead_given_back'), { level: 40, pauseMs: 5_000 })
  // Until it has tried for the third time.
  for (let times = 0; times < 12; times++) {
    t.match(await client.next('error'), { code: 'FEED_UNAVAILABLE' }, 'each interval')
    t.match(await json('/health'), { status: 'degraded', reason: 'engine', services: { stream: { leader: null } } })
  }
  const since = service.lines.slice(service.lines.findIndex(({ event }) => event === 'lead_given_back'))
  t.ok(since.filter(({ event }) => event === 'lead_given_back').length > 1, 'it goes on trying')
  t.notOk(since.some(({ event }) => event === 'engine_back'))
  await command('ACL', 'SETUSER', 'feed', `~${keys.kept}`)
  await service.logged(({ event }) => event === 'leads')
  t.equal((await client.next('metrics_update')).epoch, epoch, 'and it goes on')
  await eventually(async () => (await json('/health')).status === 'ok')
})
