import t from 'tap'
import { noRedis, Redis } from '../support/redis.ts'
import { TestClient } from '../support/client.ts'
import { directoryOf } from '../support/directory.ts'
import { eventually } from '../support/eventually.ts'
import { Follower } from '../support/restarts.ts'
import { clientsOfEach, seriesOf, startWorkers } from '../support/workers.ts'

const FAST = { BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900', DRAIN_TIMEOUT_MS: '1000' }

t.test('limits hold over all workers', async (t) => {
  const { port, get, json } = await startWorkers(t, { ...FAST, MAX_CONNECTIONS: '12', MAX_CONNECTIONS_PER_ADDRESS: '12' })
  const clients = await clientsOfEach(port, 2)
  t.ok(clients.length <= 12)
  while (clients.length < 12) clients.push(...await clientsOfEach(port, 1))
  // Each has heard of the clients of the other one, whichever of them answers.
  for (let full = 0; full < 6;) full = (await json('/health/ready')).reason === 'over_capacity' ? full + 1 : 0
  for (let round = 0; round < 6; round++) await t.rejects(TestClient.open(`ws://127.0.0.1:${port}/ws`), /503/)
  t.equal(seriesOf(await (await get('/metrics')).text(), 'popcast_connections_limit'), 12)
  for (const client of clients) client.socket.terminate()
})

t.test('while the process that started them is stopped, nothing that tells of all of them tells of one', async (t) => {
  const { port, get, json, service } = await startWorkers(t, FAST)
  const clients = await clientsOfEach(port, 2)
  service.child.kill('SIGSTOP')
  const [metrics, status, health] = await Promise.all([get('/metrics'), get('/api/websocket/status'), get('/health')])
  t.strictSame([metrics.status, status.status, health.status], [503, 503, 200])
  t.match(await status.json(), { code: 'WORKERS_UNAVAILABLE', message: /the other workers cannot be asked/ })
  service.child.kill('SIGCONT')
  // It has much to do at first.
  await eventually(async () => (await get('/api/websocket/status')).status === 200)
  t.match(await json('/api/websocket/status'), { summary: { trackedConnections: clients.length } })
  for (const client of clients) client.socket.terminate()
})

t.test('with STATE_DIR the stream goes on after all of them were killed', async (t) => {
  const STATE_DIR = directoryOf(t)
  const one = await startWorkers(t, { ...FAST, STATE_DIR })
  const follower = new Follower()
  const client = await follower.follow(one.port, 3)
  t.match(await one.json('/health'), { services: { stream: { engine: 'directory' } } })
  one.service.child.kill('SIGKILL')
  await client.closed
  const two = await startWorkers(t, { ...FAST, STATE_DIR })
  const back = await follower.follow(two.port, 2)
  t.strictSame(follower.faults, [])
  back.socket.terminate()
})

const skip = noRedis() ?? false
t.test('with CLUSTER_URL each worker is an instance of its own', { skip }, async (t) => {
  const redis = await Redis.start(t)
  const { port, json, service } = await startWorkers(t, { ...FAST, CLUSTER_URL: redis.url })
  const clients = await clientsOfEach(port, 2)
  const updates = await Promise.all(clients.map((client) => client.next('metrics_update', ({ seq }) => seq === 3)))
  t.equal(new Set(updates.map(({ epoch }) => epoch)).size, 1)
  const { instance, instances, engine } = await json('/api/fleet')
  t.equal(engine, 'redis')
  t.strictSame(instances.map(({ id }: { id: string }) => id).sort(), [`${instance}-1`, `${instance}-2`])
  service.child.kill('SIGTERM')
  t.strictSame(await service.exit, { code: 0, signal: null })
})
