import t from 'tap'
import { Heartbeat } from '../../../../lib/clients/websocket/heartbeat.ts'
import { closeCodes } from '../../../../lib/protocol/close-codes.ts'
import type { FakeSocket } from '../../../support/fake-socket.ts'
import { messagesOf } from '../../../support/clients.ts'
import { serveSessions, tick } from '../../../support/sessions.ts'

const pongs = (socket: FakeSocket) => messagesOf(socket).flatMap((message) => message.type === 'pong' ? [message.id] : [])

t.test('a client that asks for more than its budget is read later, in order, and loses nothing', async (t) => {
  const { clock, open } = serveSessions()
  const { socket } = open()
  const ids = Array.from({ length: 1_000 }, (_, id) => id)
  for (const id of ids) socket.receive({ type: 'ping', id })
  t.equal(socket.paused, true)
  t.ok(pongs(socket).length < 450, `${pongs(socket).length} of 1000 are answered at once`)
  const { socket: other } = open()
  other.receive({ type: 'ping', id: 'other' })
  t.strictSame(pongs(other), ['other'], 'nobody else waits')
  await clock.advance(20_000)
  t.strictSame(pongs(socket), ids)
  t.equal(socket.paused, false)
})

t.test('an answer costs what it sends', async (t) => {
  const service = serveSessions()
  Object.defineProperty(service.connections, 'maxBufferedBytes', { value: 1_048_576 })
  for (let ticks = 0; ticks < 10; ticks++) await tick(service, 'answers')
  const { socket } = service.open()
  let asked = 0
  while (!socket.paused && asked < 1_000) {
    socket.receive({ type: 'unsubscribe', topics: ['metrics'] })
    socket.receive({ type: 'subscribe', topics: ['metrics'], history: 10, since: { epoch: 'e0', seq: 0 } })
    asked++
  }
  t.ok(asked < 190, `paused after ${asked}`)
})

t.test('one that goes on asking for 30 s is closed with 4013, and leaves no timer', async (t) => {
  const { clock, open } = serveSessions()
  const { socket } = open()
  for (let second = 0; second < 60 && socket.closedWith === null; second++) {
    for (let pings = 0; pings < 200; pings++) socket.receive({ type: 'ping' })
    await clock.advance(1_000)
  }
  t.strictSame(socket.closedWith, { ...closeCodes.rate })
  socket.finish()
  t.equal(clock.pendingTimers, 0)
})

t.test('one that keeps within it is never paused', async (t) => {
  const { clock, open } = serveSessions()
  const { socket } = open()
  for (let second = 0; second < 120; second++) {
    for (let pings = 0; pings < 40; pings++) socket.receive({ type: 'ping' })
    t.equal(socket.paused, false)
    await clock.advance(1_000)
  }
  t.equal(socket.closedWith, null)
})

t.test('one large answer takes its time, and is no reason to part', async (t) => {
  const { clock, open } = serveSessions()
  const { socket, connection } = open()
  connection.bytesSent = 0
  socket.receive({ type: 'ping', id: 'a' })
  const { send } = connection
  connection.send = (message) => {
    send.call(connection, message)
    connection.bytesSent += 3_000_000
  }
  socket.receive({ type: 'ping', id: 'large' })
  connection.send = send
  socket.receive({ type: 'ping', id: 'behind it' })
  await clock.advance(50_000)
  t.equal(socket.paused, true, 'after 50 s it still pays')
  await clock.advance(10_000)
  for (let second = 0; second < 60; second++) {
    socket.receive({ type: 'ping', id: second })
    await clock.advance(1_000)
  }
  t.strictSame(pongs(socket).length, 63)
  t.equal(socket.closedWith, null)
})

t.test('50 messages a second for ever, and 400 at once before', async (t) => {
  const { clock, open } = serveSessions()
  const { socket } = open()
  for (let pings = 0; pings < 400; pings++) socket.receive({ type: 'ping' })
  t.equal(socket.paused, false)
  for (let pings = 0; pings < 50 * 120; pings++) {
    await clock.advance(20)
    socket.receive({ type: 'ping' })
  }
  t.equal(socket.paused, false)
  t.equal(socket.closedWith, null)
})

t.test('pings of the WebSocket itself are answered within the same budget', async (t) => {
  const { clock, open } = serveSessions()
  const { socket } = open()
  const answered = () => socket.stream.frames.filter((frame) => frame[0] === 0x8a).length
  for (let pings = 0; pings < 1_000; pings++) socket.emit('ping', Buffer.from('hi'))
  t.equal(answered(), 401)
  t.equal(socket.paused, true)
  await clock.advance(20_000)
  t.equal(answered(), 1_000)
})

const floods = [
  { name: 'large ones, as a few bytes inflate to', bytes: 15_000, within: 100 },
  { name: 'small ones', bytes: 2, within: 20_000 }
]

for (const { name, bytes, within } of floods) {
  t.test(`what waits is bounded, and who sends more is closed at once: ${name}`, async (t) => {
    const { clock, open } = serveSessions()
    const { socket } = open()
    const data = Buffer.from(`{"type":"ping","padding":"${'x'.repeat(bytes)}"}`)
    let sent = 0
    while (socket.closedWith === null && sent < within + 500) {
      socket.emit('message', data, false)
      sent++
    }
    t.ok(sent < within, `closed after ${sent}`)
    t.strictSame(socket.closedWith, { ...closeCodes.rate })
    t.equal(socket.paused, false, 'so that its goodbye is read')
    const { length } = socket.stream.frames
    for (let more = 0; more < 100; more++) socket.emit('message', data, false)
    await clock.advance(60_000)
    t.equal(socket.stream.frames.length, length, 'nothing more is answered')
    socket.finish()
    t.equal(clock.pendingTimers, 0)
  })
}

t.test('one that is paused is not blamed for the pings that it cannot answer', async (t) => {
  const { clock, log, connections, open } = serveSessions()
  const heartbeat = new Heartbeat({ connections, clock, log, intervalMs: 1_000, staleAfterMs: 2_000, maxMissedPings: 2 })
  t.teardown(() => heartbeat.stop())
  const { socket } = open()
  for (let pings = 0; pings < 2_000; pings++) socket.receive({ type: 'ping' })
  await clock.advance(20_000)
  t.equal(socket.closedWith, null)
})

t.test('pongs that nobody asked for are within the budget, an answer to a ping of ours is not', async (t) => {
  const { clock, open } = serveSessions()
  const { socket, connection } = open()
  for (let pongs = 0; pongs < 1_000; pongs++) {
    connection.ping()
    socket.emit('pong', Buffer.alloc(0))
  }
  t.equal(socket.paused, false)
  for (let pongs = 0; pongs < 1_000; pongs++) socket.emit('pong', Buffer.alloc(0))
  t.equal(socket.paused, true)
  for (let second = 0; second < 60 && socket.closedWith === null; second++) {
    for (let pongs = 0; pongs < 200; pongs++) socket.emit('pong', Buffer.alloc(0))
    await clock.advance(1_000)
  }
  t.strictSame(socket.closedWith, { ...closeCodes.rate })
})

t.test('one that is told to go while it is paused is read, so that its goodbye is, and nothing of it is looked at', async (t) => {
  const { clock, open } = serveSessions()
  const { socket, connection } = open()
  for (let pings = 0; pings < 500; pings++) socket.receive({ type: 'ping' })
  t.equal(socket.paused, true)
  connection.close(closeCodes.goingAway)
  t.equal(socket.paused, false)
  const { length } = socket.stream.frames
  socket.receive({ type: 'ping' })
  await clock.advance(60_000)
  t.equal(socket.stream.frames.length, length)
  t.equal(socket.paused, false)
  t.equal(clock.pendingTimers, 0)
})

t.test('a message that ends the connection ends what waits behind it', async (t) => {
  const { clock, open } = serveSessions()
  const { socket } = open()
  for (let messages = 0; messages < 400; messages++) socket.receive({ type: 'ping' })
  for (let messages = 0; messages < 60; messages++) socket.receive('no JSON')
  for (let messages = 0; messages < 10; messages++) socket.receive({ type: 'ping', id: 'behind' })
  await clock.advance(60_000)
  t.match(socket.closedWith, { code: closeCodes.invalidMessages.code })
  t.notOk(pongs(socket).includes('behind'))
  t.equal(clock.pendingTimers, 0)
})
