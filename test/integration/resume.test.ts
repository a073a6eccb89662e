import t from 'tap'
import { TestClient } from '../support/client.ts'
import { build } from '../support/app.ts'
import { portOf, startService } from '../support/service.ts'

t.test('a client that comes back with its position in the URL gets what it missed, in order, and then what is new', async (t) => {
  const { connect } = await build(t)
  const first = await connect()
  const { epoch, seq } = await first.next('metrics_update', ({ seq }) => seq >= 2)
  await first.close()
  const watcher = await connect()
  await watcher.next('metrics_update', (update) => update.seq >= seq + 4)
  const second = await connect(`/ws?epoch=${epoch}&seq=${seq}`)
  t.match(await second.next('subscription_confirmed'), { recovered: true, fromSeq: seq + 1, topics: ['metrics'] })
  const live = await second.next('metrics_update', (update) => update.replay === undefined && update.seq > seq + 4)
  const seqs = second.received.flatMap((message) => message.type === 'metrics_update' ? [message.seq] : [])
  t.strictSame(seqs, Array.from({ length: live.seq - seq }, (_, index) => seq + 1 + index))
})

t.test('5,000 clients that resume at once cost no query', async (t) => {
  const { app, connect, port } = await build(t, { BROADCAST_INTERVAL_MS: '600000', QUERY_TIMEOUT_MS: '1000' })
  const { epoch, seq } = await (await connect()).next('metrics_update')
  let queries = 0
  const read = app.metricsSource.read.bind(app.metricsSource)
  app.metricsSource.read = (...args) => {
    queries++
    return read(...args)
  }
  for (let batch = 0; batch < 5; batch++) {
    const clients = await Promise.all(
      Array.from({ length: 1_000 }, () => TestClient.open(`ws://127.0.0.1:${port}/ws?epoch=${epoch}&seq=${seq - 1}`))
    )
    const confirmations = await Promise.all(clients.map((client) => client.next('subscription_confirmed')))
    const updates = await Promise.all(clients.map((client) => client.next('metrics_update')))
    t.ok(confirmations.every(({ recovered }) => recovered === true))
    t.ok(updates.every((update) => update.seq === seq && update.replay === true))
    t.teardown(() => { for (const { socket } of clients) socket.terminate() })
  }
  t.equal(queries, 0)
})

t.test('kill -9: 500 clients are told the new epoch and have the whole state after reconnecting', async (t) => {
  const killed = startService(t)
  const port = await portOf(killed)
  const open = (query = '') =>
    Promise.all(Array.from({ length: 500 }, () => TestClient.open(`ws://127.0.0.1:${port}/ws${query}`)))
  const clients = await open()
  const updates = await Promise.all(clients.map((client) => client.next('metrics_update')))
  const { epoch, seq } = updates[0] as { epoch: string, seq: number }
  for (const client of clients) client.send({ type: 'subscribe', topics: ['metrics', 'alerts', 'pops'] })
  await Promise.all(clients.map((client) => client.next('pops_update')))
  killed.child.kill('SIGKILL')
  t.ok((await Promise.all(clients.map(({ closed }) => closed))).every(({ code }) => code === 1006))
  await killed.exit

  const restarted = startService(t, { PORT: String(port) })
  await portOf(restarted)
  const back = await open(`?epoch=${epoch}&seq=${seq}`)
  const confirmations = await Promise.all(back.map((client) => client.next('subscription_confirmed')))
  t.ok(
    confirmations.every(
      (confirmation) => confirmation.epoch !== epoch && confirmation.recovered === false && confirmation.reason === 'other_epoch'
    )
  )
  const current = await Promise.all(back.map((client) => client.next('metrics_update')))
  t.ok(current.every((update) => update.epoch === confirmations[0]?.epoch && update.data.totalPops === 20))
  for (const client of back) client.send({ type: 'subscribe', topics: ['pops'] })
  const pops = await Promise.all(back.map((client) => client.next('pops_update')))
  t.ok(pops.every(({ data }) => 'pops' in data && data.pops.length === 20))
  restarted.child.kill('SIGTERM')
  await restarted.exit
})

const nonsense = [
  '?epoch=',
  '?epoch=&seq=',
  '?epoch=a',
  '?seq=3',
  '?epoch=a&seq=x',
  '?epoch=a&seq=-1',
  '?epoch=a&seq=1.5',
  '?epoch=a&epoch=b&seq=1',
  '?epoch=a&seq=99999999999999999999'
]

t.test('an upgrade is never refused for its position: it is told that it cannot be recovered, and goes on', async (t) => {
  const { connect } = await build(t)
  for (const query of nonsense) {
    const client = await connect(`/ws${query}`)
    t.match(await client.next('subscription_confirmed'), { recovered: false }, query)
    await client.next('metrics_update')
  }
})

t.test('with its topics in the URL a client is told all of it in one go, and those that there are not', async (t) => {
  const { connect } = await build(t)
  const client = await connect('/ws?topics=metrics,alerts,pops,weather')
  t.match(await client.next('subscription_confirmed'), { topics: ['metrics', 'alerts', 'pops'], unknownTopics: ['weather'] })
  t.match(await client.next('open_alerts'), { data: { alerts: [] } })
  const { seq } = await client.next('metrics_update')
  t.equal((await client.next('pops_update')).seq, seq)
})
