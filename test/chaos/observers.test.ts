import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { WebSocketServer } from 'ws'
import { Observer } from '../../chaos/observer.ts'
import { clientSockets, openFiles } from '../../chaos/process-files.ts'
import { slope } from '../../chaos/faults/soak.ts'
import { runOne } from '../../chaos/run.ts'
import { doubledQueries } from '../../chaos/subject.ts'
import { Account } from '../support/account.ts'
import type { ServerMessage } from '../../lib/protocol/server-messages.ts'
import { UPDATE } from '../support/clients.ts'

const options = { seed: 1, isQuick: true, hours: null, redis: null, hasOwnNetwork: false }

const confirmed = (recovered: boolean): ServerMessage => ({
  type: 'subscription_confirmed', topics: ['metrics'], data: { topics: ['metrics'] }, epoch: 'e1', seq: 9, headSeq: 9, recovered
})
const alert = (state: string, tickSeq: number) =>
  ({ type: 'alert', data: { id: 'a', state }, epoch: 'e1', seq: 1, tickSeq }) as ServerMessage
const open = (...ids: string[]) => ({ type: 'open_alerts', data: { alerts: ids.map((id) => ({ id })) } }) as ServerMessage
const update = (seq: number, more: object = {}): ServerMessage => ({ ...UPDATE, seq, ...more })

const accounts: Array<{ name: string, told: ServerMessage[], wrong: RegExp[] }> = [
  { name: 'nothing', told: [update(1), update(2), update(3)], wrong: [] },
  { name: 'nothing, where it is told that it missed two', told: [update(1), update(4, { skipped: 2 })], wrong: [] },
  { name: 'nothing, where it is told that what it missed is lost', told: [update(1), confirmed(false), update(9)], wrong: [] },
  { name: 'nothing of another epoch', told: [update(5), update(1, { epoch: 'e2' })], wrong: [] },
  { name: 'a gap', told: [update(1), update(3)], wrong: [/^gaps: 3 after 1$/] },
  { name: 'a gap that is larger than it is told', told: [update(1), update(4, { skipped: 1 })], wrong: [/^gaps/] },
  { name: 'a duplicate', told: [update(1), update(1)], wrong: [/^duplicates: e1 1/] },
  { name: 'two contents', told: [update(1), update(1, { polledAt: 'later' })], wrong: [/^duplicates/, /^conflicts/] },
  { name: 'an alert that opens twice', told: [alert('opened', 1), alert('opened', 2)], wrong: [/^alerts: a opens twice$/] },
  { name: 'an alert that is gone without a word', told: [alert('opened', 1), open()], wrong: [/^alerts: a was a ghost$/] }
]

for (const { name, told, wrong } of accounts) {
  t.test(`an account finds ${name}`, async (t) => {
    const account = new Account()
    for (const message of told) account.take(message)
    t.equal(account.contradictions.length, wrong.length)
    for (const pattern of wrong) t.ok(account.contradictions.some((found) => pattern.test(found)), String(pattern))
  })
}

t.test('accounts find what was told differently to two clients', async (t) => {
  const told = new Map<string, string>()
  const [one, other] = [new Account(told), new Account(told)]
  one.take(update(1))
  other.take(update(1, { data: { ...UPDATE.data, totalPops: 3 } }))
  t.strictSame(other.contradictions, ['conflicts: e1 1'])
})

t.test('an observer finds that it is closed, cut off, or told what is no message of the protocol', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const observe = async () => {
    const connected = once(server, 'connection')
    const observer = await Observer.open(new Map(), { port })
    const [socket] = await connected
    return { observer, socket }
  }

  const closed = await observe()
  closed.socket.close(4008)
  await closed.observer.ended
  t.strictSame(closed.observer.complaints, ['a good client was closed with 4008'])

  const cut = await observe()
  cut.socket.terminate()
  await cut.observer.ended
  t.match(cut.observer.complaints, [/^a good client was closed with 1006$/])

  const misled = await observe()
  misled.socket.send('{"type":"metrics_update"}')
  misled.socket.close(1001)
  await misled.observer.ended
  t.match(misled.observer.complaints, [/1001/, /conflicts/])

  const content = await observe()
  await content.observer.leave()
  t.strictSame(content.observer.complaints, [], 'it left by itself')
})

t.test('queries that are doubled are found', async (t) => {
  t.strictSame(doubledQueries([0, 1_000, 1_900, 2_950], 1_000), [])
  t.strictSame(doubledQueries([0, 1_000, 1_300, 2_000], 1_000), ['two queries 300 ms apart'])
})

t.test('what grows over a soak is found', async (t) => {
  const samples = [0, 1, 2, 3].map((hours) => ({ hours, bytes: 100 + 5 * hours + (hours % 2), files: 20, timers: 9 - hours }))
  t.equal(slope(samples, 'files'), 0)
  t.equal(slope(samples, 'timers'), -1)
  t.ok(slope(samples, 'bytes') > 5 && slope(samples, 'bytes') < 5.5)
})

t.test('sockets that are left are found, those of others are not', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  t.equal(clientSockets(process.pid, port), 0)
  const files = openFiles(process.pid)
  const accepted = once(server, 'connection')
  const client = connect(port, '127.0.0.1')
  const [socket] = await accepted
  t.equal(clientSockets(process.pid, port), 1, 'its own end, not that of the client')
  t.ok(openFiles(process.pid) >= files + 2)
  const ended = Promise.all([once(socket, 'close'), once(client, 'close')])
  socket.destroy()
  await ended
  t.equal(clientSockets(process.pid, port), 0)
})

t.test('a row fails when its fault throws, does not end, or is not as it should be', async (t) => {
  const finding = { what: 'w', figure: 'f', goal: 'g', pass: false }
  const cases = [
    { name: 'throws', run: async () => { throw new Error('injected') }, what: /injected/ },
    { name: 'hangs', withinMs: 10, run: () => new Promise<never>(() => {}), what: /not within 10 ms/ },
    { name: 'misses its goal', run: async () => finding, what: /^w$/ }
  ]
  for (const { what, ...fault } of cases) {
    const row = await runOne({ isQuick: true, ...fault }, options)
    t.equal(row.pass, false, fault.name)
    t.match(row.what, what)
  }
})

t.test('a row whose service crashes fails, whatever its fault found', async (t) => {
  const row = await runOne({
    name: 'crash',
    isQuick: true,
    async run (context) {
      const { service } = await context.start({ observers: 0 })
      service.child.kill('SIGKILL')
      await service.exit
      return { what: 'all is well', figure: '', goal: '', pass: true }
    }
  }, options)
  t.equal(row.pass, false)
  t.match(row.what, /it crashed \(SIGKILL\)/)
})
