import t from 'tap'
import { WebSocket } from 'ws'
import { PopcastClient, type PopcastOptions, type Snapshot } from '../../client/index.ts'
import { openFront } from '../support/front.ts'
import { portOf, startService, type Service, type Teardown } from '../support/service.ts'

const SETTINGS = { BROADCAST_INTERVAL_MS: '200', QUERY_TIMEOUT_MS: '150', DRAIN_DELAY_MS: '0' }
/** Fast enough for the interval. */
const FAST: PopcastOptions = {
  WebSocket,
  lateAfterMs: 400,
  pongTimeoutMs: 300,
  staleAfterMs: 800,
  backoff: { minMs: 20, maxMs: 100 },
  subscribe: { metrics: true, alerts: true, pops: true }
}
const transports = ['websocket', 'sse'] as const

/** Resolves with the first snapshot of which it is true, now or later. */
async function until (client: PopcastClient, where: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  const changes = client.events('change', { buffer: Infinity })
  try {
    if (where(client.snapshot)) return client.snapshot
    for await (const snapshot of changes) if (where(snapshot)) return snapshot
    throw new Error('closed before')
  } finally {
    await changes.return?.()
  }
}

const isFresh = ({ connection, freshness, pops, overview }: Snapshot) =>
  connection.name === 'live' && freshness.state === 'fresh' && overview !== null && pops.size === 20

async function follow (t: Teardown, port: number, options: PopcastOptions): Promise<PopcastClient> {
  const client = new PopcastClient(`ws://127.0.0.1:${port}/ws`, { ...FAST, ...options })
  t.teardown(() => client.close())
  await until(client, isFresh)
  return client
}

async function restarted (t: Teardown, service: Service, port: number, signal: NodeJS.Signals): Promise<Service> {
  service.child.kill(signal)
  await service.exit
  const next = startService(t, { ...SETTINGS, PORT: String(port) })
  await portOf(next)
  return next
}

for (const transport of transports) {
  t.test(`${transport}: a server that is stopped or killed and starts again`, async (t) => {
    let service = startService(t, SETTINGS)
    const port = await portOf(service)
    const client = await follow(t, port, { transport })
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const { server } = client.snapshot
      const points = client.snapshot.history.length
      const resumed = client.events('resumed')
      const causes: string[] = []
      const off = client.on('connection', (state) => { if (state.name === 'waiting') causes.push(state.cause.code) })
      service = await restarted(t, service, port, signal)
      t.match(await resumed.next(), { value: { recovered: false, reason: 'other_epoch' } }, signal)
      const snapshot = await until(client, (snapshot) => isFresh(snapshot) && snapshot.server?.epoch !== server?.epoch)
      t.ok(snapshot.history.length >= points, 'history is kept')
      t.equal(causes[0], signal === 'SIGTERM' ? 'SHUTDOWN' : 'CLOSED')
      off()
    }
  })

  t.test(`${transport}: a connection that is cut loses nothing`, async (t) => {
    const service = startService(t, SETTINGS)
    const { port, sockets } = await openFront(t, await portOf(service))
    const client = await follow(t, port, { transport })
    const seqs: number[] = []
    client.on('overview', () => seqs.push(client.snapshot.history.at(-1)?.seq as number))
    const resumed = client.events('resumed')
    for (const socket of sockets) socket.destroy()
    t.match(await resumed.next(), { value: { recovered: true } })
    await until(client, (snapshot) => isFresh(snapshot) && seqs.length > 8)
    t.strictSame(seqs, seqs.map((_, index) => seqs[0] as number + index))
  })
}

t.test('websocket: a server that is frozen is known to be, and left; it may come back', async (t) => {
  const service = startService(t, SETTINGS)
  const client = await follow(t, await portOf(service), { transport: 'websocket', connectTimeoutMs: 500 })
  t.teardown(() => service.child.kill('SIGCONT'))
  service.child.kill('SIGSTOP')
  const late = await until(client, ({ freshness }) => freshness.state === 'late')
  t.ok(late.overview, 'what is known is still there')
  await until(client, ({ connection }) => connection.name === 'waiting' && connection.cause.code === 'NO_PONG')
  await until(client, ({ freshness }) => freshness.state === 'stale')
  await until(client, ({ connection }) => connection.name === 'waiting' && connection.cause.code === 'CONNECT_TIMEOUT')
  service.child.kill('SIGCONT')
  await until(client, isFresh)
})

t.test('where a proxy refuses upgrades there are events, and the subscription can be changed all the same', async (t) => {
  const service = startService(t, SETTINGS)
  const { port } = await openFront(t, await portOf(service), { upgrades: false })
  const client = await follow(t, port, { transport: 'auto' })
  t.strictSame(client.snapshot.connection, { name: 'live', transport: 'sse' })
  await client.setSubscription({ pops: ['fra1'] })
  const { pops, overview } = await until(client, ({ pops }) => pops.size === 1)
  t.strictSame([...pops.keys()], ['fra1'])
  t.equal(overview, null)
})

t.test('a subscription is changed on the WebSocket that there is', async (t) => {
  const service = startService(t, SETTINGS)
  const client = await follow(t, await portOf(service), { transport: 'websocket' })
  const states: string[] = []
  client.on('connection', ({ name }) => states.push(name))
  await client.setSubscription({ metrics: true, pops: { code: ['fra1', 'ams1'] } })
  const { pops } = await until(client, ({ pops }) => pops.size === 2)
  t.strictSame([...pops.keys()].sort(), ['ams1', 'fra1'])
  await t.rejects(client.setSubscription({ pops: [] }), { code: 'REJECTED', serverCode: 'BAD_MESSAGE' })
  await client.setSubscription({ metrics: true })
  t.equal(client.snapshot.pops.size, 0)
  t.ok(client.snapshot.overview)
  t.ok(await client.ping() >= 0)
  t.strictSame(states, [])
})

for (const transport of transports) {
  t.test(`${transport}: alerts alone are fresh by the updates, and the metrics come when they are wanted`, async (t) => {
    const service = startService(t, SETTINGS)
    const options = { ...FAST, transport, subscribe: { alerts: true } }
    const client = new PopcastClient(`ws://127.0.0.1:${await portOf(service)}/ws`, options)
    t.teardown(() => client.close())
    const { overview, freshness } = await until(client, ({ freshness }) => freshness.state === 'fresh')
    t.equal(overview, null)
    t.type(freshness.ageMs, 'number')
    await client.setSubscription({ metrics: true, alerts: true })
    t.equal(client.snapshot.overview?.totalPops, 20, 'not only with the next update')
    await client.setSubscription({ pops: ['fra1'] })
    const { pops } = await until(client, ({ overview, pops }) => overview === null && pops.size === 1)
    t.strictSame([...pops.keys()], ['fra1'])
  })
}

t.test('deltas come to what the whole list says', async (t) => {
  const service = startService(t, SETTINGS)
  const port = await portOf(service)
  const [deltas, whole] = await Promise.all([follow(t, port, {}), follow(t, port, { delta: false })])
  const content = ({ pops }: Snapshot) => JSON.stringify([...pops.values()].sort((a, b) => a.code < b.code ? -1 : 1))
  let hadDelta = false
  deltas.on('pops', ({ whole }) => { hadDelta ||= !whole })
  const agree = () => hadDelta && content(deltas.snapshot) === content(whole.snapshot)
  // Either may be told first.
  await Promise.race([until(deltas, agree), until(whole, agree)])
})
