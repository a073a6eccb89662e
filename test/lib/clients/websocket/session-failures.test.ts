import t, { type Test } from 'tap'
import { closeCodes } from '../../../../lib/protocol/close-codes.ts'
import { settle } from '../../../support/fake-clock.ts'
import { FakeSocket } from '../../../support/fake-socket.ts'
import { messagesOf } from '../../../support/clients.ts'
import { afterWelcome, serveSessions, type Service } from '../../../support/sessions.ts'

const INTERNAL = { code: 1011, reason: closeCodes.internal.reason }

const thrown = new Error('injected')

function fail (): never {
  throw thrown
}

/** What a listener of one client throws, and how that comes about. `breakDown` says how to mend it again. */
const throwing: Array<{ name: string, breakDown: (service: Service) => () => void, provoke: (socket: FakeSocket) => void }> = [
  { name: 'a message', breakDown: breakClock, provoke: (socket) => socket.receive({ type: 'ping' }) },
  { name: 'the answer to a message', breakDown: breakPosition, provoke: (socket) => socket.receive({ type: 'subscribe' }) },
  { name: 'an invalid message', breakDown: breakClock, provoke: (socket) => socket.receive('hello') },
  { name: 'the refusal of an invalid message', breakDown: breakLog('debug'), provoke: (socket) => socket.receive('hello') },
  { name: 'a ping', breakDown: breakClock, provoke: (socket) => socket.emit('ping', Buffer.alloc(0)) },
  { name: 'a pong', breakDown: breakClock, provoke: (socket) => socket.emit('pong', Buffer.alloc(0)) }
]

function breakClock ({ clock }: Service): () => void {
  clock.now = fail
  return () => Reflect.deleteProperty(clock, 'now')
}

function breakPosition ({ view }: Service): () => void {
  Object.defineProperty(view, 'seq', { get: fail, configurable: true })
  return () => Reflect.deleteProperty(view, 'seq')
}

function breakLog (level: 'debug' | 'info') {
  return ({ log }: Service) => {
    log[level] = fail
    return () => Reflect.deleteProperty(log, level)
  }
}

for (const { name, breakDown, provoke } of throwing) {
  t.test(`a throw in ${name} closes that client alone`, async (t) => {
    const service = serveSessions()
    const other = service.open()
    const { socket, connection } = service.open()
    const mend = breakDown(service)
    t.doesNotThrow(() => provoke(socket))
    mend()
    t.strictSame(socket.closedWith, INTERNAL)
    t.equal(connection.closedBy, closeCodes.internal)
    t.match([connection.lastError, service.connections.totals.failed], ['INTERNAL', 0])
    t.strictSame(service.log.of('listener_failed'), [{
      event: 'listener_failed', connectionId: connection.id, err: thrown, level: 'error', message: 'a listener threw'
    }])
    expectServed(t, other)
  })
}

/** A client that was none of it is neither closed nor blamed, and is answered as before. */
function expectServed (t: Test, { socket, connection }: ReturnType<Service['open']>): void {
  socket.receive({ type: 'ping', id: 'still there' })
  t.match(afterWelcome(socket).at(-1), { type: 'pong', id: 'still there' })
  t.equal(socket.closedWith, null)
  t.equal(connection.errorCount, 0)
}

t.test('a throw while an error of the socket is logged closes that client alone', async (t) => {
  const service = serveSessions()
  const other = service.open()
  const { socket, connection } = service.open()
  const mend = breakLog('info')(service)
  t.doesNotThrow(() => socket.emit('error', new Error('ECONNRESET')))
  mend()
  t.strictSame(socket.closedWith, INTERNAL)
  t.strictSame([connection.errorCount, connection.lastError], [2, 'INTERNAL'])
  t.match(service.log.of('listener_failed'), [{ connectionId: connection.id, err: thrown }])
  expectServed(t, other)
})

t.test('a throw while a client is removed goes no further', async (t) => {
  const service = serveSessions()
  const other = service.open()
  const { socket, connection } = service.open()
  service.connections.remove = fail
  t.doesNotThrow(() => socket.finish(1000))
  t.equal(socket.closedWith, null, 'it is closed already')
  t.match(service.log.of('listener_failed'), [{ connectionId: connection.id, err: thrown }])
  t.equal(connection.lastError, 'INTERNAL')
  expectServed(t, other)
})

t.test('a client whose removal could not be logged is gone all the same', async (t) => {
  const service = serveSessions()
  const { socket } = service.open()
  const mend = breakLog('info')(service)
  t.doesNotThrow(() => socket.finish(1000))
  mend()
  t.equal(service.connections.size, 0)
  t.equal(service.connections.totals.closed, 1)
  t.match(service.log.of('listener_failed'), [{ err: thrown }])
})

const greetings: Array<{ name: string, breakDown: (service: Service) => void, told: string[] }> = [
  { name: 'the welcome', breakDown: breakPosition, told: [] },
  { name: 'the last update', breakDown: ({ view }) => { view.latest = fail }, told: ['welcome'] },
  { name: 'the error of the source', breakDown: ({ view }) => { view.currentError = fail }, told: ['welcome'] },
  { name: 'waking the poller', breakDown: ({ context }) => { context.onConnect = fail }, told: ['welcome'] }
]

for (const { name, breakDown, told } of greetings) {
  t.test(`a throw in the greeting (${name}) closes that client alone`, async (t) => {
    const service = serveSessions()
    const other = service.open()
    breakDown(service)
    const socket = new FakeSocket()
    t.doesNotThrow(() => service.open(socket))
    t.strictSame(socket.closedWith, INTERNAL)
    t.strictSame(messagesOf(socket).map(({ type }) => type), told)
    t.match(service.log.of('listener_failed'), [{ connectionId: 'ws_2_1767225600000', err: thrown }])
    t.equal(other.socket.closedWith, null)
    socket.finish()
    t.equal(service.connections.size, 1, 'its listeners are there: it is removed as any other')
  })
}

t.test('the 50th invalid message closes the client with 4501, and no other client', async (t) => {
  const { open } = serveSessions()
  const other = open()
  const { socket, connection } = open()
  for (let count = 1; count < 50; count++) socket.receive('hello')
  t.equal(socket.closedWith, null)
  socket.receive('hello')
  t.strictSame(socket.closedWith, { code: 4501, reason: closeCodes.invalidMessages.reason })
  t.equal(connection.closedBy, closeCodes.invalidMessages)
  t.equal(afterWelcome(socket).filter(({ type }) => type === 'error').length, 50, 'the last one is told why, too')
  t.equal(other.socket.closedWith, null)
  t.equal(other.connection.errorCount, 0)
})

t.test('writes that fail during the greeting are counted and end nothing', async (t) => {
  const { connections, open } = serveSessions()
  const socket = new FakeSocket()
  socket.stream.throws = new Error('EPIPE')
  const { connection } = open(socket)
  await settle()
  t.equal(connection.lastError, 'EPIPE')
  t.equal(connections.totals.failed, 1)
  t.equal(socket.closedWith, null)
})

const laterFailures: Array<{ name: string, provoke: (socket: FakeSocket) => void }> = [
  { name: 'an answer', provoke: (socket) => socket.receive({ type: 'ping' }) },
  { name: 'a refusal', provoke: (socket) => socket.receive('hello') },
  { name: 'a pong', provoke: (socket) => socket.emit('ping', Buffer.alloc(0)) }
]

for (const { name, provoke } of laterFailures) {
  t.test(`the write of ${name} fails after it was accepted`, async (t) => {
    const { log, connections, open } = serveSessions()
    const { socket, connection } = open()
    socket.stream.fails = new Error('ECONNRESET')
    provoke(socket)
    await settle()
    t.equal(connections.totals.failed, 1)
    t.equal(connection.lastError, 'ECONNRESET')
    t.match(log.of('send_failed'), [{ connectionId: connection.id, detail: 'ECONNRESET' }])
    t.equal(socket.closedWith, null)
  })
}
