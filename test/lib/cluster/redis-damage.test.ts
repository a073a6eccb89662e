import t, { type Test } from 'tap'
import { systemClock } from '../../../lib/clock.ts'
import { acquire } from '../../../lib/cluster/redis/acquire.ts'
import { beat } from '../../../lib/cluster/redis/beat.ts'
import { RedisConnection } from '../../../lib/cluster/redis/connection.ts'
import { keysOf } from '../../../lib/cluster/redis/keys.ts'
import { RedisLog, type RedisLogOptions } from '../../../lib/cluster/redis/redis-log.ts'
import { FINDINGS_FORMAT } from '../../../lib/feed/findings-codec.ts'
import type { Findings } from '../../../lib/feed/tick.ts'
import type { Note } from '../../../lib/feed/update-log.ts'
import { eventually } from '../../support/eventually.ts'
import { bound, findingsCodec, join, leaderAndFollower, next, openLeased, tick } from '../../support/leased-streams.ts'
import { noRedis, Redis } from '../../support/redis.ts'
import { append } from '../../support/shared-log-suite.ts'

/** What something else has written where instances share a log. */
const skip = noRedis()
const clock = systemClock

type Options = Partial<RedisLogOptions<Findings>> & { url: string }

const openStream = (t: Test, options: Options) =>
  openLeased(t, (common) => new RedisLog<Findings, Note>({ name: 'test', ...common, ...options }))

if (skip !== null) t.comment(skip)
else {
  let engine: Redis
  // They wait more than they work.
  t.jobs = 8
  t.before(async () => { engine = await Redis.start(t) })
  const alone = () => `stream-${next()}`

  const damages = (['view', 'note', 'entry', 'note of the entry'] as const).flatMap((damaged) =>
    ['no JSON', '5', '{}', '{"failure":7,"isTick":"x","knows":{"source":5,"troubles":{}}}'].map((text) => ({ damaged, text })))
  for (const { damaged, text } of damages) {
    t.test(`what makes no sense keeps nobody from leading: ${damaged}, ${text}`, async (t) => {
      const name = alone()
      const a = openStream(t, { url: engine.url, name, intervalMs: 1 })
      await join(a, true)
      await tick(a, 10)
      await tick(a, 20)
      const { epoch } = a.stream.position
      await a.stream.close()
      await damage(name, damaged, text)
      const b = openStream(t, { url: engine.url, name, intervalMs: 1 })
      void b.follow()
      await b.lead()
      t.equal(b.memories[0]?.text, 'memory 20', 'what it needs is there')
      const isTold = damaged !== 'entry' && damaged !== 'note of the entry'
      t.strictSame(b.begun.at(-1)?.updates.map(({ seq }) => seq), isTold ? [1, 2] : [])
      t.equal(b.begun.at(-1)?.updates.at(-1)?.update.isPast, damaged === 'view' ? true : undefined)
      t.equal(await tick(b, 30), true)
      const c = await join(openStream(t, { url: engine.url, name }), false)
      t.match(c.begun, [{ position: { epoch, seq: 3 } }])
      t.match(c.begun[0]?.updates.at(-1), { seq: 3, update: { queryMs: 30 } })
      t.match([b.stream.status, c.stream.status], [{ away: null }, { away: null }])
    })
  }

  t.test('who leads goes on from what it cannot read of its own, and the others from the next update', async (t) => {
    const name = alone()
    const codec = findingsCodec()
    let isDamaged = false
    const damaging = new Proxy(codec, {
      get: (target, key) => key === 'write' && isDamaged
        ? (...given: Parameters<typeof codec.write>) => ({ ...codec.write(...given), view: 'no JSON' })
        : bound(target, key)
    })
    const a = await join(openStream(t, { url: engine.url, name, intervalMs: 1, codec: damaging }), true)
    const b = await join(openStream(t, { url: engine.url, name }), false)
    await tick(a, 10)
    await b.until(() => b.seqs.length === 1)
    isDamaged = true
    t.equal(await tick(a, 20), true)
    t.match(a.read.at(-1), { seq: 2, update: { queryMs: 20, isPast: true } })
    await eventually(() => b.stream.status.away === 'format')
    isDamaged = false
    t.equal(await tick(a, 30), true)
    await b.until(() => b.seqs.length === 3)
    t.match(b.read.map(({ update }) => update?.isPast), [undefined, true, undefined])
    await eventually(() => b.stream.status.away === null)
    t.strictSame(b.away, ['format', null])
    t.strictSame(a.away, [])
  })

  t.test('what cannot be read is wanted anew, also while nobody wants data', async (t) => {
    const name = alone()
    const a = await join(openStream(t, { url: engine.url, name, intervalMs: 1 }), true)
    await tick(a, 10)
    await damage(name, 'view', '[]')
    const b = openStream(t, { url: engine.url, name })
    const begun = b.follow()
    void b.lead()
    await eventually(() => a.asked.demand > 0)
    t.equal(b.stream.status.away, 'format')
    t.equal(await tick(a, 20), true)
    await begun
    await eventually(() => !a.stream.isWantedElsewhere)
  })

  for (const command of [['DEL'], ['XDEL', '1-0'], ['XADD', '*', 'a', 'b']] as const) {
    t.test(`an update that is gone from the log is not taken for none: ${command[0]}`, async (t) => {
      const name = alone()
      const a = await join(openStream(t, { url: engine.url, name, intervalMs: 1 }), true)
      await tick(a, 10)
      const [verb, ...given] = command
      await raw([verb, keysOf(name).log, ...given])
      const b = openStream(t, { url: engine.url, name })
      const begun = b.follow()
      await eventually(() => b.stream.status.away === 'format')
      t.strictSame(b.begun, [])
      t.equal(await tick(a, 20), true)
      await begun
      t.match(b.begun[0]?.updates.at(-1), { seq: 2, update: { queryMs: 20 } })
    })
  }

  t.test('what is none of ours in the log is taken away by the next update', async (t) => {
    const name = alone()
    const [a, b] = await leaderAndFollower(() => openStream(t, { url: engine.url, name, intervalMs: 1 }))
    await raw(['XADD', keysOf(name).log, '*', 'a', 'b'])
    t.equal(await tick(a, 20), true)
    await b.until(() => b.seqs.length === 2)
    t.equal(await tick(a, 30), true)
    await b.until(() => b.seqs.length === 3)
    t.strictSame([a.away, b.away], [[], []])
  })

  for (const key of ['log', 'notes'] as const) {
    const foreign = [['SET', 'x'], ['XADD', '18446744073709551615-18446744073709551615', 'a', 'b']] as const
    for (const [verb, ...given] of foreign) {
      t.test(`what has taken the place of ours is taken away by the next update: ${key}, ${verb}`, async (t) => {
        const name = alone()
        const [a, b] = await leaderAndFollower(() => openStream(t, { url: engine.url, name, intervalMs: 1 }))
        await raw([verb, keysOf(name)[key], ...given])
        t.equal(await tick(a, 20), true)
        await b.until(() => b.seqs.length === 2)
        t.equal(await append(a.stream, null), true, 'and a note is heard, too')
        await b.until(() => b.read.at(-1)?.update === null)
        t.equal(await tick(a, 30), true)
        await b.until(() => b.seqs.length === 3)
        t.strictSame([a.away, b.away], [[], []])
      })
    }
  }

  t.test('what was added by a hand and deleted by it again does not keep the next update out', async (t) => {
    const name = alone()
    const [a, b] = await leaderAndFollower(() => openStream(t, { url: engine.url, name, intervalMs: 1 }))
    const { log } = keysOf(name)
    await raw(['XDEL', log, String(await raw(['XADD', log, '*', 'a', 'b']))])
    t.equal(await tick(a, 20), true)
    t.equal(await tick(a, 30), true)
    await b.until(() => b.seqs.length === 3)
    t.strictSame([a.seqs, a.away, b.away], [[1, 2, 3], [], []])
  })

  for (const key of ['head', 'log', 'notes', 'kept', 'instances'] as const) {
    t.test(`a key of another type keeps nobody from leading: ${key}`, async (t) => {
      const name = alone()
      const a = await join(openStream(t, { url: engine.url, name, intervalMs: 1 }), true)
      await tick(a, 10)
      const { epoch } = a.stream.position
      await a.stream.close()
      await raw(['SET', keysOf(name)[key], 'x'])
      const b = openStream(t, { url: engine.url, name, intervalMs: 1 })
      void b.follow()
      await b.lead()
      await b.stream.keep('window', () => 'samples')
      t.equal(await tick(b, 20), true)
      t.match(b.stream.status, { role: 'leader', away: null })
      t.equal(b.stream.position.epoch === epoch, key !== 'head', 'without the head all is lost')
      await b.stream.close()
      const c = openStream(t, { url: engine.url, name })
      void c.follow()
      await c.lead()
      t.match(c.memories, [{ text: 'memory 20' }])
      t.equal(c.memories[0]?.kept.get('window'), 'samples')
    })
  }

  const texts = ['x', '']
  const fields = [
    ...['epoch', 'by', 'holder', 'note', 'noteBy'].map((field) => ({ field, texts })),
    ...['seq', 'term', 'until', 'at', 'begunAt', 'format', 'noteId'].map((field) =>
      ({ field, texts: [...texts, '-1', '1.5', 'nan', '9'.repeat(13), '123456789012345', '9'.repeat(30)] }))
  ]
  for (const { field, texts } of fields) {
    for (const text of texts) {
      t.test(`a field of the head with another value stops nobody: ${field}, ${JSON.stringify(text)}`, async (t) => {
        const name = alone()
        const [a, b] = await leaderAndFollower(() => openStream(t, { url: engine.url, name, intervalMs: 1 }))
        void b.lead()
        await raw(['HSET', keysOf(name).head, field, text])
        const read = a.read.length
        const told = () => a.read.some(({ update }, index) => index >= read && update?.queryMs === 20)
        // Whoever leads now.
        while (!told()) if (!await tick(a, 20) && !await tick(b, 20)) await clock.turn()
        t.equal(await raw(['TYPE', keysOf(name).head]), 'hash')
        await eventually(() => [a, b].every(({ stream }) => stream.status.away === null))
        await eventually(() => a.stream.position.seq === b.stream.position.seq)
        t.strictSame(a.log.of('task_failed'), [])
      })
    }
  }

  t.test('who waits is woken by what is added, whatever stood in the place of the notes', async (t) => {
    const name = alone()
    const { notes } = keysOf(name)
    const a = await join(openStream(t, { url: engine.url, name, intervalMs: 1 }), true)
    await tick(a, 10)
    const b = await join(openStream(t, { url: engine.url, name }), false)
    await raw(['SET', notes, 'x'])
    t.equal(await tick(a, 20), true)
    t.equal(await raw(['TYPE', notes]), 'none', 'an update takes it away, too')
    await b.until(() => b.seqs.length === 1)
  })

  t.test('a connection is given up after an error, but not for a key of another type or an unknown script', async (t) => {
    const connection = new RedisConnection({ url: engine.url, clock })
    t.teardown(() => connection.close())
    const key = alone()
    const send = (...command: string[]) => connection.send(command, 1_000)
    await send('SET', key, 'x')
    const id = await send('CLIENT', 'ID')
    await t.rejects(send('XLEN', key), { message: /^WRONGTYPE/ })
    await t.rejects(send('EVALSHA', '0'.repeat(40), '0'), { message: /^NOSCRIPT/ })
    t.equal(await send('CLIENT', 'ID'), id)
    await t.rejects(send('INCR', key), { message: /^ERR/ })
    t.not(await send('CLIENT', 'ID'), id)
  })

  t.test('a lease that ends later than any would ends a lease from now, and who has it and lives keeps it', async (t) => {
    const name = alone()
    const keys = keysOf(name)
    const a = await join(openStream(t, { url: engine.url, name, intervalMs: 1 }), true)
    const term = a.stream.status.term
    const connection = new RedisConnection({ url: engine.url, clock })
    t.teardown(() => connection.close())
    const sign = { id: 'other', term: 0, leaseMs: 5_000, countsMs: 5_000, wantsData: false, about: '{}' }
    const known = { epoch: '', seq: 0, by: '', term: 0 }
    const later = Date.now() + 86_400_000
    await raw(['HSET', keys.head, 'until', String(later)])
    const asked = { id: 'other', leaseMs: 5_000, newEpoch: 'e', format: FINDINGS_FORMAT, known }
    t.match(await acquire(connection, keys, asked), { kind: 'HELD' })
    t.match(await beat(connection, keys, sign), { kind: 'HELD', holder: a.instance })
    t.ok(Number(await raw(['HGET', keys.head, 'until'])) < later)
    t.match(await beat(connection, keys, { ...sign, id: a.instance, term }), { kind: 'LEADS' })
    t.equal(await tick(a, 10), true)
    t.equal(a.stream.status.term, term)
  })

  t.test('who knows an update that is in the log in another way is not given the lead of that epoch', async (t) => {
    const name = alone()
    const keys = keysOf(name)
    const a = await join(openStream(t, { url: engine.url, name, intervalMs: 1 }), true)
    for (const queryMs of [10, 20, 30]) await tick(a, queryMs)
    const { epoch, seq: head } = a.stream.position
    const { term } = a.stream.status
    await a.stream.close()
    const connection = new RedisConnection({ url: engine.url, clock })
    t.teardown(() => connection.close())
    const entries = await raw(['XRANGE', keys.log, '-', '+']) as Array<[string, string[]]>
    const own = entries[1]![1]
    const by = own[own.indexOf('by') + 1]!
    // Its own is there no more, the next one is: that one says which is before it.
    await raw(['XDEL', keys.log, '1-0', '2-0'])
    const known = { epoch, seq: 2, by, term }
    const asked = { id: 'x', leaseMs: 5_000, newEpoch: 'f', format: FINDINGS_FORMAT, known }
    t.match(await acquire(connection, keys, asked), { kind: 'GRANTED', epoch, seq: head })
    t.match(await acquire(connection, keys, { ...asked, known: { ...known, by: 'y' } }), { kind: 'BEGUN', epoch: 'f' })
  })

  t.test('a lease of somebody who is not there keeps nobody from leading, however late it ends', async (t) => {
    const name = alone()
    const a = await join(openStream(t, { url: engine.url, name, intervalMs: 1 }), true)
    await tick(a, 10)
    await a.stream.close()
    await raw(['HSET', keysOf(name).head, 'holder', 'x', 'until', String(Date.now() + 86_400_000)])
    const b = openStream(t, { url: engine.url, name, intervalMs: 1 })
    void b.follow()
    await b.lead()
    t.equal(await tick(b, 20), true)
  })

  t.test('what an instance says of itself that makes no sense is left out', async (t) => {
    const name = alone()
    const a = await join(openStream(t, { url: engine.url, name, intervalMs: 1 }), true)
    const { instances } = keysOf(name)
    const now = Date.now()
    const soon = now + 9_000
    const signs = [`${soon} 1 no JSON`, `${soon} 1 5`, `${now + 86_400_000} 1 {}`, 'x', `${soon} 1 {"version":"x"}`]
    for (const [index, sign] of signs.entries()) await raw(['HSET', instances, `foreign-${index}`, sign])
    await eventually(() => a.stream.instances.length > 1)
    t.strictSame(a.stream.instances.map(({ id }) => id).sort(), ['foreign-4', a.instance])
  })

  t.test('who comes with what the engine never had takes nothing of a newer popcast away', async (t) => {
    const name = alone()
    const { head, log } = keysOf(name)
    const a = await join(openStream(t, { url: engine.url, name, intervalMs: 1 }), true)
    await tick(a, 10)
    await a.stream.close()
    await raw(['HSET', head, 'format', `${FINDINGS_FORMAT + 1}`])
    const connection = new RedisConnection({ url: engine.url, clock })
    const known = { epoch: 'another', seq: 9, by: 'x', term: 9 }
    const asked = { id: 'old', leaseMs: 5_000, newEpoch: 'e', format: FINDINGS_FORMAT, known }
    const taken = await acquire(connection, keysOf(name), asked)
    connection.close()
    t.match(taken, { kind: 'HELD' })
    t.equal(await raw(['XLEN', log]), 1)
  })

  t.test('what could not be added is not taken for what is there', async (t) => {
    const name = alone()
    const { url } = await Redis.start(t)
    const a = await join(openStream(t, { url, name, intervalMs: 5_000 }), true)
    await tick(a, 10)
    // No memory is left for what a script writes, and then there is.
    await raw(['CONFIG', 'SET', 'maxmemory', '1'], url)
    const appended = append(a.stream, 20)
    await eventually(() => a.away.includes('engine'))
    await raw(['CONFIG', 'SET', 'maxmemory', '0'], url)
    t.equal(await appended, true)
    t.strictSame(a.seqs, [1, 2])
  })

  t.test('who cannot begin to lead gives the lead back', async (t) => {
    const name = alone()
    const a = openStream(t, { url: engine.url, name })
    void a.follow()
    let begun = 0
    await a.stream.lead({
      begin () {
        begun++
        throw new Error('a defect')
      },
      end: () => {}
    })
    await eventually(() => a.log.of('task_failed').length > 0)
    t.equal(begun, 1)
    t.match(a.log.of('task_failed'), [{ err: { message: 'a defect' } }])
    await a.stream.close()
    const b = await join(openStream(t, { url: engine.url, name }), true)
    t.equal(await tick(b, 10), true)
    t.equal(a.stream.status.role, 'follower')
  })

  t.test('who can read what there is leads before who cannot', async (t) => {
    const name = alone()
    const [a, b] = await leaderAndFollower(() => openStream(t, { url: engine.url, name, intervalMs: 1 }))
    for (const what of ['view', 'note'] as const) await damage(name, what, 'null')
    const c = openStream(t, { url: engine.url, name, intervalMs: 1 })
    void c.follow()
    void c.lead()
    await eventually(() => b.stream.status.away === 'format' && c.stream.status.away === 'format')
    await a.stream.close()
    for (let times = 0; times < 5; times++) {
      // As those who come to it do.
      c.stream.want()
      await clock.turn()
    }
    await b.lead()
    t.equal(c.memories.length, 0)
    t.equal(await tick(b, 20), true)
  })

  t.test('who finds that a newer popcast has written leads no more', async (t) => {
    const name = alone()
    const a = await join(openStream(t, { url: engine.url, name, intervalMs: 1 }), true)
    await tick(a, 10)
    await raw(['HSET', keysOf(name).head, 'format', `${FINDINGS_FORMAT + 1}`, 'seq', '9', 'by', 'newer'])
    t.equal(await a.stream.begin(), false)
    t.equal(a.ended, 1)
    t.match(a.stream.status, { role: 'follower', away: 'format' })
    await eventually(async () => Number(await raw(['HGET', keysOf(name).head, 'until'])) < Date.now())
    t.match(a.stream.status, { role: 'follower', away: 'format' }, 'nor does it take the lead again')
  })

  /** As somebody would with a hand of their own in the engine. */
  async function damage (name: string, what: 'view' | 'note' | 'entry' | 'note of the entry', text: string): Promise<void> {
    const { head, log } = keysOf(name)
    if (what === 'view' || what === 'note') {
      await raw(['HSET', head, what, text])
      return
    }
    const [[id, fields]] = await raw(['XREVRANGE', log, '+', '-', 'COUNT', '1']) as [[string, string[]]]
    fields[fields.indexOf(what === 'entry' ? 'entry' : 'note') + 1] = text
    await raw(['DEL', log])
    await raw(['XADD', log, id, ...fields])
  }

  async function raw (command: string[], url = engine.url): Promise<unknown> {
    const connection = new RedisConnection({ url, clock })
    try {
      return await connection.send(command, 1_000)
    } finally {
      connection.close()
    }
  }
}
