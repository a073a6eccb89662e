import t from 'tap'
import { systemClock, wait } from '../../lib/clock.ts'
import { TestClient } from '../support/client.ts'
import { Fleet, INTERVAL_MS } from '../support/fleet.ts'
import { noRedis, Redis } from '../support/redis.ts'
import { portOf, startService } from '../support/service.ts'

const skip = noRedis() ?? false
/** That nothing is asked shows only after a while. */
const pause = (ms: number) => wait(systemClock, ms)

t.test('one fleet: every instance tells the same, and says who it is', { skip }, async (t) => {
  const fleet = await Fleet.start(t, { clients: 3 })
  const { leader, followers, instances } = fleet
  await fleet.updates(3)
  const welcomes = await Promise.all(instances.map(async ({ port }) => {
    const client = await TestClient.open(`ws://127.0.0.1:${port}/ws`)
    t.teardown(() => client.socket.terminate())
    return client.next('welcome')
  }))
  t.equal(new Set(welcomes.map(({ instance }) => instance)).size, 3)
  t.equal(new Set(welcomes.map(({ epoch }) => epoch)).size, 1)

  const stream = { role: 'leader', engine: 'redis', engineHealthy: true }
  t.match(await leader.json('/health'), { status: 'ok', services: { stream } })
  for (const follower of followers) {
    const services = { stream: { role: 'follower' }, influxdb: { healthy: true } }
    t.match(await follower.json('/health'), { status: 'ok', services })
    t.match(await follower.json('/api/websocket/status'), { stream: { role: 'follower', term: 1 } })
    const metrics = await (await follower.get('/metrics')).text()
    t.match(metrics, /^popcast_stream_leader 0$/m)
    t.match(metrics, /^popcast_stream_up 1$/m)
    t.match(metrics, /^popcast_stream_term 1$/m)
    t.match(metrics, /^popcast_source_up 1$/m)
  }
  const { instances: told, ...status } = await followers[0]!.json('/api/fleet')
  t.equal(told.length, 3)
  t.strictSame(told.map(({ connections }: { connections: number }) => connections >= 1), [true, true, true])
  const leaders = told.filter(({ isLeader }: { isLeader: boolean }) => isLeader)
  t.strictSame(leaders.map(({ id }: { id: string }) => id), [status.leader])

  // The same PoPs, regressions and history, whoever is asked.
  await fleet.regressed()
  for (const path of ['/api/regressions', '/api/pops/pop0']) {
    const answers = await Promise.all(instances.map((instance) => instance.json(path)))
    const [first, ...others] = answers.map(({ open, closed }) => ({ open, closed }))
    for (const other of others) t.strictSame(other, first, path)
  }
})

t.test('a client that hops to an instance that is behind it is not told that it is lost', { skip }, async (t) => {
  const fleet = await Fleet.start(t, { size: 2, clients: 2 })
  const [follower] = fleet.followers
  const { leader } = fleet
  await fleet.updates(2)
  let hops = 0
  for (let round = 0; round < 4; round++) {
    const client = await TestClient.open(`ws://127.0.0.1:${leader.port}/ws`)
    await client.next('metrics_update')
    // At once when the leader tells it: the other one may not have read it yet.
    const { epoch, seq } = await client.next('metrics_update', ({ replay }) => replay === undefined)
    const hopped = await TestClient.open(`ws://127.0.0.1:${follower!.port}/ws?topics=metrics&epoch=${epoch}&seq=${seq}`)
    t.match(await hopped.next('subscription_confirmed'), { recovered: true })
    // The same where a message asks for it.
    const { epoch: again, seq: next } = await client.next('metrics_update', ({ replay }) => replay === undefined)
    hopped.send({ type: 'subscribe', topics: ['metrics'], since: { epoch: again, seq: next } })
    t.match(await hopped.next('subscription_confirmed'), { recovered: true })
    client.socket.terminate()
    hopped.socket.terminate()
    hops++
  }
  t.equal(hops, 4)
})

t.test('nobody anywhere, no query; and what is fresh when somebody comes to any instance', { skip }, async (t) => {
  const fleet = await Fleet.start(t, { clients: 0 })
  const { database, followers } = fleet
  await pause(3 * INTERVAL_MS)
  t.equal(database.ticks.length, 0)
  const client = await TestClient.open(`ws://127.0.0.1:${followers[0]!.port}/ws`)
  t.equal((await client.next('metrics_update')).status, 'fresh')
  await client.close()
  // The answer is known once nobody's signs have gone.
  const isIdle = async () => (await fleet.leader.json('/health')).services.feed.status === 'idle'
  while (!await isIdle()) await pause(100)
  const before = database.ticks.length
  await pause(2 * INTERVAL_MS)
  t.equal(database.ticks.length, before)
  t.equal((await fleet.followers[0]!.json('/api/metrics/latest')).status, 'fresh', 'who reads over HTTP waits for an answer')
})

t.test('a start without the engine waits, and says so', { skip }, async (t) => {
  const redis = await Redis.start(t)
  await redis.kill()
  const env = { BROADCAST_INTERVAL_MS: '200', QUERY_TIMEOUT_MS: '150', POLL: 'always' }
  const service = startService(t, { ...env, CLUSTER_URL: redis.url })
  const port = await portOf(service)
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    return { status: response.status, body: await response.json() }
  }
  await service.logged(({ event }) => event === 'engine_away')
  t.match(await get('/health/ready'), { status: 503, body: { reason: 'engine' } })
  t.match(await get('/health/live'), { status: 200 })
  t.match(await get('/health'), { status: 200, body: { status: 'degraded', reason: 'engine' } })
  t.match(await get('/api/stream'), { status: 503, body: { code: 'FEED_UNAVAILABLE' } })
  await t.rejects(TestClient.open(`ws://127.0.0.1:${port}/ws`), { message: /503/ })
  await redis.start()
  await service.logged(({ event }) => event === 'leads')
  const client = await TestClient.open(`ws://127.0.0.1:${port}/ws`)
  await client.next('metrics_update')
  t.match(await get('/health/ready'), { status: 200 })

  await redis.kill()
  const { since } = await client.next('error', ({ code }) => code === 'FEED_UNAVAILABLE')
  t.equal((await client.next('error')).since, since, 'since when it was told first')
  t.match(await get('/health/ready'), { status: 200 }, 'who serves what it knows goes on')
  t.match(await get('/health'), { body: { status: 'degraded', reason: 'engine' } })
  t.match(await get('/api/metrics/latest'), { body: { status: 'stale' } })
  service.child.kill('SIGTERM')
  t.strictSame(await service.exit, { code: 0, signal: null }, 'and ends as ever')
})
