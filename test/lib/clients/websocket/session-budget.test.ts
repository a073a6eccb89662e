import t from 'tap'
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
  t.ok(asked < 170, `paused after ${asked}`)
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
