import t, { type Test } from 'tap'
import { append as appendScript } from '../../../lib/cluster/redis/append.ts'
import { RedisConnection } from '../../../lib/cluster/redis/connection.ts'
import { keysOf } from '../../../lib/cluster/redis/keys.ts'
import { RedisLog, type RedisLogOptions } from '../../../lib/cluster/redis/redis-log.ts'
import { systemClock } from '../../../lib/clock.ts'
import { FindingsCodec, FINDINGS_FORMAT } from '../../../lib/feed/findings-codec.ts'
import type { Findings } from '../../../lib/feed/tick.ts'
import type { Note } from '../../../lib/feed/update-log.ts'
import { eventually } from '../../support/eventually.ts'
import { bound, join, next, openLeased, tick } from '../../support/leased-streams.ts'
import { noRedis, Redis, Way } from '../../support/redis.ts'
import type { Reader } from '../../../lib/cluster/shared-log.ts'
import { append, Recorder, sharedLogSuite, TICK, type Stream } from '../../support/shared-log-suite.ts'

const skip = noRedis()
const clock = systemClock

type Options = Partial<RedisLogOptions<Findings>> & { url: string }

const openStream = (t: Test, options: Options) =>
  openLeased(t, (common) => new RedisLog<Findings, Note>({ name: 'test', ...common, ...options }))

const compete = (one: Recorder): void => { void one.lead() }

if (skip !== null) t.comment(skip)
else {
  let engine: Redis
  let name = ''
  t.before(async () => { engine = await Redis.start(t, { persists: true }) })
  t.beforeEach(() => { name = `stream-${next()}` })

  sharedLogSuite(t, {
    // It begins with the first one that leads: so here it leads at once, whatever the suite does then.
    open: async (t) => {
      const { stream } = openStream(t, { url: engine.url, name })
      return new Proxy(stream, { get: (target, key) => key === 'follow' ? followAndBegin(target) : bound(target, key) })
    },
    reopen: async (t) => openStream(t, { url: engine.url, name }).stream
  })

  t.test('one leads, and the other reads the same', async (t) => {
    const [a, b] = [openStream(t, { url: engine.url, name }), openStream(t, { url: engine.url, name })]
    await join(a, true)
    await join(b, false)
    compete(b)
    for (const queryMs of [10, 20, 30]) t.equal(await tick(a, queryMs), true)
    await b.until(() => b.seqs.length === 3)
    t.strictSame(b.read.map(({ seq, update }) => [seq, update?.queryMs]), a.read.map(({ seq, update }) => [seq, update?.queryMs]))
    t.strictSame(b.stream.position, a.stream.position)
    t.equal(await b.stream.begin(), false, 'who does not lead does not ask')
    t.equal(await append(b.stream, 40), false, 'and appends nothing')
    t.match([a.stream.status, b.stream.status], [{ role: 'leader', away: null }, { role: 'follower', away: null }])
    await eventually(() => a.stream.instances.length === 2)
    t.strictSame(a.stream.instances.filter(({ isLeader }) => isLeader).map(({ id }) => id), [a.stream.status.instance])
  })

  t.test('who leads and ends hands over at once, and the next one has what it knew', async (t) => {
    const [a, b] = [openStream(t, { url: engine.url, name }), openStream(t, { url: engine.url, name })]
    await join(a, true)
    await join(b, false)
    compete(b)
    await tick(a, 10)
    await a.stream.keep('window', () => 'samples')
    const before = clock.monotonic()
    await a.stream.close()
    await b.until(() => b.memories.length === 1)
    t.ok(clock.monotonic() - before < 4_000, 'it did not wait for the lease to end')
    t.match(b.memories, [{ text: 'memory 10' }])
    t.equal(b.memories[0]?.kept.get('window'), 'samples')
    t.equal(await tick(b, 20), true)
    t.match(b.stream.position, { epoch: a.stream.position.epoch, seq: 2 })
    t.equal(b.begun.length, 1)
  })

  t.test('who led and was frozen neither asks nor appends', async (t) => {
    const way = await Way.to(t, engine)
    const [a, b] = [openStream(t, { url: way.url, name, intervalMs: 1_000 }), openStream(t, { url: engine.url, name })]
    await join(a, true)
    await join(b, false)
    await tick(a, 10)
    t.equal(await a.stream.begin(), true, 'a query is under way')
    way.set('silent')
    await expire(engine, name)
    compete(b)
    await b.until(() => b.memories.length === 1)
    t.equal(await tick(b, 20), true)
    way.set('open')
    t.equal(await append(a.stream, 15), false, 'what came of it is dropped')
    t.equal(await a.stream.begin(), false)
    await a.until(() => a.seqs.length === 2)
    t.equal(a.ended, 1)
    t.strictSame(a.read.map(({ update }) => update?.queryMs), [10, 20], 'it tells what the other one has')
  })

  t.test('the whole fleet asks once in an interval', async (t) => {
    const options = { url: engine.url, name, intervalMs: 2_000 }
    const [a, b] = [openStream(t, options), openStream(t, options)]
    await join(a, true)
    await join(b, false)
    await a.stream.begin()
    const before = clock.monotonic()
    await a.stream.close()
    compete(b)
    await b.until(() => b.memories.length === 1)
    t.equal(await b.stream.begin(), true)
    t.ok(clock.monotonic() - before > 1_700)
  })

  t.test('who led before another one does not go on with what it knew then, where the engine has lost all', async (t) => {
    const way = await Way.to(t, engine)
    const [a, b] = [openStream(t, { url: way.url, name }), openStream(t, { url: engine.url, name })]
    await join(a, true)
    await join(b, false)
    await tick(a, 10)
    way.set('silent')
    await expire(engine, name)
    compete(b)
    await b.until(() => b.memories.length === 1)
    await tick(b, 20)
    way.set('open')
    await eventually(() => a.stream.status.role === 'follower' && a.seqs.at(-1) === 2)
    const raw = new RedisConnection({ url: engine.url, clock })
    t.teardown(() => raw.close())
    await b.stream.close()
    await raw.send(['DEL', ...Object.values(keysOf(name))], 1_000)
    await a.until(() => a.memories.length === 2)
    t.match(a.memories.at(-1), { text: null }, 'it has read what is newer')
  })

  t.test('an append whose answer was lost is there once', async (t) => {
    const way = await Way.to(t, engine)
    const a = openStream(t, { url: way.url, name, intervalMs: 10_000 })
    await join(a, true)
    await tick(a, 10)
    way.set('answers lost')
    const appended = append(a.stream, 20)
    const raw = new RedisConnection({ url: engine.url, clock })
    t.teardown(() => raw.close())
    // It was done: only nobody knows.
    for (let seq: unknown = 0; seq !== '2';) seq = await raw.send(['HGET', keysOf(name).head, 'seq'], 1_000)
    way.set('open')
    t.equal(await appended, true)
    t.strictSame(a.read.map(({ seq, update }) => [seq, update?.queryMs]), [[1, 10], [2, 20]])
    t.equal(await raw.send(['XLEN', keysOf(name).log], 1_000), 2)
    t.equal(a.away.at(-1), null)
  })

  t.test('each answer of append', async (t) => {
    const a = openStream(t, { url: engine.url, name })
    await join(a, true)
    await tick(a, 10)
    const raw = new RedisConnection({ url: engine.url, clock })
    t.teardown(() => raw.close())
    const { epoch, seq } = a.stream.position
    const { instance: id, term } = a.stream.status
    const by = String(await raw.send(['HGET', keysOf(name).head, 'by'], 1_000))
    const said = { note: '{}', memory: '', update: { entry: '{}', view: '{}' } }
    const entry = { id, term, epoch, seq, before: by, by: `${by}x`, format: FINDINGS_FORMAT, keep: 5, ...said }
    const rows = [
      [{ ...entry, by, seq: 0 }, 'DUP'],
      [{ ...entry, term: term + 1 }, 'FENCED'],
      [{ ...entry, id: 'another' }, 'FENCED'],
      [{ ...entry, seq: seq + 1 }, 'GAP'],
      [{ ...entry, seq: seq - 1 }, 'GAP'],
      [{ ...entry, epoch: 'another' }, 'GAP'],
      [{ ...entry, before: 'another' }, 'GAP'],
      [entry, 'OK'],
      [entry, 'DUP']
    ] as const
    for (const [appending, expected] of rows) t.equal(await appendScript(raw, keysOf(name), appending), expected)
  })

  t.test('the engine may forget the scripts', async (t) => {
    const a = openStream(t, { url: engine.url, name })
    await join(a, true)
    const raw = new RedisConnection({ url: engine.url, clock })
    t.teardown(() => raw.close())
    for (const queryMs of [10, 20, 30]) {
      await raw.send(['SCRIPT', 'FLUSH'], 1_000)
      t.equal(await tick(a, queryMs), true)
    }
    t.strictSame(a.away, [])
  })

  t.test('so many updates are kept, and who comes is told those that go on from each other', async (t) => {
    const a = openStream(t, { url: engine.url, name, intervalMs: 1 })
    await join(a, true)
    for (let queryMs = 1; queryMs <= 9; queryMs++) await tick(a, queryMs)
    const b = await join(openStream(t, { url: engine.url, name }), false)
    t.strictSame(b.begun[0]?.updates.map(({ seq }) => seq), [5, 6, 7, 8, 9])
  })

  t.test('who was away too long begins anew in the same epoch', async (t) => {
    const way = await Way.to(t, engine)
    const a = openStream(t, { url: engine.url, name, intervalMs: 1 })
    await join(a, true)
    await tick(a, 1)
    const b = await join(openStream(t, { url: way.url, name }), false)
    way.set('reset')
    await eventually(() => b.stream.status.away === 'engine')
    for (let queryMs = 2; queryMs <= 9; queryMs++) await tick(a, queryMs)
    way.set('open')
    await b.until(() => b.begun.length === 2)
    t.match(b.begun[1], { position: a.stream.position })
    t.strictSame(b.read, [])
  })

  t.test('who is told and throws takes nothing from the engine', async (t) => {
    const a = openStream(t, { url: engine.url, name, intervalMs: 1 })
    await join(a, true)
    a.onNext = async () => { throw new Error('a defect') }
    await tick(a, 10)
    a.onNext = async () => {}
    await tick(a, 20)
    t.strictSame(a.away, [])
    t.strictSame(a.seqs, [2])
    t.match(a.log.of('task_failed'), [{ err: { message: 'a defect' } }])
  })

  t.test('entries that make no sense are not told', async (t) => {
    const a = openStream(t, { url: engine.url, name, intervalMs: 1 })
    await join(a, true)
    await tick(a, 10)
    const raw = new RedisConnection({ url: engine.url, clock })
    t.teardown(() => raw.close())
    await raw.send(['HSET', keysOf(name).head, 'view', 'no JSON'], 1_000)
    const b = openStream(t, { url: engine.url, name })
    void b.follow()
    await eventually(() => b.stream.status.away === 'format')
    t.strictSame(b.begun, [])
    t.equal(b.log.of('format_unknown').length, 1)
  })

  t.test('somebody who wants data elsewhere is known', async (t) => {
    const [a, b] = [openStream(t, { url: engine.url, name }), openStream(t, { url: engine.url, name })]
    await join(a, true)
    await join(b, false)
    compete(b)
    t.equal(a.stream.isWantedElsewhere, false)
    b.asked.wants = true
    b.stream.want()
    await eventually(() => a.stream.isWantedElsewhere)
    t.ok(a.asked.demand > 0)
    b.asked.wants = false
    await eventually(() => !a.stream.isWantedElsewhere)
  })

  for (const broken of ['unreadable', 'newer'] as const) {
    t.test(`what a newer popcast wrote is not told: ${broken}`, async (t) => {
      const codec = new FindingsCodec(() => undefined)
      const newer = new Proxy(codec, { get: (target, key) => key === 'format' ? FINDINGS_FORMAT + 1 : bound(target, key) })
      const a = openStream(t, { url: engine.url, name, intervalMs: 1, ...(broken === 'newer' && { codec: newer }) })
      await join(a, true)
      if (broken === 'unreadable') await tick(a, 10)
      const b = openStream(t, { url: engine.url, name })
      const begun = b.follow()
      compete(b)
      if (broken === 'newer') {
        await eventually(() => b.stream.status.away === 'format')
        t.equal(b.log.of('format_unknown').length, 1)
        await a.stream.close()
        t.equal(b.memories.length, 0, 'nor does it lead')
        return
      }
      await begun
      await a.stream.close()
      const c = openStream(t, { url: engine.url, name, codec: newer, intervalMs: 1 })
      await b.stream.close()
      await join(c, true)
      t.equal(await tick(c, 20), true, 'a newer one goes on from the older')
    })
  }
}

/** As if the one that leads had given no sign of life for long. */
async function expire ({ url }: Redis, name: string): Promise<void> {
  const raw = new RedisConnection({ url, clock })
  await raw.send(['HSET', keysOf(name).head, 'until', '0'], 1_000)
  raw.close()
}

/** There is nothing to read before somebody leads: the first one is let lead by nobody, who makes nothing. */
function followAndBegin (stream: Stream) {
  return async (reader: Reader<Findings, Note>) => {
    await stream.follow(reader)
    await stream.lead({ begin: () => {}, end: () => {} })
  }
}

t.test('an engine that loses everything, or goes back in time, begins one new epoch', { skip: skip ?? false }, async (t) => {
  for (const fault of ['empty', 'older'] as const) {
    const engine = await Redis.start(t, { persists: fault === 'older' })
    const [a, b] = [openStream(t, { url: engine.url }), openStream(t, { url: engine.url })]
    await join(a, true)
    await join(b, false)
    compete(b)
    await tick(a, 10)
    await tick(a, 20)
    engine.backup()
    await tick(a, 30)
    await tick(a, 40)
    await b.until(() => b.seqs.length === 4)
    const { epoch } = a.stream.position
    await engine.kill()
    if (fault === 'older') engine.restore()
    await engine.start()
    await b.until(() => b.begun.length === 2)
    await a.until(() => a.begun.length === 2)
    // Who led may not know yet that the other one does.
    while (!await tick(a, 50) && !await tick(b, 50));
    await Promise.all([a, b].map((one) => one.until(() => one.read.at(-1)?.update?.queryMs === 50)))
    t.strictSame(a.stream.position, b.stream.position, fault)
    t.not(a.stream.position.epoch, epoch)
    t.equal(a.stream.position.seq, 5, 'the numbers go on')
    t.equal([...a.log.of('stream_lost'), ...b.log.of('stream_lost')].length, 1, 'one')
    t.strictSame(a.begun.length + b.begun.length, 4)
    await Promise.all([a.stream.close(), b.stream.close()])
  }
})

t.test('a note is told to all', { skip: skip ?? false }, async (t) => {
  const engine = await Redis.start(t)
  const [a, b] = [openStream(t, { url: engine.url }), openStream(t, { url: engine.url })]
  await join(a, true)
  await join(b, false)
  await tick(a, 10)
  const note: Note = { failure: { code: 'SOURCE_TIMEOUT' }, isTick: true }
  await append(a.stream, null, '', note)
  await b.until(() => b.read.length === 2)
  t.match(b.read, [{ seq: 1, note: TICK }, { seq: 1, update: null, note }])
})
