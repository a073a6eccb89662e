import t, { type Test } from 'tap'
import type { Written } from '../../../lib/cluster/codec.ts'
import { LEASE_MS } from '../../../lib/cluster/candidacy.ts'
import { DirectoryLog } from '../../../lib/cluster/directory-log.ts'
import { EngineError } from '../../../lib/cluster/engine.ts'
import { asWritten, Hub } from '../../../lib/cluster/hub.ts'
import { LeasedLog, type LeasedLogOptions } from '../../../lib/cluster/leased-log.ts'
import { MemoryLog } from '../../../lib/cluster/memory-log.ts'
import { systemClock, wait, type Clock } from '../../../lib/clock.ts'
import { FINDINGS_FORMAT } from '../../../lib/feed/findings-codec.ts'
import type { Findings } from '../../../lib/feed/tick.ts'
import type { Note } from '../../../lib/feed/update-log.ts'
import { Channel } from '../../../lib/workers/channel.ts'
import { ChannelEngine, serveEngine } from '../../../lib/workers/channel-engine.ts'
import { ChannelPair } from '../../support/channels.ts'
import { REGRESSION } from '../../support/clients.ts'
import { directoryOf } from '../../support/directory.ts'
import { eventually } from '../../support/eventually.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { deferred } from '../../support/fake-source.ts'
import { FakeLog } from '../../support/fake-log.ts'
import { findingsCodec, join, leaderAndFollower, next, openLeased, tick } from '../../support/leased-streams.ts'
import { append, Recorder, sharedLogSuite, TICK, updateOf } from '../../support/shared-log-suite.ts'

const clock = systemClock

const common = { clock, maxBytes: 1_048_576, format: FINDINGS_FORMAT }
const inMemory = (fields: { clock?: Clock } = {}) =>
  Hub.open({ ...common, ...fields, log: new MemoryLog<Written, unknown>('e1'), kind: 'memory' })

async function inDirectory (directory: string, log = new FakeLog()): Promise<Hub> {
  const findings = findingsCodec()
  const kept = await DirectoryLog.open<Written, unknown>({
    directory,
    instance: 'primary',
    codec: asWritten(FINDINGS_FORMAT, (written, position) => findings.read(written, position)),
    limits: { maxEntries: 5, maxBytes: 1_048_576 },
    newEpoch: () => `e${next()}`,
    clock,
    log,
    onFault: () => {}
  })
  return await Hub.open({ ...common, log: kept, kind: 'directory' })
}

/** One that reads and may lead, by a channel to the hub. */
function openStream (t: Test, hub: Hub, options: Partial<LeasedLogOptions<Findings>> = {}) {
  const pair = new ChannelPair()
  const one = openLeased(t, ({ log, ...common }) => {
    serveEngine(new Channel({ port: pair.b, clock, log }), hub)
    const engine = new ChannelEngine(new Channel({ port: pair.a, clock, log }), hub.kind)
    return new LeasedLog<Findings, Note>({ engine, log, ...common, ...options })
  })
  return Object.assign(one, { pair })
}

/** One to which nothing that is in the log makes sense. */
function openUnreading (t: Test, hub: Hub) {
  const read = () => { throw new Error('makes no sense') }
  return openStream(t, hub, { codec: { ...findingsCodec(), format: FINDINGS_FORMAT, read } as never })
}

/** A sign of one more, which does not lead. */
const OTHER = { id: 'other', term: 0, leaseMs: LEASE_MS, countsMs: 1, wantsData: false, about: '{}' }

/** Ends those whose time stands still. */
async function closeAll (all: Array<ReturnType<typeof openLeased>>, time: FakeClock): Promise<void> {
  const closed = all.map(({ stream }) => stream.close())
  await time.advance(2_000)
  await Promise.all(closed)
}

/** Who asks for the lead from now on. */
function askersOf (hub: Hub): string[] {
  const askers: string[] = []
  const acquire = hub.acquire.bind(hub)
  hub.acquire = (acquiring) => {
    askers.push(acquiring.id)
    return acquire(acquiring)
  }
  return askers
}

t.test('memory through a channel', async (t) => {
  let hub: Hub
  sharedLogSuite(t, {
    open: async (t) => {
      hub = await inMemory()
      return openStream(t, hub).stream
    },
    reopen: async (t) => openStream(t, hub).stream
  })
})

t.test('a directory through a channel', async (t) => {
  let hub: Hub
  let directory = ''
  sharedLogSuite(t, {
    open: async (t) => {
      directory = directoryOf(t)
      const first = hub = await inDirectory(directory)
      t.teardown(() => first.close())
      return openStream(t, hub).stream
    },
    // The whole of it is another one.
    reopen: async (t) => {
      await hub.close()
      hub = await inDirectory(directory)
      t.teardown(() => hub.close())
      return openStream(t, hub).stream
    }
  })
})

t.test('what workers left in a directory a process by itself goes on with, and the other way round', async (t) => {
  const directory = directoryOf(t)
  const hub = await inDirectory(directory)
  const one = await join(openStream(t, hub), true)
  for (const queryMs of [10, 20]) await tick(one, queryMs)
  const { position } = one.stream
  await one.stream.close()
  await hub.close()

  const alone = await DirectoryLog.open<Findings, Note>({
    directory,
    instance: 'alone',
    codec: findingsCodec(),
    limits: { maxEntries: 5, maxBytes: 1_048_576 },
    newEpoch: () => 'new',
    clock,
    log: new FakeLog(),
    onFault: () => {}
  })
  const two = await new Recorder(alone).follow()
  t.strictSame(two.stream.position, position)
  t.strictSame(two.begun[0]?.updates.map(({ update }) => update.queryMs), [10, 20])
  await two.lead()
  t.equal(two.memories[0]?.text, 'memory 20')
  await append(alone, 30)
  await alone.close()

  const again = await inDirectory(directory)
  const three = await join(openStream(t, again), true)
  t.strictSame(three.begun[0]?.updates.map(({ update }) => update.queryMs), [10, 20, 30])
  t.strictSame(three.begun[0]?.updates.at(-1)?.update.regressions.open, [REGRESSION])
  await three.stream.close()
  await again.close()
})

const unreadable = ['no JSON', '{}\n[]', '{"pops":[["ams1"]]}\n[]', `{"pops":[${JSON.stringify(Array(14).fill('x'))}]}\n[]`]
for (const view of unreadable) {
  t.test(`what is whole in the directory and cannot be read is set aside, and the stream begins anew: ${view}`, async (t) => {
    const directory = directoryOf(t)
    const foreign = await DirectoryLog.open<Written, unknown>({
      directory,
      instance: 'foreign',
      codec: asWritten(FINDINGS_FORMAT, () => {}),
      limits: { maxEntries: 5, maxBytes: 1_048_576 },
      newEpoch: () => 'foreign',
      clock,
      log: new FakeLog(),
      onFault: () => {}
    })
    await foreign.follow({ begin: async () => {}, next: async () => {} })
    await foreign.append({ update: { entry: '{}', view }, note: {}, memory: () => '' })
    await foreign.close()

    const log = new FakeLog()
    const hub = await inDirectory(directory, log)
    t.match(log.of('state_set_aside'), [{ file: 'log' }])
    const one = await join(openStream(t, hub), true)
    t.not(one.stream.position.epoch, 'foreign')
    t.equal(await tick(one, 10), true)
    await one.stream.close()
    await hub.close()
  })
}

t.test('what cannot be read is not asked for without a pause', async (t) => {
  const hub = await inMemory()
  await tick(await join(openStream(t, hub), true), 10)
  const fake = new FakeClock()
  const older = openStream(t, hub, { clock: fake, codec: { ...findingsCodec(), format: 0, read: () => t.fail('read') } as never })
  let reads = 0
  const read = hub.read.bind(hub)
  hub.read = (known) => {
    reads++
    return read(known)
  }
  void older.follow()
  await eventually(() => older.stream.status.away === 'format')
  await fake.advance(0)
  t.equal(reads, 1)
  await fake.advance(1_000)
  await eventually(() => reads > 1)
  const closed = older.stream.close()
  await fake.advance(1_000)
  await closed
})

t.test('one leads, and the other reads the same', async (t) => {
  const hub = await inMemory()
  const [a, b] = [await join(openStream(t, hub), true), await join(openStream(t, hub), false)]
  void b.lead()
  for (const queryMs of [10, 20, 30]) t.equal(await tick(a, queryMs), true)
  await b.until(() => b.seqs.length === 3)
  t.strictSame(b.read.map(({ seq, update }) => [seq, update?.queryMs]), a.read.map(({ seq, update }) => [seq, update?.queryMs]))
  t.equal(await b.stream.begin(), false, 'who does not lead does not ask')
  t.equal(await append(b.stream, 40), false, 'and appends nothing')
  t.match(a.stream.status, { role: 'leader', engine: 'memory', away: null })
  t.match(b.stream.status, { role: 'follower', away: null })
  await eventually(() => a.stream.instances.length === 2)
})

t.test('who has ended is gone at once, and the next one has what it knew', async (t) => {
  const hub = await inMemory()
  const [a, b] = [await join(openStream(t, hub), true), await join(openStream(t, hub), false)]
  void b.lead()
  await tick(a, 10)
  await a.stream.keep('window', () => 'samples')
  a.pair.state = 'silent'
  hub.gone(a.instance)
  const before = clock.monotonic()
  await b.until(() => b.memories.length === 1)
  t.ok(clock.monotonic() - before < 4_000, 'it did not wait for the lease to end')
  t.match(b.memories, [{ text: 'memory 10' }])
  t.equal(b.memories[0]?.kept.get('window'), 'samples')
  t.equal(await tick(b, 20), true)
})

t.test('one that is frozen in the lead is fenced, and reads what the other one has', async (t) => {
  const hub = await inMemory()
  const [a, b] = [await join(openStream(t, hub, { intervalMs: 1_000 }), true), await join(openStream(t, hub), false)]
  await tick(a, 10)
  t.equal(await a.stream.begin(), true, 'a query is under way')
  a.pair.state = 'silent'
  void b.lead()
  await b.until(() => b.memories.length === 1)
  t.equal(await tick(b, 20), true)
  a.pair.open()
  t.equal(await append(a.stream, 15), false, 'what came of it is dropped')
  await a.until(() => a.seqs.length === 2)
  t.strictSame(a.read.map(({ update }) => update?.queryMs), [10, 20])
  await eventually(() => a.ended === 1)
})

t.test('a channel that is silent is an engine that is away, until it answers again', async (t) => {
  const hub = await inMemory()
  const [a, b] = [await join(openStream(t, hub), true), await join(openStream(t, hub), false)]
  await tick(a, 10)
  b.pair.state = 'silent'
  await eventually(() => b.away.includes('engine'))
  t.match(b.stream.status, { away: 'engine' })
  await tick(a, 20)
  b.pair.open()
  await b.until(() => b.seqs.at(-1) === 2)
  await eventually(() => b.away.at(-1) === null)
  t.equal(b.begun.length, 1, 'it goes on')
})

t.test('an append whose answer was lost is there once', async (t) => {
  const hub = await inMemory()
  const a = await join(openStream(t, hub, { intervalMs: 10_000 }), true)
  await tick(a, 10)
  a.pair.state = 'answers lost'
  const appended = append(a.stream, 20)
  for (let seq = 0; seq !== 2;) {
    seq = (await hub.read({ epoch: '', seq: 0, by: '' })).seq
    await clock.turn()
  }
  a.pair.open()
  t.equal(await appended, true)
  t.strictSame(a.read.map(({ seq, update }) => [seq, update?.queryMs]), [[1, 10], [2, 20]])
})

t.test('each answer of append, begin, keep and acquire', async (t) => {
  const hub = await inMemory()
  const a = await join(openStream(t, hub), true)
  await tick(a, 10)
  const { epoch, seq, by, term } = await hub.read({ epoch: '', seq: 0, by: '' })
  const id = a.instance
  const said = { note: '{}', memory: '', update: findingsCodec().write(updateOf(20), { epoch, seq: 2 }) }
  const entry = { id, term, epoch, seq, before: by, by: `${by}x`, format: 1, keep: 5, ...said }
  const rows = [
    [{ ...entry, by }, 'DUP'],
    [{ ...entry, term: term + 1 }, 'FENCED'],
    [{ ...entry, id: 'another' }, 'FENCED'],
    [{ ...entry, seq: seq + 1 }, 'GAP'],
    [{ ...entry, epoch: 'another' }, 'GAP'],
    [{ ...entry, before: 'another' }, 'GAP'],
    [entry, 'OK'],
    [entry, 'DUP']
  ] as const
  for (const [appending, expected] of rows) t.equal(await hub.append(appending), expected)
  const turn = { id, term, epoch, seq: 2, by: entry.by, leaseMs: 5_000, apartMs: 60_000 }
  t.strictSame(await hub.begin({ ...turn, id: 'another' }), { kind: 'FENCED' })
  t.strictSame(await hub.begin({ ...turn, seq: 1 }), { kind: 'GAP' })
  t.match(await hub.begin(turn), { kind: 'WAIT', ms: Number })
  t.equal(await hub.keep({ id: 'another', term, name: 'window', text: 'x' }), 'FENCED')
  const known = { epoch, seq, by, term }
  t.match(await hub.acquire({ id: 'another', leaseMs: 5_000, newEpoch: 'e', format: 1, known }), { kind: 'HELD' })
  hub.drain()
  hub.gone(id)
  t.match(await hub.acquire({ id: 'another', leaseMs: 5_000, newEpoch: 'e', format: 1, known }), { kind: 'HELD' }, 'all end')
})

t.test('no more is kept than may be, and who was away for longer begins anew in the same epoch', async (t) => {
  const hub = await inMemory()
  const a = await join(openStream(t, hub, { intervalMs: 1 }), true)
  await tick(a, 1)
  const b = await join(openStream(t, hub), false)
  b.pair.state = 'silent'
  await eventually(() => b.stream.status.away === 'engine')
  for (let queryMs = 2; queryMs <= 9; queryMs++) await tick(a, queryMs)
  t.strictSame((await hub.read({ epoch: '', seq: 0, by: '' })).entries.map(({ seq }) => seq), [5, 6, 7, 8, 9])
  b.pair.open()
  await b.until(() => b.begun.length === 2)
  t.match(b.begun[1], { position: a.stream.position })
  t.strictSame(b.read, [])
})

t.test('an update beside which nothing is known any more is not told by itself: who reads it begins anew with it', async (t) => {
  const hub = await inMemory()
  const a = await join(openStream(t, hub), true)
  await tick(a, 10)
  const read = hub.read.bind(hub)
  hub.read = async (known) => {
    const state = await read(known)
    return { ...state, entries: state.entries.map((entry) => ({ ...entry, note: '' })) }
  }
  t.equal(await tick(a, 20), true)
  t.strictSame(a.seqs, [1])
  t.match(a.begun, [{}, { position: a.stream.position, updates: [{ seq: 2, update: { queryMs: 20 } }], note: TICK }])
})

t.test('who has read nothing since the engine was away looks first, and lets those lead who know what there is', async (t) => {
  const hub = await inMemory()
  const [a, b] = await leaderAndFollower(() => openStream(t, hub))
  const c = openUnreading(t, hub)
  void c.follow()
  void c.lead()
  await eventually(() => c.stream.status.away === 'format')
  const read = hub.read.bind(hub)
  // Its alone, as it has read nothing yet.
  hub.read = (known) => known.epoch === '' ? Promise.reject(new Error('away')) : read(known)
  await eventually(() => c.stream.status.away === 'engine')
  await a.stream.close()
  const asked = askersOf(hub)
  let beats = 0
  const beat = hub.beat.bind(hub)
  hub.beat = (sign) => {
    if (sign.id === c.instance) beats++
    return beat(sign)
  }
  await eventually(() => {
    // As those who come to it do.
    c.stream.want()
    return beats >= 5
  })
  await b.lead()
  t.strictSame(asked, [b.instance])
  t.equal(await tick(b, 20), true)
})

t.test('who has taken the lead and cannot begin gives it back, and is not the next to try', async (t) => {
  const hub = await inMemory()
  const [a, b] = await leaderAndFollower(() => openStream(t, hub))
  const readKept = hub.readKept.bind(hub)
  let failures = 0
  hub.readKept = () => {
    if (failures++ === 0) return Promise.reject(new Error('too much'))
    return readKept()
  }
  await a.stream.close()
  const c = openStream(t, hub)
  void c.follow()
  void c.lead()
  await eventually(() => failures === 1)
  await b.lead()
  t.equal(await tick(b, 20), true)
  t.equal(c.memories.length, 0)
})

t.test('who knows what there is and cannot begin does not keep from leading those who do not', async (t) => {
  const hub = await inMemory()
  const [a, b] = await leaderAndFollower(() => openStream(t, hub))
  const c = openUnreading(t, hub)
  void c.follow()
  await eventually(() => c.stream.status.away === 'format')
  const taken = askersOf(hub)
  const readKept = hub.readKept.bind(hub)
  hub.readKept = () => taken.at(-1) === b.instance ? Promise.reject(new Error('too much')) : readKept()
  await a.stream.close()
  void b.lead()
  await eventually(() => taken.length === 1)
  await c.lead()
  t.strictSame(taken, [b.instance, c.instance])
})

/** Another instance has the lead, for a minute. */
async function takenByOther (t: Test, hub: Hub): Promise<void> {
  const known = { epoch: '', seq: 0, by: '', term: 0 }
  t.match(await hub.acquire({ id: 'other', leaseMs: 60_000, newEpoch: 'e', format: 1, known }), { kind: 'GRANTED' })
}

for (const count of [1, 3]) {
  t.test(`once what kept ${count} from leading has ended, one leads within seconds`, async (t) => {
    const time = new FakeClock()
    const hub = await inMemory({ clock: time })
    const readKept = hub.readKept.bind(hub)
    hub.readKept = () => Promise.reject(new EngineError('too much'))
    const all = Array.from({ length: count }, () =>
      openLeased(t, (common) => new LeasedLog<Findings, Note>({ engine: hub, ...common, clock: time })))
    for (const one of all) {
      void one.follow()
      void one.lead()
      await time.advance(330)
    }
    await time.advance(140_000)
    t.match(all.map(({ stream }) => stream.status), all.map(() => ({ role: 'follower', away: 'engine' })))
    t.strictSame(all[0]!.away, ['engine'], 'that the log can be read is not told meanwhile')
    t.ok(all[0]!.log.of('lead_given_back').length > 3, 'it goes on trying, and says so')
    hub.readKept = readKept
    await time.advance(6_000)
    const leader = all.find(({ stream }) => stream.status.role === 'leader')!
    t.equal(await tick(leader, 10), true)
    t.match(all.map(({ stream }) => stream.status.away), all.map(() => null))
    await closeAll(all, time)
  })
}

t.test('that nobody leads is said no longer than until somebody does, whether that one says anything or not', async (t) => {
  const time = new FakeClock()
  const hub = await inMemory({ clock: time })
  hub.readKept = () => Promise.reject(new Error('too much'))
  const a = openLeased(t, (common) => new LeasedLog<Findings, Note>({ engine: hub, ...common, clock: time }))
  void a.follow()
  void a.lead()
  await time.advance(1_000)
  t.match(a.log.of('engine_away'), [{ detail: 'nobody leads, as far as is known' }])
  await takenByOther(t, hub)
  await time.advance(LEASE_MS)
  t.strictSame(a.away, ['engine'], 'it may not be able to, either')
  await time.advance(3_000)
  t.strictSame(a.away, ['engine', null])
  await closeAll([a], time)
})

t.test('what it takes longer than a lease to begin is no reason not to, if nobody else has it meanwhile', async (t) => {
  const time = new FakeClock()
  const hub = await inMemory({ clock: time })
  const readKept = hub.readKept.bind(hub)
  hub.readKept = async () => {
    await wait(time, 2 * LEASE_MS)
    return await readKept()
  }
  const open = () => openLeased(t, (common) => new LeasedLog<Findings, Note>({ engine: hub, ...common, clock: time }))
  const a = open()
  void a.follow()
  void a.lead()
  await time.advance(2 * LEASE_MS + 3_000)
  t.match(a.stream.status, { role: 'leader' })
  t.match(await hub.beat(OTHER), { kind: 'HELD' })
  await closeAll([a], time)

  const b = open()
  void b.follow()
  void b.lead()
  await time.advance(LEASE_MS + 3_000)
  await takenByOther(t, hub)
  await time.advance(LEASE_MS)
  t.match(b.stream.status, { role: 'follower', leader: 'other', away: null }, 'somebody has')
  t.strictSame([b.memories, b.away, b.log.of('lead_given_back')], [[], [], []])
  await closeAll([b], time)
})

for (const when of ['before it asks', 'while it waits'] as const) {
  t.test(`who ends while it is about to lead waits for no more of it: ${when}`, async (t) => {
    const hub = await inMemory()
    const a = openStream(t, hub)
    const asked = deferred<void>()
    const closed = deferred<void>()
    const [acquire, readKept] = [hub.acquire.bind(hub), hub.readKept.bind(hub)]
    let reads = 0
    hub.acquire = async (acquiring) => {
      const acquired = await acquire(acquiring)
      if (when === 'before it asks') {
        asked.resolve()
        await closed.promise
      }
      return acquired
    }
    hub.readKept = async () => {
      reads++
      asked.resolve()
      await closed.promise
      return await readKept()
    }
    void a.follow()
    void a.lead()
    await asked.promise
    const ended = a.stream.close()
    closed.resolve()
    await ended
    t.equal(reads, when === 'before it asks' ? 0 : 1)
    t.strictSame([a.memories, a.log.of('lead_given_back')], [[], []])
    t.match(await hub.beat(OTHER), { kind: 'FREE' })
  })
}

t.test('who cannot begin for a defect of its own does not say that it leads, nor that all is well', async (t) => {
  const hub = await inMemory()
  const a = openStream(t, hub)
  void a.follow()
  await a.stream.lead({
    begin () { throw new Error('a defect') },
    end: () => {}
  })
  await eventually(() => a.log.of('lead_given_back').length > 0)
  t.match(a.stream.status, { role: 'follower', leader: null, away: 'engine' })
  t.strictSame([a.away, a.log.of('leads')], [['engine'], []])
})

t.test('somebody who wants data elsewhere is known', async (t) => {
  const hub = await inMemory()
  const [a, b] = [await join(openStream(t, hub), true), await join(openStream(t, hub), false)]
  void b.lead()
  t.equal(a.stream.isWantedElsewhere, false)
  b.asked.wants = true
  b.stream.want()
  await eventually(() => a.stream.isWantedElsewhere)
  t.ok(a.asked.demand > 0)
})

t.test('that somebody wants data elsewhere is known with the next sign of life of who leads', async (t) => {
  const time = new FakeClock()
  const hub = await inMemory({ clock: time })
  const open = () => openLeased(t, (common) => new LeasedLog<Findings, Note>({ engine: hub, ...common, clock: time }))
  const [a, b] = [open(), open()]
  void a.follow()
  void a.lead()
  await time.advance(900)
  void b.follow()
  void b.lead()
  await time.advance(2_050)
  t.equal(a.asked.demand, 0)
  b.asked.wants = true
  b.stream.want()
  await time.advance(100)
  t.ok(a.asked.demand > 0)
  await closeAll([a, b], time)
})
