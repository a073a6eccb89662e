import t from 'tap'
import { Channel, ChannelError } from '../../../lib/workers/channel.ts'
import { Crew } from '../../../lib/workers/crew.ts'
import { Fellow, type Membership } from '../../../lib/workers/fellow.ts'
import { addTotals, NOBODY, NO_TOTALS, statesOf, type Report } from '../../../lib/workers/report.ts'
import { systemClock as clock, type Clock } from '../../../lib/clock.ts'
import { ChannelPair } from '../../support/channels.ts'
import { FakeLog } from '../../support/fake-log.ts'

let reports = 0
const reportOf = (instance: string, opened: number): Report => ({
  ...NOBODY,
  number: ++reports,
  totals: { ...NO_TOTALS, opened },
  state: {
    instance,
    about: {},
    isLeader: false,
    tracked: opened,
    open: opened,
    byKind: { websocket: opened, sse: 0 },
    connections: [],
    defects: 0
  }
})

function setUp () {
  const log = new FakeLog()
  const own = () => ({ ...NOBODY, families: [] })
  const age = { ms: 0 }
  const aged: Clock = { ...clock, monotonic: () => clock.monotonic() + age.ms }
  const crew = new Crew({ size: 2, group: 'host-1', hub: null, clock: aged, log, own })
  const join = async (number: number) => {
    const pair = new ChannelPair()
    crew.join(number, pair.b)
    const channel = new Channel({ port: pair.a, clock, log })
    const membership = await channel.ask<Membership>('hello', null, 1_000)
    const fellow = new Fellow({ channel, membership, clock, log })
    const state = { opened: number }
    t.teardown(fellow.reports(async () => reportOf(fellow.instance, state.opened)))
    const gather = () => fellow.gather(reportOf(fellow.instance, state.opened), 0)
    const total = async () => addTotals([...await gather(), reportOf('', state.opened)].map(({ totals }) => totals)).opened
    return { fellow, pair, state, gather, total }
  }
  return { crew, log, join, age }
}

t.test('each is told who it is', async (t) => {
  const { join, age } = setUp()
  age.ms = 90_000
  const { fellow } = await join(2)
  const { runningMs, ...rest } = fellow.membership
  t.strictSame(rest, { number: 2, of: 2, group: 'host-1', engine: null, fault: null })
  t.equal(Math.floor(runningMs / 90_000), 1, 'for how long there has been the service, not this worker')
  t.equal(fellow.instance, 'host-1-2')
  t.equal(fellow.openEngine(), null, 'they have another one')
})

t.test('whoever is asked tells of all', async (t) => {
  const { join } = setUp()
  const [a, b] = [await join(1), await join(2)]
  t.strictSame([await a.total(), await b.total()], [3, 3])
  b.state.opened = 10
  t.strictSame([await a.total(), await b.total()], [11, 11])
  t.strictSame(statesOf(await a.gather()).map(({ instance }) => instance), ['host-1-2'])
})

t.test('one that says nothing is told of as it last was, within a bounded time', async (t) => {
  const { join } = setUp()
  const [a, b] = [await join(1), await join(2)]
  await a.total()
  b.state.opened = 100
  b.pair.state = 'silent'
  const before = clock.monotonic()
  t.equal(await a.total(), 3)
  t.ok(clock.monotonic() - before < 2_000)
  b.pair.open()
  t.equal(await a.total(), 101)
})

t.test('while the others cannot be asked nothing is told for all', async (t) => {
  const { join, log } = setUp()
  const [a, b] = [await join(1), await join(2)]
  b.state.opened = 10
  t.equal(await a.total(), 11)
  a.pair.state = 'silent'
  await t.rejects(a.total(), { message: /gather: no answer within/ })
  t.match(log.lines.at(-1), { event: 'gather_failed', detail: /no answer within/ })
  a.pair.open()
  t.equal(await a.total(), 11)
})

t.test('no total falls when one ends, not even by what it told itself alone', async (t) => {
  const { crew, join } = setUp()
  const [a, b] = [await join(1), await join(2)]
  b.state.opened = 10
  t.equal(await b.total(), 11)
  b.pair.state = 'silent'
  crew.leave(2)
  t.equal(await a.total(), 11)
  t.strictSame(statesOf(await a.gather()), [], 'but it is not there')
  const again = await join(2)
  again.state.opened = 4
  t.strictSame([await a.total(), await again.total()], [15, 15])
})

t.test('what a worker told before does not take the place of what it told since', async (t) => {
  const log = new FakeLog()
  const crew = new Crew({ size: 2, group: 'host-1', hub: null, clock, log, own: () => NOBODY })
  const pairs = [new ChannelPair(), new ChannelPair()]
  const [a, b] = pairs.map((pair, index) => {
    crew.join(index + 1, pair.b)
    return new Channel({ port: pair.a, clock, log })
  }) as [Channel, Channel]
  // Its answer is on the way when it asks itself, and is told of more.
  b.on('report', async () => {
    const older = reportOf('b', 5)
    await b.ask('totals', reportOf('b', 7), 1_000)
    return older
  })
  await a.ask('gather', { own: reportOf('a', 1), connections: 0 }, 1_000)
  crew.leave(2)
  const [, ended] = await a.ask<Report[]>('gather', { own: reportOf('a', 1), connections: 0 }, 1_000)
  t.equal(ended?.totals.opened, 7)
})

t.test('a question that nobody answers, or that fails, is told so', async (t) => {
  const log = new FakeLog()
  const pair = new ChannelPair()
  const [a, b] = [new Channel({ port: pair.a, clock, log }), new Channel({ port: pair.b, clock, log })]
  b.on('fails', () => { throw new Error('a defect') })
  b.on('never', () => new Promise(() => {}))
  b.on('double', (value: number) => value * 2)
  t.equal(await a.ask('double', 4, 1_000), 8)
  const cases = [['fails', /a defect/], ['unknown', /nobody answers/], ['never', /no answer within 20 ms/]] as const
  for (const [name, detail] of cases) {
    const error = await a.ask(name, null, name === 'never' ? 20 : 1_000).catch((error: unknown) => error)
    t.ok(error instanceof ChannelError)
    t.match(error, { message: detail })
  }
  t.match(log.of('task_failed'), [{ err: { message: 'a defect' } }])
})

t.test('who asks and has no way gets no answer', async (t) => {
  const log = new FakeLog()
  const port = { send: () => { throw new Error('closed') }, onMessage: () => {} }
  const channel = new Channel({ port, clock, log })
  await t.rejects(channel.ask('hello', null, 20), { message: 'hello: no answer within 20 ms' })
  t.equal(log.of('channel_closed').length, 1)
})
