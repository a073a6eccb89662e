import t from 'tap'
import { PopcastClient, PopcastError } from '../../client/index.ts'
import { clientSide, greet, synced } from '../support/client-side.ts'
import { settle } from '../support/fake-clock.ts'
import { alertMessage, confirmed, openAlerts, pop, popsUpdate, pong, update, welcome } from '../support/feed-messages.ts'

t.test('the snapshot is the same object until something changes, and then another one', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  const first = side.client.snapshot
  t.equal(side.client.snapshot, first)
  socket.receive(pong({ id: 50 }))
  t.equal(side.client.snapshot, first, 'a pong changes nothing')
  socket.receive(alertMessage('a', 'opened', { tickSeq: 2 }))
  const second = side.client.snapshot
  t.not(second, first)
  t.equal(first.alerts.size, 0)
  for (const part of ['overview', 'pops', 'history', 'server', 'connection'] as const) t.equal(second[part], first[part], part)
})

t.test('change is told once per turn, as useSyncExternalStore needs it', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  await side.clock.advance(0)
  let told = 0
  const off = side.client.subscribe(() => told++)
  socket.receive(update({ seq: 2 }), update({ seq: 3 }), alertMessage('a', 'opened', { tickSeq: 3 }))
  t.equal(told, 0)
  await side.clock.advance(0)
  t.equal(told, 1)
  socket.receive(update({ seq: 4 }))
  off()
  await side.clock.advance(0)
  t.equal(told, 1)
})

t.test('events are told when they have been taken in, and in order', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  const seen: string[] = []
  side.client.on('alert', ({ alert }) => seen.push(`${alert.id} ${side.client.snapshot.alerts.has(alert.id)}`))
  side.client.on('overview', ({ replay }) => seen.push(`overview ${replay}`))
  socket.receive(alertMessage('a', 'opened', { tickSeq: 2 }), update({ seq: 2 }), alertMessage('a', 'resolved', { tickSeq: 3 }))
  t.strictSame(seen, ['a true', 'overview false', 'a false'])
})

t.test('a listener that throws is reported, and keeps nothing from the others', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  const reported = new Promise((resolve) => process.once('uncaughtException', resolve))
  side.client.on('overview', () => { throw new Error('mine') })
  const told = side.told('overview')
  socket.receive(update({ seq: 2 }))
  t.match(await reported, { message: 'mine' })
  t.equal(told.length, 1)
})

t.test('the same listener twice is told twice, and taken away once', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  let told = 0
  const listener = () => told++
  const off = side.client.on('overview', listener)
  side.client.on('overview', listener)
  off()
  off()
  socket.receive(update({ seq: 2 }))
  t.equal(told, 1)
})

t.test('ready', async (t) => {
  t.test('resolves when live, and at once then', async (t) => {
    const side = clientSide({ autoConnect: false })
    const ready = side.client.ready()
    side.client.connect()
    await greet(side)
    t.equal((await ready).connection.name, 'live')
    t.equal(await side.client.ready(), side.client.snapshot)
  })
  t.test('rejects when it has failed', async (t) => {
    const side = clientSide()
    await settle()
    const rejected = t.rejects(side.client.ready(), { code: 'INVALID_MESSAGES' })
    side.socket.end(4501)
    await rejected
    await t.rejects(side.client.ready(), { code: 'INVALID_MESSAGES' })
  })
  t.test('rejects when it is closed before', async (t) => {
    const side = clientSide()
    const rejected = t.rejects(side.client.ready(), { code: 'ABORTED' })
    await side.client.close()
    await rejected
  })
})

t.test('close', async (t) => {
  t.test('ends everything, and leaves no timer', async (t) => {
    const side = clientSide()
    const socket = await greet(side)
    const iterated = side.client.events('overview')
    await side.client.close()
    t.equal(socket.closedWith, 1000)
    t.strictSame(side.client.snapshot.connection, { name: 'idle' })
    t.strictSame(await iterated.next(), { value: undefined, done: true })
    await side.client.close()
    await side.clock.advance(60_000)
    t.equal(side.sockets.length, 1)
    t.equal(side.client.snapshot.freshness.state, 'stale', 'what is held grows old')
    await side.clock.advance(2_000)
    t.equal(side.clock.pendingTimers, 0)
  })
  t.test('waits a second for the connection, and no longer', async (t) => {
    const side = clientSide()
    const socket = await greet(side)
    socket.close = () => {}
    let isClosed = false
    const closed = side.client.close().then(() => { isClosed = true })
    await side.clock.advance(999)
    t.notOk(isClosed)
    await side.clock.advance(1)
    await closed
  })
  t.test('can be undone', async (t) => {
    const side = clientSide()
    await greet(side)
    await side.client[Symbol.asyncDispose]()
    side.client.connect()
    await settle()
    t.match(side.socket.url.search, /epoch=e1&seq=1$/)
  })
  t.test('in the midst of what is told', async (t) => {
    const side = clientSide()
    await settle()
    side.client.on('overview', () => { void side.client.close() })
    side.socket.receive(welcome(), update(), pong({ id: 1 }))
    await settle()
    t.equal(side.state, 'idle')
  })
})

t.test('events one by one', async (t) => {
  t.test('from now on, with a bound', async (t) => {
    const side = clientSide()
    const socket = await greet(side)
    const alerts = side.client.events('alert', { buffer: 2 })
    for (const id of ['a', 'b', 'c']) socket.receive(alertMessage(id, 'opened', { tickSeq: 2 }))
    t.equal(alerts.dropped, 1)
    const waits = side.client.close()
    const seen: string[] = []
    for await (const { alert } of alerts) seen.push(alert.id)
    t.strictSame(seen, ['b', 'c'], 'the oldest gave way; what was unread at the end is read')
    await waits
  })
  t.test('waiting for the next', async (t) => {
    const side = clientSide()
    const socket = await greet(side)
    const overviews = side.client.events('overview')
    const next = overviews.next()
    socket.receive(update({ seq: 2 }))
    t.match(await next, { done: false, value: { replay: false } })
    const none = overviews.next()
    await side.client.close()
    t.strictSame(await none, { done: true, value: undefined })
  })
  t.test('until somebody leaves the loop, or aborts', async (t) => {
    const side = clientSide()
    const socket = await greet(side)
    const left = side.client.events('overview')
    socket.receive(update({ seq: 2 }))
    await left.next()
    await left.return?.()
    t.strictSame(await left.next(), { done: true, value: undefined })
    const abort = new AbortController()
    const aborted = side.client.events('overview', { signal: abort.signal }).next()
    abort.abort()
    t.match(await aborted, { done: true })
    t.match(await side.client.events('overview', { signal: abort.signal }).next(), { done: true }, 'aborted before')
  })
})

t.test('ping is the round trip', async (t) => {
  const side = clientSide()
  await t.rejects(side.client.ping(), { code: 'CLOSED' })
  const socket = await greet(side)
  const ping = side.client.ping()
  await side.clock.advance(30)
  await synced(socket)
  t.equal(await ping, 30)
  const lost = t.rejects(side.client.ping(), { code: 'CLOSED' })
  socket.end()
  await lost
})

t.test('setSubscription', async (t) => {
  t.test('before the first connect it is kept', async (t) => {
    const side = clientSide({ autoConnect: false })
    await side.client.setSubscription({ alerts: true })
    side.client.connect()
    await settle()
    t.equal(side.socket.url.search, '?topics=alerts')
  })
  t.test('live, it is asked for, and what is left out is emptied when the server has confirmed it', async (t) => {
    const side = clientSide()
    const socket = await greet(side)
    const done = side.client.setSubscription({ metrics: true, pops: ['fra1'] })
    await settle()
    t.match(socket.sent.at(-1), { type: 'subscribe', topics: ['metrics', 'pops'], pops: ['fra1'], delta: 'fields' })
    t.notOk('history' in (socket.sent.at(-1) as object), 'it holds history')
    socket.receive(confirmed({ id: socket.idOf('subscribe') as number, topics: ['metrics', 'alerts', 'pops'] }))
    socket.receive(popsUpdate({ data: { pops: [pop('fra1')] } }))
    await settle()
    t.match(socket.sent.at(-1), { type: 'unsubscribe', topics: ['alerts'] })
    socket.receive(confirmed({ id: socket.idOf('unsubscribe') as number, topics: ['metrics', 'pops'] }))
    await done
    t.equal(side.client.snapshot.pops.size, 1)
    socket.end()
    await side.clock.advance(2_125)
    t.equal(side.socket.url.searchParams.get('topics'), 'metrics,pops', 'it survives a reconnect')
  })
  t.test('refused, it is as it was', async (t) => {
    const side = clientSide()
    const socket = await greet(side)
    const done = t.rejects(side.client.setSubscription({ pops: [] }), {
      code: 'REJECTED', serverCode: 'BAD_MESSAGE', retryable: false, message: 'pops must not be empty'
    })
    await settle()
    const data = { message: 'pops must not be empty', timestamp: '' }
    socket.receive({ type: 'error', code: 'BAD_MESSAGE', retryable: false, data, id: socket.idOf('subscribe') })
    await done
    t.notOk(socket.sent.some(({ type }) => type === 'unsubscribe'))
    socket.end()
    await side.clock.advance(2_125)
    t.equal(side.socket.url.searchParams.get('topics'), 'metrics,alerts')
  })
  t.test('one after the other', async (t) => {
    const side = clientSide()
    const socket = await greet(side)
    const both = Promise.all([
      side.client.setSubscription({ metrics: true, alerts: true, pops: ['fra1'] }),
      side.client.setSubscription({ metrics: true, alerts: true, pops: ['ams1'] })
    ])
    for (const code of ['fra1', 'ams1']) {
      await settle()
      t.match(socket.sent.at(-1), { type: 'subscribe', pops: [code] })
      socket.receive(confirmed({ id: socket.idOf('subscribe') as number, topics: ['metrics', 'alerts', 'pops'] }))
    }
    await both
  })
  t.test('cut off meanwhile, the next connection asks for it', async (t) => {
    const side = clientSide()
    const socket = await greet(side)
    const done = side.client.setSubscription({ metrics: true })
    await settle()
    socket.end()
    await side.clock.advance(2_125)
    t.equal(side.socket.url.searchParams.get('topics'), 'metrics')
    side.socket.receive(welcome(), confirmed({ topics: ['metrics'], recovered: true, fromSeq: 2 }))
    await synced(side.socket)
    await done
  })
  t.test('while it connects, it connects anew', async (t) => {
    const side = clientSide()
    await settle()
    const done = side.client.setSubscription({ metrics: true })
    await settle()
    t.equal(side.sockets.length, 2)
    t.ok(side.sockets[0]?.isClosed)
    await greet(side, confirmed({ topics: ['metrics'] }))
    await done
  })
  t.test('closed meanwhile, it is kept', async (t) => {
    const side = clientSide()
    await greet(side)
    const done = side.client.setSubscription({ metrics: true })
    await settle()
    await side.client.close()
    await done
    side.client.connect()
    await settle()
    t.equal(side.socket.url.searchParams.get('topics'), 'metrics')
  })
  t.test('to nothing', async (t) => {
    const side = clientSide()
    await t.rejects(side.client.setSubscription({ metrics: false }), TypeError)
    t.throws(() => new PopcastClient('ws://popcast.test/ws', { subscribe: {} }), TypeError)
  })
})

t.test('what is no address is refused at once', async (t) => {
  t.throws(() => new PopcastClient('popcast'), TypeError)
})

t.test('what cannot be understood is told and ignored; what is not known is only ignored', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  const errors = side.told('error')
  const texts = ['{', '5', 'null', '{"type":5}', '{}', '{"type":"metrics_update"}', Buffer.from('[]')]
  for (const text of texts) socket.receiveText(text)
  t.strictSame(errors.map(({ code }) => code), texts.map(() => 'BAD_MESSAGE'))
  t.ok(errors.every((error) => error instanceof PopcastError && error instanceof Error && error.retryable))
  socket.receive({ type: 'news', data: 5 }, { type: 'toString' }, { ...update({ seq: 2 }), news: true })
  t.equal(errors.length, 7)
  t.equal(side.state, 'live')
  socket.receive({ type: 'error', code: 'INTERNAL', retryable: true, data: { message: 'a defect', timestamp: '' } })
  t.match(errors.at(-1), { code: 'REJECTED', serverCode: 'INTERNAL', message: 'a defect' })
})

t.test('deltas that do not fit', async (t) => {
  const side = clientSide({ subscribe: { pops: true } })
  const errors = side.told('error')
  await greet(side, confirmed({ topics: ['pops'] }), popsUpdate({ data: { pops: [pop('fra1')] } }))
  const wrong = popsUpdate({ seq: 9, delta: true, baseSeq: 8, data: { changed: [], removed: ['fra1'] } })
  for (const count of [1, 2, 3]) {
    side.socket.receive(wrong)
    t.equal(side.client.snapshot.pops.size, 1, 'it is not applied')
    await settle()
    t.equal(side.sockets.length, count + 1, 'all are asked for again')
    t.equal(side.socket.url.searchParams.get('delta'), count < 3 ? 'fields' : null)
    side.socket.receive(welcome(), confirmed({ topics: ['pops'] }), popsUpdate({ seq: 9, data: { pops: [pop('fra1')] } }))
    await synced(side.socket, { seq: 9 })
  }
  t.match(errors, [{ code: 'BAD_MESSAGE' }])
})

t.test('open alerts are those of the server, also when they ended while nobody listened', async (t) => {
  const side = clientSide()
  const socket = await greet(side, confirmed(), alertMessage('a', 'opened'), openAlerts(['a']), update())
  t.strictSame([...side.client.snapshot.alerts.keys()], ['a'])
  socket.end()
  await side.clock.advance(2_125)
  t.strictSame([...side.client.snapshot.alerts.keys()], ['a'], 'until the server says otherwise')
  side.socket.receive(welcome({ epoch: 'e2', seq: 0 }), confirmed({ epoch: 'e2', recovered: false, reason: 'other_epoch' }))
  side.socket.receive(openAlerts([], { epoch: 'e2', seq: 0 }))
  t.equal(side.client.snapshot.alerts.size, 0)
  t.equal(side.client.snapshot.history.length, 1, 'history is kept')
})
