import { getEventListeners } from 'node:events'
import t from 'tap'
import { PopcastClient, PopcastError } from '../../client/index.ts'
import { clientSide, greet, synced } from '../support/client-side.ts'
import { settle } from '../support/fake-clock.ts'
import { alertMessage, confirmed, openAlerts, pop, popsUpdate, pong, update, welcome } from '../support/feed-messages.ts'

type Iterated = AsyncIterableIterator<unknown> & { readonly dropped: number }

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

t.test('each message is told as the server said it, when it has been taken in', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  const told = side.told('message')
  const seqs: number[] = []
  side.client.on('message', () => seqs.push(side.client.snapshot.history.length))
  const messages = [update({ seq: 2 }), { type: 'of_another_version', data: [1] }]
  socket.receive(...messages)
  t.strictSame(told, messages)
  t.strictSame(seqs, [2, 2])
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
  t.test('left while it waits, it is over at once', async (t) => {
    const side = clientSide()
    const socket = await greet(side)
    const left = side.client.events('overview')
    const [first, second] = [left.next(), left.next()]
    socket.receive(update({ seq: 2 }))
    t.match(await first, { done: false })
    t.strictSame(await left.return?.(), { done: true, value: undefined })
    t.strictSame(await second, { done: true, value: undefined })
  })
  const leave: Array<{ name: string, leave: (left: Iterated, side: ReturnType<typeof clientSide>) => unknown }> = [
    { name: 'left', leave: (left) => left.return?.() },
    { name: 'of a client that is closed', leave: (_, side) => side.client.close() }
  ]
  for (const { name, leave: end } of leave) {
    t.test(`${name}, it keeps nothing, though nobody has read of it`, async (t) => {
      const side = clientSide()
      const socket = await greet(side)
      const { signal } = new AbortController()
      const left = side.client.events('overview', { buffer: 1, signal })
      t.equal(getEventListeners(signal, 'abort').length, 1)
      if (name === 'left') socket.receive(update({ seq: 2 }))
      void end(left, side)
      if (name === 'left') socket.receive(update({ seq: 3 }), update({ seq: 4 }))
      t.equal(left.dropped, 0, 'it does not listen any more')
      t.equal(getEventListeners(signal, 'abort').length, 0)
      t.strictSame(await left.next(), { done: true, value: undefined })
    })
  }
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
    t.equal(side.socket.url.search, '?topics=metrics,alerts')
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
  t.test('closed while it waits to be live, it is kept', async (t) => {
    const side = clientSide()
    await settle()
    const both = [side.client.setSubscription({ metrics: true }), side.client.setSubscription({ pops: ['fra1'] })]
    await settle()
    t.equal(side.state, 'connecting')
    await side.client.close()
    await Promise.all(both)
    side.client.connect()
    await settle()
    t.equal(side.socket.url.search, '?topics=metrics,pops&pops=fra1&delta=fields')
  })
  t.test('failed while it waits to be live, it is kept', async (t) => {
    const side = clientSide()
    await settle()
    const done = side.client.setSubscription({ metrics: true })
    await settle()
    side.socket.end(4501)
    await done
    side.client.connect()
    await settle()
    t.equal(side.socket.url.searchParams.get('topics'), 'metrics')
  })
  t.test('away from the metrics, only how fresh they are is kept', async (t) => {
    const side = clientSide()
    const socket = await greet(side)
    const done = side.client.setSubscription({ alerts: true })
    await settle()
    t.match(socket.sent.at(-1), { type: 'subscribe', topics: ['metrics', 'alerts'] })
    socket.receive(update({ seq: 2 }))
    t.equal(side.client.snapshot.history.length, 2, 'until it is confirmed')
    socket.receive(confirmed({ id: socket.idOf('subscribe') as number }), update({ seq: 3 }))
    t.match(side.client.snapshot, { overview: null, history: [], freshness: { state: 'fresh' } })
    await done
    t.notOk(socket.sent.some(({ type }) => type === 'unsubscribe'))
  })
  t.test('to the metrics, all of them are asked for anew, as nothing was kept', async (t) => {
    const side = clientSide({ subscribe: { alerts: true } })
    const socket = await greet(side)
    const done = side.client.setSubscription({ metrics: true, alerts: true })
    await settle()
    t.notOk('history' in (socket.sent.at(-1) as object), 'this connection would not be sent again what it was sent')
    socket.receive(confirmed({ id: socket.idOf('subscribe') as number }))
    await settle()
    t.ok(socket.isClosed)
    t.equal(side.socket.url.search, '?topics=metrics,alerts&history=360', 'with a position only what is newer would come')
    await greet(side)
    await done
    t.equal(side.client.snapshot.overview?.totalPops, 20)
  })
  t.test('to the metrics while it is cut off, they come with the next connection', async (t) => {
    const side = clientSide({ subscribe: { alerts: true } })
    const socket = await greet(side)
    socket.end()
    await side.clock.advance(2_125)
    t.equal(side.socket.url.search, '?topics=metrics,alerts&epoch=e1&seq=1', 'alerts alone go on where they were')
    side.socket.end()
    const done = side.client.setSubscription({ metrics: true, alerts: true })
    await side.clock.advance(4_125)
    t.equal(side.socket.url.search, '?topics=metrics,alerts&history=360')
    await greet(side)
    await done
  })
  t.test('to the metrics, refused, nothing is shown', async (t) => {
    const side = clientSide({ subscribe: { alerts: true } })
    const socket = await greet(side)
    const done = t.rejects(side.client.setSubscription({ metrics: true, pops: [] }), { code: 'REJECTED' })
    await settle()
    const refusal = { type: 'error', code: 'BAD_MESSAGE', retryable: false, data: { message: 'no', timestamp: '' } }
    socket.receive({ ...refusal, id: socket.idOf('subscribe') }, update({ seq: 2 }))
    await done
    t.equal(side.client.snapshot.overview, null)
    t.equal(side.sockets.length, 1)
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
  for (const [count, waitMs] of [[1, 2_125], [2, 4_125], [3, 8_125]] as const) {
    side.socket.receive(wrong)
    t.equal(side.client.snapshot.pops.size, 1, 'it is not applied')
    t.match(side.client.snapshot.connection, { name: 'waiting', attempt: count, cause: { code: 'BAD_MESSAGE' } })
    await side.clock.advance(waitMs - 1)
    t.equal(side.sockets.length, count, 'as others may have got the same, not all come back at once')
    await side.clock.advance(1)
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
  t.strictSame([...side.client.snapshot.alerts.keys()], ['a'], 'it knows nothing yet')
  side.socket.receive(update({ epoch: 'e2', seq: 1 }))
  t.equal(side.client.snapshot.alerts.size, 0, 'a ghost has no place')
  t.ok(side.client.snapshot.history.some(({ epoch }) => epoch === 'e1'), 'history is kept')
})
