import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { noRedis, Redis } from '../support/redis.ts'
import { directoryOf, Follower } from '../support/restarts.ts'
import { startService } from '../support/service.ts'
import { SimulatedDatabase } from '../support/simulated-database.ts'
import { clientsOfEach, eventually, instanceOf, isRunning, seriesOf, startWorkers } from '../support/workers.ts'

const FAST = { BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900', DRAIN_TIMEOUT_MS: '1000' }
const isSpaced = (ticks: number[]) => ticks.slice(1).every((at, index) => at - (ticks[index] ?? 0) > 800)
const ACCEPTED = 'popcast_connections_accepted_total{transport="websocket"}'

t.test('both workers tell one stream, the database is asked once per interval, and each answers for all', async (t) => {
  const database = await SimulatedDatabase.start(t)
  const { port, get, json, service } = await startWorkers(t, { ...FAST, ...database.env })
  const clients = await clientsOfEach(port, 2)
  const told = await Promise.all(clients.map(async (client) => {
    const update = await client.next('metrics_update', ({ seq }) => seq === 4)
    return JSON.stringify([update.epoch, update.seq, update.data, update.dataTime, update.polledAt])
  }))
  t.equal(new Set(told).size, 1)
  t.ok(isSpaced(database.ticks), 'one query per interval')

  for (let round = 0; round < 6; round++) {
    const { summary, stream, connections } = await json('/api/websocket/status')
    t.match(summary, { activeConnections: clients.length, trackedConnections: clients.length, totalConnections: clients.length })
    t.equal(connections.length, clients.length)
    t.equal(new Set(connections.map(({ id }: { id: string }) => id)).size, clients.length, 'each under a name of its own')
    t.match(stream, { role: 'leader', engine: 'memory', engineHealthy: true })
    const exposition = await (await get('/metrics')).text()
    t.equal(seriesOf(exposition, ACCEPTED), clients.length)
    t.equal(seriesOf(exposition, 'popcast_connections_open{transport="websocket"}'), clients.length)
    t.equal(seriesOf(exposition, 'popcast_stream_leader'), 1)
    const ticks = seriesOf(exposition, 'popcast_ticks_total{outcome="succeeded"}')
    t.ok(Math.abs(ticks - database.ticks.length) <= 1, `${ticks} ticks of ${database.ticks.length} queries`)
    t.match(await json('/health'), { status: 'ok', services: { websocket: { activeConnections: clients.length } } })
    const fleet = await json('/api/fleet')
    const counts: number[] = fleet.instances.map(({ connections }: { connections: number }) => connections)
    t.equal(counts.reduce((sum, count) => sum + count, 0), clients.length)
    t.equal(fleet.instances.filter(({ isLeader }: { isLeader: boolean }) => isLeader).length, 1)
  }
  t.strictSame(new Set(service.lines.filter(({ event }) => event === 'connect').map(({ worker }) => worker)), new Set([1, 2]))
  for (const client of clients) client.socket.terminate()
})

t.test('a worker that is killed is replaced, its clients go on elsewhere without a gap, and no total falls', async (t) => {
  const database = await SimulatedDatabase.start(t)
  const { port, get, json, service, pidOf, listening } = await startWorkers(t, { ...FAST, ...database.env })
  const clients = await clientsOfEach(port, 2)
  const { leader } = await json('/api/fleet')
  const number = Number(String(leader).at(-1))
  const followers = await Promise.all(Array.from({ length: 6 }, async () => {
    const follower = new Follower()
    return { follower, client: await follower.follow(port, 2) }
  }))
  const before = seriesOf(await (await get('/metrics')).text(), ACCEPTED)
  const killed = service.logged(({ event }) => event === 'worker_ended')
  process.kill(pidOf(number), 'SIGKILL')
  t.match(await killed, { worker: number, code: null, signal: 'SIGKILL' })
  t.ok(seriesOf(await (await get('/metrics')).text(), ACCEPTED) >= before)

  const isOfKilled = await Promise.all(followers.map(async ({ client }) => await instanceOf(client) === leader))
  for (const [index, { follower, client }] of followers.entries()) {
    if (isOfKilled[index] === true) t.equal((await client.closed).code, 1006)
    client.socket.terminate()
    await client.closed
    const back = await follower.follow(port, 2)
    t.match(await back.received.find(({ type }) => type === 'subscription_confirmed'), { recovered: true })
    t.strictSame(follower.faults, [])
    back.socket.terminate()
  }
  await listening(3)
  t.match(await service.logged(({ event, worker }) => event === 'leads' && worker !== number), { term: 2 })
  const again = await clientsOfEach(port, 2)
  t.ok(seriesOf(await (await get('/metrics')).text(), ACCEPTED) >= before + followers.length + again.length)
  t.ok(isSpaced(database.ticks), 'never more than one query per interval')
  const { summary } = await json('/api/websocket/status')
  t.ok(summary.totalConnections >= before + followers.length + again.length)
  for (const client of [...clients, ...again]) client.socket.terminate()
})

t.test('SIGTERM drains all of them: everybody is told, closed 1001, exit 0', async (t) => {
  const { port, service, pidOf } = await startWorkers(t, FAST)
  const pids = [pidOf(1), pidOf(2)]
  const clients = await clientsOfEach(port, 2)
  service.child.kill('SIGTERM')
  await Promise.all(clients.map((client) => client.next('server_shutdown')))
  t.ok((await Promise.all(clients.map(({ closed }) => closed))).every(({ code }) => code === 1001))
  t.strictSame(await service.exit, { code: 0, signal: null })
  t.equal(service.stderr(), '')
  t.strictSame(pids.map(isRunning), [false, false])
  t.equal(service.lines.filter(({ event }) => event === 'poller_stopped').length, 2)
  t.equal(service.lines.at(-1)?.event, 'closed')
  t.equal(service.lines.filter(({ event }) => event === 'worker_started').length, 2, 'nobody is replaced meanwhile')
})

t.test('a drain is the same as of one process: readiness turns first, and a second signal does not wait', async (t) => {
  const { get, service } = await startWorkers(t, { ...FAST, DRAIN_DELAY_MS: '60000' })
  service.child.kill('SIGTERM')
  await service.logged(({ event, worker }) => event === 'shutdown' && worker === 1)
  await service.logged(({ event, worker }) => event === 'shutdown' && worker === 2)
  for (let round = 0; round < 4; round++) t.equal((await get('/health/ready')).status, 503)
  t.equal((await get('/health/live')).status, 200)
  service.child.kill('SIGTERM')
  t.strictSame(await service.exit, { code: 1, signal: null })
})

t.test('SIGKILL of the primary leaves nobody behind', async (t) => {
  const { port, service, pidOf } = await startWorkers(t, FAST)
  const pids = [pidOf(1), pidOf(2)]
  const clients = await clientsOfEach(port, 2)
  service.child.kill('SIGKILL')
  await service.exit
  await Promise.all(clients.map(({ closed }) => closed))
  await eventually(() => !pids.some(isRunning))
})

t.test('a worker that ends as soon as it begins is replaced later and later; the other one serves', async (t) => {
  const failSecond = 'data:text/javascript,if (process.env.POPCAST_WORKER === "2") process.exit(3)'
  const service = startService(t, { ...FAST, WORKERS: '2' }, ['--import', failSecond])
  const ends = new Set<object>()
  const restarts: number[] = []
  while (restarts.length < 3) {
    const line = await service.logged((line) => line.event === 'worker_ended' && !ends.has(line))
    ends.add(line)
    t.match(line, { worker: 2, code: 3 })
    restarts.push(Number(line.restartInMs))
  }
  t.ok(restarts.every((ms, index) => ms >= 500 * 2 ** index), `after ${restarts.join(', ')} ms`)
  t.equal(service.lines.filter(({ event, worker }) => event === 'worker_ended' && worker === 1).length, 0)
})

t.test('what stops the start is said once, with the code of one process', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const accepted = 'accepted: a whole number from 1 to 64, or auto: as many as there are cores\n'
  const cases = [
    { name: 'no workers', env: { WORKERS: '0' }, says: `WORKERS: "0" is neither a number of workers nor auto; ${accepted}` },
    { name: 'no number', env: { WORKERS: 'abc' }, says: `WORKERS: "abc" is neither a number of workers nor auto; ${accepted}` },
    {
      name: 'a port that is taken',
      env: { WORKERS: '2', PORT: String(port) },
      says: `HOST, PORT: cannot listen on 127.0.0.1:${port}: bind EADDRINUSE 127.0.0.1:${port}\n`
    }
  ]
  for (const { name, env, says } of cases) {
    const service = startService(t, env)
    t.strictSame(await service.exit, { code: 1, signal: null }, name)
    t.equal(service.stderr(), `popcast cannot start:\n${says}`, name)
  }
})

t.test('limits hold over all workers', async (t) => {
  const { port, get, json } = await startWorkers(t, { ...FAST, MAX_CONNECTIONS: '12', MAX_CONNECTIONS_PER_ADDRESS: '12' })
  const clients = await clientsOfEach(port, 2)
  t.ok(clients.length <= 12)
  while (clients.length < 12) clients.push(...await clientsOfEach(port, 1))
  // Each has heard of the clients of the other one, whichever of them answers.
  for (let full = 0; full < 6;) full = (await json('/health/ready')).reason === 'over_capacity' ? full + 1 : 0
  for (let round = 0; round < 6; round++) await t.rejects(clientsOfEach(port, 1), /503/)
  t.equal(seriesOf(await (await get('/metrics')).text(), 'popcast_connections_limit'), 12)
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
