import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { eventually } from '../support/eventually.ts'
import { startService } from '../support/service.ts'
import { clientsOfEach, isRunning, startWorkers } from '../support/workers.ts'

const FAST = { BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900', DRAIN_TIMEOUT_MS: '1000' }

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
