import type { Socket } from 'node:net'
import t from 'tap'
import type { Connection } from '../../lib/clients/connection.ts'
import type { MetricsUpdateMessage } from '../../lib/protocol/server-messages.ts'
import { Tick } from '../../lib/feed/tick.ts'
import { build } from '../support/app.ts'
import { rawHandshake } from '../support/raw-client.ts'

/** Large enough that the kernel takes only some of them; what it takes is up to it. */
class PaddedTick extends Tick {
  override get update (): MetricsUpdateMessage {
    return { ...super.update, padding: 'x'.repeat(1024 * 1024) } as MetricsUpdateMessage
  }
}

t.test('a client that answers no ping is closed 4012, its socket with it; one that does stays', async (t) => {
  const { app, connect, port, logged } = await build(t, { PING_INTERVAL_MS: '100', STALE_AFTER_MS: '300' })
  const live = await connect()
  const silent = await rawHandshake(port)
  t.equal(await silent.closeCode(), 4012)
  t.equal(silent.opcodes().filter((opcode) => opcode === 0x9).length, 2)
  // The peer never answers the close frame either: the server ends the socket on its own.
  const line = await logged('disconnect')
  t.match(line, { code: 1006, closedBy: { code: 4012 }, remaining: 1 })
  t.equal(app.connections.size, 1)
  await live.next('metrics_update')
})

t.test('a client that does not read is bounded, skipped and cut off; the others get every update', async (t) => {
  const { app, connect, port, logged } = await build(t, { MAX_BUFFERED_BYTES: '1024', SLOW_CLIENT_TIMEOUT_MS: '300' })
  const reader = await connect()
  const slow = await rawHandshake(port)
  slow.socket.pause()
  const [, connection] = [...app.connections]
  // What no real peer can be made to show quickly: the kernel would buffer megabytes before anything waits here.
  Object.defineProperty(connection, 'isDraining', { value: true })
  const line = await logged('disconnect')
  t.match(line, { connectionId: connection?.id, closedBy: { code: 4008 } })
  t.equal(app.connections.totals.skipped, 3)
  const seqs = reader.received.flatMap((message) => message.type === 'metrics_update' ? [message.seq] : [])
  t.strictSame(seqs, Array.from({ length: seqs.length }, (_, index) => (seqs[0] as number) + index), 'no gap')
  t.ok(seqs.length >= 4, 'one per interval while the other was skipped and cut off')
})

t.test('a client that stops reading and goes on gets the latest, and how many it missed', async (t) => {
  const { app, connect, port } = await build(t)
  const reader = await connect()
  await reader.next('metrics_update')
  app.poller.stop()
  const { content } = app.view.latest() as Tick
  const pausing = await rawHandshake(port)
  pausing.socket.pause()
  const [, connection] = [...app.connections] as [unknown, Connection]
  let next = content.header.seq + 100
  while (connection.isOpen && connection.outbox.skippedInARow < 3) {
    await app.broadcaster.publish(new PaddedTick({ ...content, header: { ...content.header, seq: ++next } }))
  }
  const missed = connection.outbox.skippedInARow
  pausing.socket.resume()
  const latest = await pausing.message(`"skipped":${missed}`)
  t.match(latest.toString('latin1', 10, 400), `"seq":${next}`, 'the newest, not the oldest')
  t.equal(connection.outbox.skippedInARow, 0)
  t.equal(connection.skippedCount, missed)
  await reader.next('metrics_update', (message) => message.seq === next)
})

t.test('clients whose sockets fail stop neither the others nor the service', async (t) => {
  const { app, connect, logged } = await build(t)
  const sockets: Socket[] = []
  app.server.on('upgrade', ({ socket }) => sockets.push(socket))
  const clients = [await connect(), await connect(), await connect()] as const
  await Promise.all(clients.map((client) => client.next('metrics_update')))
  const ids = Array.from(app.connections, ({ id }) => id)

  const [throwing, failing] = sockets as [Socket, Socket]
  throwing.write = () => { throw new Error('injected throw') }
  // As net does with a write that fails after it was accepted.
  failing.write = () => {
    failing.destroy(Object.assign(new Error('injected later'), { syscall: 'write' }))
    return false
  }
  t.match(await logged('send_failed', ({ connectionId }) => connectionId === ids[0]), { detail: 'injected throw', level: 40 })
  t.match(await logged('send_failed', ({ connectionId }) => connectionId === ids[1]), { detail: 'injected later', level: 40 })
  await clients[2].next('metrics_update')
  const status = (await app.inject('/api/websocket/status')).json()
  t.equal(status.connections[0].lastError, 'injected throw')
  t.equal(status.connections.find(({ id }: { id: string }) => id === ids[2]).errorCount, 0)
  t.ok(status.summary.successRate < 1)

  const [, , last] = sockets as [Socket, Socket, Socket]
  last.write = throwing.write
  await logged('send_failed', ({ connectionId }) => connectionId === ids[2])
  await (await connect()).next('metrics_update')
})

t.test('a throw in the tick of one interval does not stop the next', async (t) => {
  const { app, connect, logged } = await build(t)
  const { publish } = app.broadcaster
  app.broadcaster.publish = () => {
    app.broadcaster.publish = publish
    throw new Error('injected')
  }
  const client = await connect()
  await client.next('metrics_update')
  t.match(await logged('tick_failed'), { code: 'INTERNAL', err: { message: 'injected' } })
})

t.test('memory: a client leaves nothing behind', async (t) => {
  const { app, connect } = await build(t)
  for (let round = 0; round < 5; round++) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => connect()))
    await Promise.all(clients.map((client) => client.close()))
  }
  await app.connections.empty()
  t.strictSame([...app.connections], [])
  t.equal(app.connections.totals.opened, 250)
  t.equal(app.connections.totals.closed, 250)
  t.equal(app.connections.durations.count, 250)
})

t.test('statistics are logged while clients are connected', async (t) => {
  const { connect, logged } = await build(t, { STATS_LOG_INTERVAL_MS: '150' }, { logDropped: () => 7 })
  await connect()
  const line = await logged('statistics', ({ ticks }) => Number(ticks) > 0)
  t.match(line, {
    active: 1,
    logLinesDropped: 7,
    ticks: Number,
    failedTicks: 0,
    sent: Number,
    failed: 0,
    skipped: 0,
    bytes: Number,
    queryMs: { mean: Number, max: Number },
    fanOutMs: { mean: Number, max: Number },
    totals: { opened: 1, closed: 0 },
    successRate: 1
  })
  t.strictSame(line?.durations, { count: 0, mean: 0, p50: 0, p90: 0, max: 0 })
})
