import t from 'tap'
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
  const source = { healthy: true, lastSuccess: Date.now(), failure: null, consecutiveFailures: 0 }
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
