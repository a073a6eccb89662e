import t from 'tap'
import { Follower } from '../support/restarts.ts'
import { SimulatedDatabase } from '../support/simulated-database.ts'
import { clientsOfEach, instanceOf, seriesOf, startWorkers } from '../support/workers.ts'

const FAST = { BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900', DRAIN_TIMEOUT_MS: '1000' }
const isSpaced = ({ ticksAsked }: SimulatedDatabase) =>
  ticksAsked.slice(1).every((at, index) => at - (ticksAsked[index] ?? 0) > 800)
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
  t.ok(isSpaced(database), 'one query per interval')

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
  t.ok(isSpaced(database), 'never more than one query per interval')
  const { summary } = await json('/api/websocket/status')
  t.ok(summary.totalConnections >= before + followers.length + again.length)
  for (const client of [...clients, ...again]) client.socket.terminate()
})
