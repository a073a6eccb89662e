import t from 'tap'
import { clientSide, greet, synced } from '../support/client-side.ts'
import { settle } from '../support/fake-clock.ts'
import {
  alertMessage, at, confirmed, openAlerts, pong, popsUpdate, pop, shutdown, sourceError, update, welcome
} from '../support/feed-messages.ts'

t.test('while updates come, it is fresh; then late, then stale', async (t) => {
  const side = clientSide()
  const told = side.told('freshness')
  t.strictSame(side.client.freshness(), { state: 'none', ageMs: null, dataTime: null, sourceError: null, dueInMs: null })
  const socket = await greet(side)
  t.strictSame(side.client.freshness(), {
    state: 'fresh', ageMs: 1_000, dataTime: new Date(at(-1_000)), sourceError: null, dueInMs: 10_000
  })
  await side.clock.advance(10_000)
  socket.receive(update({ seq: 2 }, 10_000))
  await side.clock.advance(12_499)
  t.match(side.client.freshness(), { state: 'fresh', ageMs: 13_499, dueInMs: -2_499 })
  await side.clock.advance(1)
  t.match(side.client.freshness(), { state: 'late', dueInMs: -2_500 })
  await side.clock.advance(9_999)
  t.equal(side.client.freshness().state, 'late')
  await side.clock.advance(1)
  t.match(side.client.freshness(), { state: 'stale', ageMs: 23_500, dueInMs: null }, 'not connected any more: nothing is due')
  await side.clock.advance(1_000)
  t.strictSame(told, ['fresh', 'late', 'stale'])
})

t.test('the thresholds may be given', async (t) => {
  const side = clientSide({ lateAfterMs: 100, staleAfterMs: 200 })
  await greet(side)
  t.equal(side.client.freshness().state, 'fresh')
  await side.clock.advance(200)
  t.equal(side.client.freshness().state, 'stale')
})

t.test('what the server calls stale is', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  socket.receive(update({ seq: 2, status: 'stale' }, 0))
  t.equal(side.client.snapshot.freshness.state, 'stale')
})

t.test('no clocks need agree', async (t) => {
  const side = clientSide()
  side.clock.setWall(0)
  await greet(side)
  side.clock.setWall(side.clock.now() - 86_400_000)
  t.match(side.client.freshness(), { state: 'fresh', ageMs: 1_000, dueInMs: 10_000 })
})

t.test('what is sent again is as old as it is', async (t) => {
  const side = clientSide()
  await settle()
  side.socket.receive(welcome({}, 60_000), confirmed({ recovered: true, fromSeq: 2 }), update({ seq: 2, replay: true }, 51_000))
  t.match(side.client.freshness(), { state: 'fresh', ageMs: 10_000, dueInMs: 1_000 })
  side.socket.receive(update({ seq: 1, replay: true }, 35_000))
  t.match(side.client.freshness(), { ageMs: 10_000 }, 'an older one is not shown')
  const other = clientSide()
  await settle()
  other.socket.receive(welcome({}, 60_000), update({ replay: true }, 37_000))
  t.match(other.client.freshness(), { state: 'stale', ageMs: 24_000 })
})

t.test('a frozen page reads what came long ago: it is not taken for new', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  await side.clock.pause(60_000)
  socket.receive(update({ seq: 2 }, 10_000))
  t.match(side.client.snapshot.freshness, { state: 'stale', ageMs: 51_000 })
  socket.receive(update({ seq: 3 }, 58_000))
  t.match(side.client.snapshot.freshness, { state: 'fresh', ageMs: 3_000 })
})

t.test('a frozen page reads a welcome of long ago: it is not taken, as nobody knows how old it is', async (t) => {
  const side = clientSide()
  await settle()
  const { socket } = side
  side.clock.pass(60_000)
  socket.receive(welcome(), confirmed(), update())
  const connection = { name: 'waiting', cause: { code: 'CONNECT_TIMEOUT' } }
  t.match(side.client.snapshot, { connection, freshness: { state: 'none' } })
})

t.test('what was missed is newer, however long the last welcome was under way', async (t) => {
  const side = clientSide()
  await settle()
  await side.clock.advance(9_000)
  side.socket.receive(welcome(), confirmed(), update())
  side.socket.end()
  await side.clock.advance(2_125)
  const data = { totalPops: 21, healthyPops: 19, averageColdStart: 5.5, regressions: 1 }
  const missed = update({ seq: 2, replay: true, data }, 5_000)
  side.socket.receive(welcome({ headSeq: 2 }, 11_125), confirmed({ recovered: true, fromSeq: 2, headSeq: 2 }), missed)
  t.match(side.client.snapshot, { overview: { totalPops: 21 }, freshness: { ageMs: 7_125 } })
})

t.test('a server whose clock is set back is believed again', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  await side.clock.advance(10_000)
  socket.receive(update({ seq: 2 }, -3_600_000))
  t.equal(side.client.freshness().state, 'stale', 'it looks old')
  await side.clock.advance(1_000)
  await synced(socket, {}, -3_599_000)
  await side.clock.advance(9_000)
  socket.receive(update({ seq: 3 }, -3_590_000))
  t.match(side.client.freshness(), { state: 'fresh', ageMs: 1_000 })
})

t.test('the machine sleeps: the wall clock counts, and it is asked at once', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  side.clock.setWall(side.clock.now() + 60_000)
  t.match(side.client.snapshot.freshness, { state: 'stale', ageMs: 61_000 })
  await side.clock.advance(0)
  t.equal(socket.sent.length, 2)
  await side.clock.advance(5_000)
  t.match(side.client.snapshot.connection, { name: 'waiting', cause: { code: 'NO_PONG' } })
})

t.test('sleep while waiting ends the waiting', async (t) => {
  const side = clientSide()
  ;(await greet(side)).end()
  side.clock.setWall(side.clock.now() + 60_000)
  void side.client.snapshot
  await side.clock.advance(0)
  t.equal(side.state, 'connecting')
})

t.test('what a server that stops has said is waited for after sleep too', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  socket.receive(shutdown(1_000_000))
  socket.end(1001)
  side.clock.setWall(side.clock.now() + 60_000)
  void side.client.snapshot
  await side.clock.advance(0)
  t.equal(side.state, 'waiting')
})

t.test('a clock that is set by less is no sleep', async (t) => {
  const side = clientSide()
  await greet(side)
  side.clock.setWall(side.clock.now() + 4_999)
  t.match(side.client.snapshot.freshness, { state: 'fresh', ageMs: 1_000 })
})

t.test('timers that do not fire hide nothing: reading looks at the clock, and listeners are told soon', async (t) => {
  const side = clientSide()
  await greet(side)
  await side.clock.advance(0)
  const told = side.told('change')
  side.clock.pass(30_000)
  const { snapshot } = side.client
  t.equal(snapshot.freshness.state, 'stale')
  t.equal(side.client.snapshot, snapshot, 'the same object')
  await side.clock.advance(0)
  t.ok(told.includes(snapshot))
})

t.test('PoPs alone', async (t) => {
  const side = clientSide({ subscribe: { pops: true } })
  await greet(side, confirmed({ topics: ['pops'] }), popsUpdate({ data: { pops: [pop('fra1')] } }))
  t.match(side.client.freshness(), { state: 'fresh', ageMs: 1_000, dueInMs: 10_000 })
  await side.clock.advance(12_500)
  t.equal(side.client.freshness().state, 'late')
})

for (const subscribe of [{ alerts: true }, { pops: true }] as const) {
  t.test(`${Object.keys(subscribe)} alone are as fresh as the updates, and no sign of life makes them so`, async (t) => {
    const side = clientSide({ subscribe })
    const overviews = side.told('overview')
    await settle()
    const { socket } = side
    const topics = ['metrics', ...Object.keys(subscribe)] as Array<'metrics' | 'alerts' | 'pops'>
    socket.receive(welcome(), confirmed({ topics }), openAlerts(['a']))
    await synced(socket)
    t.match(side.client.freshness(), { state: 'none', ageMs: null, dueInMs: null }, 'the server lives, and has said nothing')
    socket.receive(update())
    t.match(side.client.freshness(), { state: 'fresh', ageMs: 1_000, dueInMs: 10_000 })
    await side.clock.advance(12_500)
    await synced(socket, {}, 12_500)
    t.equal(side.client.freshness().state, 'late', 'a pong is no data')
    socket.receive(alertMessage('b', 'opened', { tickSeq: 2 }))
    t.equal(side.client.freshness().state, 'late', 'nor is an alert')
    socket.receive(update({ seq: 2 }, 12_500))
    t.equal(side.client.freshness().state, 'fresh')
    socket.receive(update({ seq: 3, status: 'stale' }, 12_500))
    t.equal(side.client.freshness().state, 'stale')
    socket.receive(update({ seq: 1, replay: true }))
    const { overview, history } = side.client.snapshot
    t.strictSame({ overview, history, told: overviews }, { overview: null, history: [], told: [] }, 'nobody wants the metrics')
  })
}

t.test('alerts alone, of a source that fails and works again', async (t) => {
  const side = clientSide({ subscribe: { alerts: true } })
  const socket = await greet(side, confirmed({ topics: ['metrics', 'alerts'] }), update(), openAlerts([]))
  socket.receive(sourceError())
  t.match(side.client.freshness(), { state: 'fresh', sourceError: { code: 'SOURCE_TIMEOUT' } })
  socket.receive(update({ seq: 2, status: 'stale' }), sourceError())
  t.match(side.client.freshness(), { state: 'stale', sourceError: { code: 'SOURCE_TIMEOUT' } })
  socket.receive(update({ seq: 3 }))
  t.match(side.client.freshness(), { state: 'fresh', sourceError: null })
})

t.test('a failing source is said, with what is known from before', async (t) => {
  const side = clientSide()
  const socket = await greet(side)
  await side.clock.advance(10_000)
  socket.receive(sourceError({}, 10_000))
  t.match(side.client.snapshot, {
    overview: { totalPops: 20 },
    freshness: { state: 'fresh', sourceError: { code: 'SOURCE_TIMEOUT' }, dueInMs: 10_000 }
  })
  socket.receive(pong({ id: 99 }, 10_000))
  t.ok(side.client.snapshot.freshness.sourceError)
})
