import t from 'tap'
import type { ErrorMessage, MetricsUpdateMessage, ServerMessage } from '../../../lib/protocol/server-messages.ts'
import { reading } from '../../support/fake-source.ts'
import { findingsOf } from '../../../lib/feed/tick.ts'
import { SourceError } from '../../../lib/source/source-error.ts'
import { FakeSocket } from '../../support/fake-socket.ts'
import { beginAnew, goOnAs, regressedPops, steadyPops } from '../../support/feeds.ts'
import { congest, messagesOf } from '../../support/clients.ts'
import { INTERVAL_MS, MAX_FILTERS, serveSessions, type Service } from '../../support/sessions.ts'

/** A service with two PoPs after so many ticks. */
async function after (ticks: number): Promise<Service> {
  const service = serveSessions()
  for (let tick = 0; tick < ticks; tick++) await tickOnce(service)
  return service
}

async function tickOnce ({ source, tick, clock }: Service, measurements = steadyPops): Promise<void> {
  source.onCollect = async () => measurements(clock.now())
  await tick()
  await clock.advance(INTERVAL_MS)
}

/** A PoP regresses: told at the second of these two ticks. */
async function regress (service: Service): Promise<void> {
  for (let tick = 0; tick < 2; tick++) await tickOnce(service, regressedPops)
}

/** And is as it was before: told at the second one again. */
async function recover (service: Service): Promise<void> {
  for (let tick = 0; tick < 2; tick++) await tickOnce(service)
}

/** What a client was sent, shortened: type, seq (of an alert that of its tick), and whether it was sent again. */
function told (socket: FakeSocket, since = 0): string[] {
  return messagesOf(socket).slice(since).map((message) => {
    const again = 'replay' in message ? ' again' : ''
    if (message.type === 'alert') return `alert ${message.tickSeq}${again}`
    if (message.type === 'open_alerts') return `open ${message.data.alerts.map(({ pop }) => pop)}`.trim()
    return 'seq' in message && message.type !== 'welcome' && message.type !== 'subscription_confirmed'
      ? `${message.type} ${message.seq}${again}`
      : message.type
  })
}

const last = (socket: FakeSocket) => messagesOf(socket).at(-1) as ServerMessage
const confirmation = (socket: FakeSocket) => messagesOf(socket).findLast(({ type }) => type === 'subscription_confirmed')

const resumes: Array<{
  name: string
  ticks: number
  position: { epoch: string, seq: number }
  confirmed: object
  told: string[]
}> = [
  {
    name: 'some were missed: they come again, in order',
    ticks: 5,
    position: { epoch: 'e1', seq: 2 },
    confirmed: { recovered: true, fromSeq: 3 },
    told: ['metrics_update 3 again', 'metrics_update 4 again', 'metrics_update 5 again']
  },
  { name: 'none was missed', ticks: 5, position: { epoch: 'e1', seq: 5 }, confirmed: { recovered: true, fromSeq: 6 }, told: [] },
  {
    name: 'before the first tick',
    ticks: 0,
    position: { epoch: 'e1', seq: 0 },
    confirmed: { recovered: true, fromSeq: 1 },
    told: []
  },
  {
    name: 'another process',
    ticks: 5,
    position: { epoch: 'e0', seq: 2 },
    confirmed: { recovered: false, code: 'UNRECOVERABLE_POSITION', reason: 'other_epoch' },
    told: ['metrics_update 5']
  },
  {
    name: 'more than the log keeps',
    ticks: 15,
    position: { epoch: 'e1', seq: 2 },
    confirmed: { recovered: false, reason: 'too_old' },
    told: ['metrics_update 15']
  },
  {
    name: 'a position that is still to come',
    ticks: 2,
    position: { epoch: 'e1', seq: 9 },
    confirmed: { recovered: false, reason: 'unknown_seq' },
    told: ['metrics_update 2']
  }
]

for (const { name, ticks, position, confirmed, told: expected } of resumes) {
  t.test(`resumed with the upgrade request: ${name}`, async (t) => {
    const service = await after(ticks)
    const { socket } = service.open(new FakeSocket(), position)
    t.match(confirmation(socket), { topics: ['metrics'], ...confirmed })
    t.strictSame(told(socket), ['welcome', 'subscription_confirmed', ...expected])
    await tickOnce(service)
    t.equal(told(socket).at(-1), `metrics_update ${ticks + 1}`, 'and then what is new, once')
    t.equal(told(socket).filter((message) => message.startsWith(`metrics_update ${ticks + 1}`)).length, 1)
  })
}

t.test('more than a connection may have unread is not sent in part', async (t) => {
  // 1,000 bytes are less than three updates.
  const service = await after(6)
  const { socket } = service.open(new FakeSocket(), { epoch: 'e1', seq: 1 })
  t.match(confirmation(socket), { recovered: false, reason: 'too_large' })
  t.strictSame(told(socket, 2), ['metrics_update 6'])
})

t.test('since, in a subscribe: what this connection has had already does not come twice', async (t) => {
  const service = await after(5)
  const { socket } = service.open()
  t.strictSame(told(socket), ['welcome', 'metrics_update 5'])
  socket.receive({ type: 'subscribe', topics: ['metrics'], since: { epoch: 'e1', seq: 3 }, id: 1 })
  t.match(confirmation(socket), { recovered: true, fromSeq: 4, id: 1 })
  t.strictSame(told(socket, 2), ['subscription_confirmed', 'metrics_update 4 again'])
  socket.receive({ type: 'subscribe', topics: ['metrics'], since: { epoch: 'e1', seq: 3 } })
  t.strictSame(told(socket, 4), ['subscription_confirmed'], 'nor at the second time')
})

t.test('what is sent again is what was sent', async (t) => {
  const service = await after(0)
  const { socket: live } = service.open()
  await tickOnce(service)
  await tickOnce(service)
  const { socket } = service.open(new FakeSocket(), { epoch: 'e1', seq: 0 })
  const updates = (socket: FakeSocket) => messagesOf(socket).filter(({ type }) => type === 'metrics_update')
  t.strictSame(updates(socket), updates(live).map((update) => ({ ...update, replay: true })))
})

t.test('history fills a chart: the last ones, as far as they go, and the newest once', async (t) => {
  const service = await after(4)
  const { socket } = service.open()
  socket.receive({ type: 'subscribe', topics: ['metrics'], history: 3 })
  t.strictSame(told(socket), [
    'welcome',
    'metrics_update 4',
    'subscription_confirmed',
    'metrics_update 2 again',
    'metrics_update 3 again'
  ])
  const { socket: eager } = service.open()
  eager.receive({ type: 'subscribe', topics: ['metrics'], history: 100 })
  t.strictSame(told(eager, 3), ['metrics_update 2 again', 'metrics_update 3 again'], 'only so many as may wait unread')
  const { socket: returning } = service.open()
  returning.receive({ type: 'subscribe', topics: ['metrics'], since: { epoch: 'e0', seq: 3 }, history: 2 })
  t.match(confirmation(returning), { recovered: false })
  t.strictSame(told(returning, 3), ['metrics_update 3 again'], 'where the position cannot be recovered')
})

t.test('a client that has too much unread already is closed when it asks for history, and harms nobody', async (t) => {
  const service = await after(4)
  const client = service.open()
  congest(client)
  client.socket.receive({ type: 'subscribe', topics: ['metrics'], history: 3 })
  t.equal(client.socket.closedWith?.code, 4008)
  t.strictSame(told(client.socket), ['welcome', 'metrics_update 4'])
})

t.test('late subscription, unsubscription, resubscription: the present update, then one delivery each', async (t) => {
  const service = await after(1)
  const { socket } = service.open()
  const unsubscribe = () => socket.receive({ type: 'unsubscribe', topics: ['metrics'] })
  const subscribe = () => socket.receive({ type: 'subscribe', topics: ['metrics'] })
  unsubscribe()
  subscribe()
  subscribe()
  await tickOnce(service)
  unsubscribe()
  await tickOnce(service)
  await tickOnce(service)
  subscribe()
  await tickOnce(service)
  t.strictSame(
    told(socket).filter((message) => message.startsWith('metrics')),
    ['1', '1 again', '2', '4', '5'].map((seq) => `metrics_update ${seq}`),
    'who comes back is told the present update'
  )
})

t.test('alerts: opened, and resolved, each before the update of its tick', async (t) => {
  const service = await after(1)
  const { socket } = service.open()
  socket.receive({ type: 'subscribe' })
  await regress(service)
  await recover(service)
  t.strictSame(told(socket, 3), [
    'open',
    'metrics_update 2',
    'alert 3',
    'metrics_update 3',
    'metrics_update 4',
    'alert 5',
    'metrics_update 5'
  ])
  const [opened, resolved] = messagesOf(socket).filter((message) => message.type === 'alert')
  t.match(opened, { data: { pop: 'ams1', state: 'opened', baselineKind: 'day', baselineMs: 5, samples: { baseline: 90 } } })
  t.match(resolved, { data: { pop: 'ams1', state: 'resolved', id: opened?.data.id, since: opened?.data.since } })
})

t.test('who subscribes to alerts is told what is open, once', async (t) => {
  const service = await after(1)
  await regress(service)
  const { socket } = service.open()
  socket.receive({ type: 'subscribe', topics: ['alerts'] })
  t.strictSame(told(socket, 2), ['subscription_confirmed', 'alert 3 again', 'open ams1'])
  socket.receive({ type: 'subscribe', topics: ['alerts'] })
  t.equal(told(socket).length, 6, 'it has that already')
  await recover(service)
  t.equal(told(socket).at(-1), 'alert 5')
  const { socket: later } = service.open()
  later.receive({ type: 'subscribe', topics: ['alerts'] })
  t.strictSame(told(later, 2), ['subscription_confirmed', 'open'], 'nothing is open any more, and that is told')
})

t.test('subscribing in the midst of a fan-out neither loses an alert nor brings one twice', async (t) => {
  for (const [name, first] of [['again', ['alerts', 'pops']], ['for the first time', ['pops']]] as const) {
    const service = await after(1)
    await tickOnce(service, regressedPops)
    const slow = service.open().socket
    const { socket } = service.open()
    socket.receive({ type: 'subscribe', topics: first })
    const write = slow.stream.write.bind(slow.stream)
    slow.stream.write = (frame) => {
      service.clock.pass(10)
      return write(frame)
    }
    service.clock.onTurn = () => {
      service.clock.onTurn = () => {}
      socket.receive({ type: 'subscribe', topics: ['alerts'] })
    }
    await tickOnce(service, regressedPops)
    t.equal(service.clock.turns, 1, name)
    t.equal(told(socket).filter((message) => message.startsWith('alert 3')).length, 1, name)
  }
})

t.test('alerts are recovered, each once, with metrics and without', async (t) => {
  const service = await after(1)
  await regress(service)
  await recover(service)
  const { socket } = service.open()
  socket.receive({ type: 'subscribe', topics: ['alerts'], since: { epoch: 'e1', seq: 3 } })
  t.match(confirmation(socket), { recovered: true, fromSeq: 4 })
  t.strictSame(told(socket, 3), ['alert 5 again', 'open'])
  const { socket: both } = service.open()
  both.receive({ type: 'subscribe', since: { epoch: 'e1', seq: 3 } })
  t.match(confirmation(both), { recovered: true, fromSeq: 4 })
  t.strictSame(told(both, 3), ['metrics_update 4 again', 'alert 5 again', 'open'], 'of the metrics it has had the newest')
})

t.test('alerts reach a slow client in any case; one that has too much unread is closed', async (t) => {
  const service = await after(1)
  const client = service.open()
  client.socket.receive({ type: 'subscribe' })
  client.socket.stream.writableNeedDrain = true
  await regress(service)
  t.strictSame(told(client.socket, 3), ['open', 'alert 3'], 'the update waits')
  const alert = messagesOf(client.socket).at(-1)
  t.match(alert, { seq: 1, tickSeq: 3 }, 'and until it is sent the position stays where it is')
  congest(client)
  await recover(service)
  t.equal(client.socket.closedWith?.code, 4008)
})

t.test('pops: all at once, then each tick; with delta what has changed', async (t) => {
  const service = await after(1)
  const [whole, delta] = [service.open().socket, service.open().socket]
  whole.receive({ type: 'subscribe', topics: ['pops'] })
  delta.receive({ type: 'subscribe', topics: ['pops', 'metrics'], delta: true })
  for (const socket of [whole, delta]) {
    t.match(last(socket), { type: 'pops_update', seq: 1, data: { pops: [{ code: 'ams1' }, { code: 'fra1' }] } })
  }
  await tickOnce(service, regressedPops)
  t.match(last(whole), { seq: 2, data: { pops: [{ code: 'ams1', coldStartMs: 7.5 }, { code: 'fra1' }] } })
  t.strictSame(told(delta).slice(-2), ['metrics_update 2', 'pops_update 2'])
  t.match(messagesOf(delta).at(-1), {
    delta: true,
    baseSeq: 1,
    data: { changed: [{ code: 'ams1', coldStartMs: 7.5 }], removed: [] }
  })
  t.equal(delta.stream.corks, 0, 'written in one piece')
})

t.test('pops: after a skip a delta is a whole one', async (t) => {
  const service = await after(1)
  const { socket } = service.open()
  socket.receive({ type: 'subscribe', topics: ['pops'], delta: true })
  socket.stream.writableNeedDrain = true
  for (let tick = 0; tick < 3; tick++) await tickOnce(service)
  socket.stream.drain()
  t.match(last(socket), { type: 'pops_update', seq: 4, skipped: 2, data: { pops: [{ code: 'ams1' }, { code: 'fra1' }] } })
  await tickOnce(service)
  t.match(last(socket), { seq: 5, delta: true, baseSeq: 4 })
})

t.test('pops: another filter begins with a whole one, the same filter does not send anything twice', async (t) => {
  const service = await after(1)
  const { socket, connection } = service.open()
  const subscribe = (pops: unknown) => socket.receive({ type: 'subscribe', topics: ['pops'], pops })
  subscribe(['fra1'])
  t.match(last(socket), { type: 'pops_update', seq: 1, data: { pops: [{ code: 'fra1' }] } })
  subscribe(['fra1'])
  t.equal(last(socket).type, 'subscription_confirmed')
  subscribe(['ams1'])
  t.match(last(socket), { type: 'pops_update', seq: 1, data: { pops: [{ code: 'ams1' }] } })
  t.equal(service.filters.size, 1, 'the other one is not in use any more')
  socket.receive({ type: 'unsubscribe', topics: ['pops'] })
  t.equal(service.filters.size, 0)
  t.equal(connection.pops, null)
  subscribe(['ams1'])
  socket.finish(1000)
  t.equal(service.filters.size, 0, 'nor is that of a client that has gone')
})

const refusals: Array<{ name: string, message: object, code: string, text: string }> = [
  { name: 'an empty filter', message: { topics: ['pops'], pops: {} }, code: 'BAD_MESSAGE', text: 'subscribe: pops ' },
  {
    name: 'a filter by something else',
    message: { topics: ['pops'], pops: { city: ['Bonn'] } },
    code: 'BAD_MESSAGE',
    text: 'subscribe: pops '
  },
  { name: 'a history that is no number', message: { history: 'all' }, code: 'BAD_MESSAGE', text: 'subscribe: history ' },
  {
    name: 'none of the topics is known',
    message: { topics: ['weather', 'news'] },
    code: 'UNKNOWN_TOPIC',
    text: 'unknown topic "weather"'
  }
]

for (const { name, message, code, text } of refusals) {
  t.test(`refused: ${name}`, async (t) => {
    const service = await after(1)
    const { socket, connection } = service.open()
    socket.receive({ type: 'subscribe', ...message, id: 'x' })
    const error = last(socket)
    t.match(error, { type: 'error', code, id: 'x' })
    t.ok(error.type === 'error' && error.data.message.startsWith(text), error.type === 'error' ? error.data.message : '')
    t.strictSame([[...connection.topics], connection.pops, service.filters.size], [['metrics'], null, 0], 'nothing has changed')
  })
}

const partly: Array<{ name: string, message: object, confirmed: object }> = [
  {
    name: 'an unknown PoP',
    message: { topics: ['pops', 'alerts'], pops: ['fra1', 'xyz9'] },
    confirmed: { unknownPops: { code: ['xyz9'] } }
  },
  {
    name: 'a country and a tier without PoPs',
    message: { topics: ['pops', 'alerts'], pops: { country: ['FR'], tier: ['9'] } },
    confirmed: { unknownPops: { country: ['FR'], tier: ['9'] } }
  },
  { name: 'an unknown topic', message: { topics: ['alerts', 'pops', 'weather'] }, confirmed: { unknownTopics: ['weather'] } },
  {
    name: 'pops without the topic',
    message: { topics: ['alerts', 'metrics'], pops: ['fra1'], delta: true },
    confirmed: { ignored: ['pops', 'delta'] }
  },
  { name: 'history without metrics', message: { topics: ['alerts'], history: 5 }, confirmed: { ignored: ['history'] } },
  {
    name: 'a position without a seq',
    message: { since: { epoch: 'e1' } },
    confirmed: { recovered: false, reason: 'invalid_position' }
  },
  { name: 'a position that is a text', message: { since: 'e1:3' }, confirmed: { recovered: false, reason: 'invalid_position' } },
  {
    name: 'a seq as a text',
    message: { since: { epoch: 'e1', seq: '3' } },
    confirmed: { recovered: false, reason: 'invalid_position' }
  }
]

for (const { name, message, confirmed } of partly) {
  t.test(`what can be done is done, the rest is named: ${name}`, async (t) => {
    const service = await after(1)
    await regress(service)
    const { socket } = service.open()
    socket.receive({ type: 'subscribe', ...message, id: 'x' })
    t.match(confirmation(socket), { id: 'x', ...confirmed })
    t.ok(told(socket).includes('open ams1'), 'the alerts are there')
  })
}

t.test('a PoP that was unknown when it was asked for is told when it reports', async (t) => {
  const service = await after(1)
  const { socket } = service.open()
  socket.receive({ type: 'subscribe', topics: ['pops'], pops: ['new1'] })
  t.match(last(socket), { type: 'pops_update', data: { pops: [] } })
  await tickOnce(service, (time) => ({ ...steadyPops(time), readings: [reading({ pop: 'new1', time })] }))
  t.match(last(socket), { type: 'pops_update', data: { pops: [{ code: 'new1' }] } })
})

t.test('what was skipped, or not subscribed, was not had: a position is answered with everything after it', async (t) => {
  const service = await after(1)
  const { socket } = service.open()
  socket.stream.writableNeedDrain = true
  for (let ticks = 0; ticks < 2; ticks++) await tickOnce(service)
  socket.stream.drain()
  t.strictSame(told(socket), ['welcome', 'metrics_update 1', 'metrics_update 3'])
  socket.receive({ type: 'subscribe', topics: ['metrics'], since: { epoch: 'e1', seq: 1 } })
  t.strictSame(told(socket, 3), ['subscription_confirmed', 'metrics_update 2 again'])
  socket.receive({ type: 'unsubscribe', topics: ['metrics'] })
  for (let ticks = 0; ticks < 2; ticks++) await tickOnce(service)
  socket.receive({ type: 'subscribe', topics: ['metrics'], since: { epoch: 'e1', seq: 3 } })
  t.match(confirmation(socket), { recovered: true, seq: 3, headSeq: 5 })
  t.strictSame(told(socket).slice(-2), ['metrics_update 4 again', 'metrics_update 5 again'])
})

t.test('every position that is told is one up to which everything was sent', async (t) => {
  const service = await after(1)
  await regress(service)
  const { socket } = service.open()
  t.match(messagesOf(socket)[0], { type: 'welcome', seq: 2, headSeq: 3 }, 'the update of 3 follows')
  socket.receive({ type: 'subscribe', since: { epoch: 'e1', seq: 2 } })
  t.ok(told(socket).includes('open ams1'), 'a client that subscribes with what the welcome said is told what is open')
  const { socket: back } = service.open(new FakeSocket(), { epoch: 'e1', seq: 1 })
  t.match(messagesOf(back), [
    { type: 'welcome', seq: 1, headSeq: 3 },
    { type: 'subscription_confirmed', seq: 1, headSeq: 3 },
    { seq: 2 },
    { seq: 3 }
  ])
})

t.test('a ping in the midst of a fan-out is answered after what it has not been sent yet', async (t) => {
  const service = await after(1)
  await tickOnce(service, regressedPops)
  const slow = service.open().socket
  const { socket } = service.open()
  socket.receive({ type: 'subscribe' })
  const write = slow.stream.write.bind(slow.stream)
  slow.stream.write = (frame) => {
    service.clock.pass(10)
    return write(frame)
  }
  service.clock.onTurn = () => {
    service.clock.onTurn = () => {}
    socket.receive({ type: 'ping' })
  }
  for (let others = 0; others < 40; others++) service.open()
  await tickOnce(service, regressedPops)
  t.strictSame(told(socket).slice(-3), ['alert 3', 'metrics_update 3', 'pong 3'])
})

t.test('one distinct filter too many is its client\'s own, and harms nobody', async (t) => {
  const service = serveSessions()
  service.source.onCollect = async () => ({
    readings: Array.from({ length: MAX_FILTERS + 1 }, (_, index) => reading({ pop: `pop${index}` })),
    baselines: new Map(),
    places: new Map()
  })
  await service.tick()
  const sockets = Array.from({ length: MAX_FILTERS + 1 }, () => service.open().socket)
  for (const [index, socket] of sockets.entries()) socket.receive({ type: 'subscribe', topics: ['pops'], pops: [`pop${index}`] })
  t.strictSame(sockets.map((socket) => last(socket).type), sockets.map(() => 'pops_update'))
  t.match(last(sockets.at(-1) as FakeSocket), { data: { pops: [{ code: `pop${MAX_FILTERS}` }] } })
  t.equal(service.filters.size, MAX_FILTERS)
  const whole = service.open().socket
  whole.receive({ type: 'subscribe', topics: ['pops'] })
  t.match(last(whole), { type: 'pops_update' }, 'no filter is none to count')
  sockets[0]?.receive({ type: 'subscribe', topics: ['pops'], pops: ['pop1', 'pop2'] })
  t.match(last(sockets[0] as FakeSocket), { data: { pops: [{ code: 'pop1' }, { code: 'pop2' }] } }, 'and a filter can be changed')
})

t.test('before anything is known a filter is not refused', async (t) => {
  const service = serveSessions()
  const { socket } = service.open()
  socket.receive({ type: 'subscribe', topics: ['pops'], pops: ['fra1'] })
  t.equal(last(socket).type, 'subscription_confirmed')
  await tickOnce(service)
  t.match(last(socket), { type: 'pops_update', data: { pops: [{ code: 'fra1' }] } })
})

t.test('a client without any topic is told nothing but what concerns all', async (t) => {
  const service = await after(1)
  const { socket } = service.open()
  socket.receive({ type: 'unsubscribe', topics: ['metrics'] })
  await tickOnce(service, regressedPops)
  t.equal(told(socket).length, 3)
  t.equal((messagesOf(socket)[1] as MetricsUpdateMessage).seq, 1)
})

t.test('a client that comes back with its topics is told no open alert again: the set has it', async (t) => {
  const service = await after(1)
  await regress(service)
  await tickOnce(service, regressedPops)
  const { socket } = service.open(new FakeSocket(), { epoch: 'e1', seq: 3 }, ['metrics', 'alerts'])
  t.match(confirmation(socket), { recovered: true, fromSeq: 4 })
  t.strictSame(told(socket), ['welcome', 'subscription_confirmed', 'metrics_update 4 again', 'open ams1'])
  const { socket: stranger } = service.open(new FakeSocket(), { epoch: 'e0', seq: 3 }, ['metrics', 'alerts'])
  t.strictSame(told(stranger), ['welcome', 'subscription_confirmed', 'metrics_update 4', 'alert 3 again', 'open ams1'])
})

t.test('a position that cannot be recovered makes no client a slow one', async (t) => {
  const cases = [
    [{ epoch: 'e1', seq: 1 }, 1],
    [{ epoch: 'e0', seq: 1 }, 5],
    [{ epoch: 'e1', seq: 99 }, 5],
    ['invalid', 5]
  ] as const
  for (const [position, welcomed] of cases) {
    const service = await after(6)
    const { socket, connection } = service.open(new FakeSocket(), position)
    t.match(confirmation(socket), { recovered: false, seq: 5, headSeq: 6 })
    t.match(messagesOf(socket)[0], { type: 'welcome', seq: welcomed }, 'who is cut off before it is told so keeps its own')
    t.notOk('skipped' in last(socket))
    t.equal(connection.cursor.seq, 6)
  }
})

t.test('alerts that are asked for by a slow client do not move its position over updates that wait', async (t) => {
  const service = await after(1)
  const both = service.open()
  both.socket.receive({ type: 'subscribe' })
  both.socket.stream.writableNeedDrain = true
  await tickOnce(service)
  both.socket.receive({ type: 'subscribe', topics: ['alerts'], since: { epoch: 'e1', seq: 1 } })
  t.match(last(both.socket), { type: 'open_alerts', seq: 1 }, 'the update of 2 still waits')
  both.socket.stream.drain()
  t.match(last(both.socket), { type: 'metrics_update', seq: 2 })
  t.equal(both.connection.cursor.seq, 2)
})

/** Of each message that has one: what it says was skipped before it. */
const skips = (socket: FakeSocket) =>
  messagesOf(socket).flatMap((message) => ('skipped' in message ? [`${message.type} ${message.seq}: ${message.skipped}`] : []))

t.test('the PoPs of a tick do not overtake the metrics that wait for a slow client', async (t) => {
  const service = await after(1)
  const { socket, connection } = service.open()
  socket.stream.writableNeedDrain = true
  for (let ticks = 0; ticks < 3; ticks++) await tickOnce(service)
  socket.receive({ type: 'subscribe', topics: ['metrics', 'pops'] })
  socket.stream.drain()
  t.strictSame(told(socket), ['welcome', 'metrics_update 1', 'subscription_confirmed', 'metrics_update 4', 'pops_update 4'])
  t.match(confirmation(socket), { seq: 1, headSeq: 4 })
  t.strictSame(skips(socket), ['metrics_update 4: 2', 'pops_update 4: 2'])
  t.equal(connection.cursor.seq, 4)
})

t.test('nor do PoPs that are asked for alone', async (t) => {
  const service = await after(1)
  const { socket } = service.open(new FakeSocket(), null, ['metrics'])
  socket.stream.writableNeedDrain = true
  for (let ticks = 0; ticks < 3; ticks++) await tickOnce(service)
  socket.receive({ type: 'subscribe', topics: ['pops'] })
  t.strictSame(told(socket).slice(-3), ['subscription_confirmed', 'metrics_update 4', 'pops_update 4'])
  socket.stream.drain()
  t.strictSame(told(socket).slice(-1), ['pops_update 4'], 'nothing twice')
})

t.test('whatever topics a position is given for, a client of alerts is told what is open', async (t) => {
  const service = await after(1)
  const { socket } = service.open(new FakeSocket(), null, ['metrics', 'alerts'])
  await regress(service)
  for (const since of [{ epoch: 'e1', seq: 2 }, { epoch: 'e0', seq: 1 }, 'nonsense', { epoch: 'e1', seq: 99 }]) {
    const before = messagesOf(socket).length
    socket.receive({ type: 'subscribe', topics: ['metrics'], since })
    t.equal(told(socket, before).at(-1), 'open ams1', JSON.stringify(since))
  }
})

const neverSlow: Array<{ name: string, trip: (service: Service) => Promise<FakeSocket> }> = [
  {
    name: 'alerts first, PoPs later',
    trip: async (service) => {
      const { socket } = service.open(new FakeSocket(), null, ['alerts'])
      for (let ticks = 0; ticks < 3; ticks++) await tickOnce(service)
      socket.receive({ type: 'subscribe', topics: ['pops'] })
      return socket
    }
  },
  {
    name: 'PoPs left and subscribed again',
    trip: async (service) => {
      const { socket } = service.open(new FakeSocket(), null, ['pops'])
      socket.receive({ type: 'unsubscribe', topics: ['pops'] })
      for (let ticks = 0; ticks < 3; ticks++) await tickOnce(service)
      socket.receive({ type: 'subscribe', topics: ['pops'] })
      return socket
    }
  },
  {
    name: 'nothing at all for a while',
    trip: async (service) => {
      const { socket } = service.open()
      socket.receive({ type: 'unsubscribe', topics: ['metrics'] })
      for (let ticks = 0; ticks < 3; ticks++) await tickOnce(service)
      socket.receive({ type: 'subscribe', topics: ['metrics', 'pops'] })
      return socket
    }
  },
  {
    name: 'back with PoPs alone and a position',
    trip: async (service) => {
      for (let ticks = 0; ticks < 3; ticks++) await tickOnce(service)
      return service.open(new FakeSocket(), { epoch: 'e1', seq: 1 }, ['pops']).socket
    }
  }
]

for (const { name, trip } of neverSlow) {
  t.test(`who was never slow has skipped nothing: ${name}`, async (t) => {
    const service = await after(1)
    const socket = await trip(service)
    await tickOnce(service)
    t.ok(told(socket).includes('pops_update 5'))
    t.strictSame(skips(socket), [])
  })
}

t.test('a history says what a slow client has skipped before it', async (t) => {
  const service = await after(1)
  const { socket, connection } = service.open()
  socket.stream.writableNeedDrain = true
  for (let ticks = 0; ticks < 3; ticks++) await tickOnce(service)
  socket.receive({ type: 'subscribe', topics: ['metrics'], history: 2 })
  t.strictSame(told(socket).slice(-2), ['metrics_update 3 again', 'metrics_update 4'])
  t.strictSame(skips(socket), ['metrics_update 3: 1'])
  t.equal(connection.cursor.seq, 4)
  socket.stream.drain()
  await tickOnce(service)
  t.strictSame(told(socket).slice(-1), ['metrics_update 5'])
  t.strictSame(skips(socket), ['metrics_update 3: 1'])
})

t.test('who takes metrics up again is not told a position whose update is still to come', async (t) => {
  const service = await after(1)
  const { socket } = service.open(new FakeSocket(), null, ['alerts'])
  await regress(service)
  socket.receive({ type: 'subscribe', topics: ['metrics'] })
  t.match(confirmation(socket), { seq: 2, headSeq: 3 })
  t.strictSame(told(socket).slice(-2), ['subscription_confirmed', 'metrics_update 3'])
})

t.test('who comes while a failure is told hears of it once', async (t) => {
  const service = serveSessions()
  await tickOnce(service)
  const first = service.open()
  const write = first.socket.stream.write.bind(first.socket.stream)
  let late: FakeSocket | null = null
  first.socket.stream.write = (frame) => {
    // In the midst of the update that says that the data turned stale; the error is still to come.
    late ??= service.open().socket
    return write(frame)
  }
  service.source.onCollect = async () => { throw new SourceError('timeout', 'of the database') }
  await service.tick()
  t.strictSame(messagesOf(late ?? first.socket).map(({ type }) => type), ['welcome', 'metrics_update', 'error'])
  t.equal(messagesOf(first.socket).filter(({ type }) => type === 'error').length, 1)
})

t.test('what is open goes on in a stream that begins anew, also when its first updates are read at once', async (t) => {
  const service = await after(2)
  await regress(service)
  const { socket } = service.open(new FakeSocket(), null, ['metrics', 'alerts'])
  const before = socket.messages.length
  const goOn = await beginAnew(service)
  await goOn()
  const updates = [1, 2, 3].map((seq) => `metrics_update ${seq}`)
  t.strictSame(told(socket, before), [...updates.slice(0, 2), 'open ams1', ...updates.slice(2)])
  t.match(messagesOf(socket).findLast(({ type }) => type === 'open_alerts'), { epoch: 'e2', seq: 2 })
})

t.test('who asks while such a stream says nothing yet is told what was open', async (t) => {
  const service = await after(2)
  await regress(service)
  await beginAnew(service)
  const { socket } = service.open(new FakeSocket(), null, ['alerts'])
  t.equal(told(socket).at(-1), 'open ams1')
})

t.test('who came before anything was known is told what is open already, as another instance found it', async (t) => {
  const found = await after(2)
  await regress(found)
  const service = serveSessions({ epoch: 'e2' })
  const { socket } = service.open(new FakeSocket(), null, ['metrics', 'alerts'])
  t.equal(told(socket).at(-1), 'open')
  const before = socket.messages.length
  await goOnAs(found.view.head!, service.updates)
  t.strictSame(told(socket, before), ['metrics_update 1', 'metrics_update 2', 'open ams1', 'metrics_update 3'])
})

t.test('who comes between two updates that are read at once is told what has ended in the first', async (t) => {
  const service = await after(2)
  await regress(service)
  const found = await after(2)
  let socket = new FakeSocket()
  await goOnAs(found.view.head!, service.updates, async () => {
    ({ socket } = service.open(socket, null, ['alerts']))
    t.equal(told(socket).at(-1), 'open ams1', 'as far as it is known')
  })
  t.equal(told(socket).at(-1), 'open')
})

t.test('where nothing can be told of the newest update what was open may have ended since', async (t) => {
  const service = await after(2)
  await regress(service)
  const found = await after(2)
  const { epoch, seq } = service.updates
  // Who leads leaves out what is damaged.
  await service.updates.begin({ position: { epoch, seq: seq + 1 }, updates: [], note: null, ageMs: 0 })
  const { socket } = service.open(new FakeSocket(), null, ['alerts'])
  t.equal(told(socket).at(-1), 'open ams1')
  await goOnAs(found.view.head!, service.updates)
  t.equal(told(socket).at(-1), 'open')
})

t.test('what a stream that begins anew has already is told to those who are connected, as old as it is', async (t) => {
  const service = await after(2)
  await regress(service)
  const { socket } = service.open(new FakeSocket(), null, ['metrics', 'pops', 'alerts'])
  const before = socket.messages.length
  const update = findingsOf(service.view.head!)
  await service.updates.begin({ position: { epoch: 'e2', seq: 7 }, updates: [{ seq: 7, update }], note: null, ageMs: 3_000 })
  t.strictSame(told(socket, before), ['metrics_update 7', 'pops_update 7', 'open ams1'])
  t.match(messagesOf(socket).slice(before), [{ epoch: 'e2', status: 'fresh' }, { epoch: 'e2' }, { epoch: 'e2', seq: 7 }])
  await goOnAs(service.view.head!, service.updates)
  t.strictSame(told(socket, before + 3)[0], 'metrics_update 8')
  const { socket: idle } = service.open(new FakeSocket(), null, ['metrics'])
  const length = idle.messages.length
  const note = { failure: null, isTick: false }
  await service.updates.begin({ position: { epoch: 'e3', seq: 7 }, updates: [{ seq: 7, update }], note, ageMs: 3_600_000 })
  t.strictSame(told(idle, length), [], 'but nothing from before nobody asked')
})

t.test('a failure is told again after each update that is sent while it lasts', async (t) => {
  const service = await after(2)
  const { socket } = service.open(new FakeSocket(), null, ['metrics'])
  service.source.onCollect = () => Promise.reject(new SourceError('timeout', 'too slow'))
  await service.tick()
  const { data: { timestamp: since } } = last(socket) as ErrorMessage
  await service.clock.advance(INTERVAL_MS)
  let before = socket.messages.length
  socket.receive({ type: 'subscribe', topics: ['pops'] })
  t.strictSame(told(socket, before), ['subscription_confirmed', 'pops_update 3', 'error'])
  t.match(last(socket), { code: 'SOURCE_TIMEOUT', since })
  before = socket.messages.length
  const note = { failure: { code: 'SOURCE_TIMEOUT' }, isTick: true } as const
  const updates = [{ seq: 7, update: findingsOf(service.view.head!) }]
  await service.updates.begin({ position: { epoch: 'e2', seq: 7 }, updates, note, ageMs: 0 })
  t.strictSame(told(socket, before), ['metrics_update 7', 'pops_update 7', 'error'])
})

t.test('who comes while the others enter a stream that begins anew is told once what it has already', async (t) => {
  const service = await after(2)
  const { socket: old } = service.open(new FakeSocket(), null, ['metrics'])
  const before = old.messages.length
  const updates = [{ seq: 7, update: findingsOf(service.view.head!) }]
  const begun = service.updates.begin({ position: { epoch: 'e2', seq: 7 }, updates, note: null, ageMs: 0 })
  old.receive({ type: 'ping' })
  const { socket } = service.open(new FakeSocket(), null, ['metrics'])
  await begun
  t.strictSame(told(socket).filter((message) => message.startsWith('metrics')), ['metrics_update 7'])
  t.strictSame(told(old, before), ['pong 2', 'metrics_update 7'], 'nor is one that asks meanwhile')
})
