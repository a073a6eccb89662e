import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { DirectoryLog, type DirectoryLogOptions } from '../../../lib/cluster/directory-log.ts'
import { record } from '../../../lib/cluster/record.ts'
import { systemClock, type Clock } from '../../../lib/clock.ts'
import { FINDINGS_FORMAT } from '../../../lib/feed/findings-codec.ts'
import type { Findings } from '../../../lib/feed/tick.ts'
import type { Note } from '../../../lib/feed/update-log.ts'
import { directoryOf } from '../../support/directory.ts'
import { FakeLog } from '../../support/fake-log.ts'
import { findingsCodec } from '../../support/leased-streams.ts'
import { append, Recorder, sharedLogSuite } from '../../support/shared-log-suite.ts'

type Options = DirectoryLogOptions<Findings>

let epochs = 0
async function openStream (t: Test, directory: string, options: Partial<Options> = {}) {
  const log = new FakeLog()
  const faults: Array<string | null> = []
  const stream = await DirectoryLog.open<Findings, Note>({
    directory,
    instance: 'one',
    codec: findingsCodec(),
    limits: { maxEntries: 5, maxBytes: 1_048_576 },
    newEpoch: () => `e${++epochs}`,
    clock: systemClock,
    log,
    onFault: (message) => { faults.push(message) },
    ...options
  })
  t.teardown(() => stream.close())
  return { stream, log, faults }
}

async function open (t: Test, directory: string, options: Partial<Options> = {}) {
  const { stream, log, faults } = await openStream(t, directory, options)
  return Object.assign(await new Recorder(stream).follow(), { log, faults })
}

/** One that has ended after so many updates. */
async function written (t: Test, updates: number, options: Partial<Options> = {}) {
  const directory = directoryOf(t)
  const one = await open(t, directory, options)
  await one.lead()
  for (let seq = 1; seq <= updates; seq++) await append(one.stream, seq * 10, `memory ${seq}`)
  await one.stream.close()
  return { directory, epoch: one.stream.position.epoch, path: (name: string) => join(directory, name) }
}

const setAside = (directory: string) => readdirSync(directory).filter((name) => name.includes('.set-aside-')).sort()

let last = ''
sharedLogSuite(t, {
  open: async (t) => {
    last = directoryOf(t)
    return (await openStream(t, last)).stream
  },
  reopen: async (t) => (await openStream(t, last)).stream
})

t.test('an update that was not written to its end is cut off, wherever it ends', async (t) => {
  const { directory, epoch, path } = await written(t, 3)
  const whole = readFileSync(path('log'))
  const lengths = whole.toString('latin1').split('\n').slice(0, -1).map((line) => line.length + 1)
  const begin = whole.length - (lengths.at(-1) ?? 0)
  const state = readFileSync(path('state'))
  // As it is when a process ends in the midst of the record, whose state was not written yet.
  const { state: before } = await stateAfter(t, 2, epoch)
  const digits = whole.indexOf(0x20, begin) - begin
  const ends = [begin + 1, begin + digits, begin + digits + 1, begin + digits + 4, begin + digits + 9, begin + digits + 10,
    begin + digits + 11, begin + 200, whole.length - 2, whole.length - 1]
  for (const end of ends) {
    writeFileSync(path('log'), whole.subarray(0, end))
    writeFileSync(path('state'), before)
    const two = await open(t, directory)
    t.strictSame(two.stream.position, { epoch, seq: 2 }, `cut at ${end - begin}`)
    t.strictSame(setAside(directory), [])
    t.match(two.log.of('log_cut'), [{ cutBytes: end - begin }])
    await append(two.stream, 30)
    await two.stream.close()
    t.equal(statSync(path('log')).size, whole.length)
  }
  writeFileSync(path('log'), whole)
  writeFileSync(path('state'), before)
  const whole3 = await open(t, directory)
  t.strictSame(whole3.stream.position, { epoch, seq: 2 }, 'whole, but told to nobody')
  await whole3.stream.close()
  writeFileSync(path('state'), state)
})

/** What stands in `state` after so many updates of this epoch. */
async function stateAfter (t: Test, updates: number, epoch: string) {
  const { path } = await written(t, updates, { newEpoch: () => epoch })
  return { state: readFileSync(path('state')), log: readFileSync(path('log')) }
}

t.test('a process that ended before its first update was whole leaves nothing', async (t) => {
  const directory = directoryOf(t)
  for (const text of ['', '1', record('{}').subarray(0, 9).toString()]) {
    writeFileSync(join(directory, 'log'), text)
    const one = await open(t, directory)
    t.equal(one.stream.position.seq, 0, JSON.stringify(text))
    t.strictSame(setAside(directory), [])
    await one.stream.close()
  }
})

t.test('what an older popcast wrote is gone on with', async (t) => {
  const codec = findingsCodec()
  const older = { format: FINDINGS_FORMAT - 1, write: codec.write.bind(codec), read: codec.read.bind(codec) }
  const { directory, epoch } = await written(t, 2, { codec: older })
  const two = await open(t, directory)
  t.strictSame(two.stream.position, { epoch, seq: 2 })
  await two.lead()
  await append(two.stream, 30)
  await two.stream.close()
  const three = await open(t, directory)
  t.strictSame(three.stream.position, { epoch, seq: 3 })
  t.strictSame(setAside(directory), [])
})

const flip = (file: Buffer, at: number) => {
  const changed = Buffer.from(file)
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}
const newer = (fields: string) => record(`{"format":${FINDINGS_FORMAT + 1},"epoch":"e1",${fields}}`)

const foreign: Array<{ name: string, change: (log: Buffer, state: Buffer) => { log?: Buffer | null, state?: Buffer | null } }> = [
  { name: 'a file of something else', change: () => ({ log: Buffer.from('{"level":30,"msg":"not of popcast"}\n') }) },
  { name: 'bytes of nothing', change: () => ({ log: Buffer.alloc(4_096) }) },
  { name: 'a picture', change: () => ({ state: Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex') }) },
  { name: 'a bit of an update that was told', change: (log) => ({ log: flip(log, log.length - 40) }) },
  { name: 'a bit of the first update', change: (log) => ({ log: flip(log, log.indexOf('\n') + 40) }) },
  { name: 'zeros behind it', change: (log) => ({ log: Buffer.concat([log, Buffer.alloc(100)]) }) },
  { name: 'a log that ends before what was told', change: (log) => ({ log: log.subarray(0, log.lastIndexOf('\n', -2) + 1) }) },
  { name: 'a log that ends in the midst of what was told', change: (log) => ({ log: log.subarray(0, -5) }) },
  { name: 'no log', change: () => ({ log: null }) },
  { name: 'no state', change: () => ({ state: null }) },
  { name: 'half a state', change: (_, state) => ({ state: state.subarray(0, state.length / 2) }) },
  { name: 'an empty state', change: () => ({ state: Buffer.alloc(0) }) },
  { name: 'a state of a newer popcast', change: () => ({ state: newer('"seq":3') }) },
  { name: 'a log of a newer popcast', change: () => ({ log: newer('"after":0') }) },
  { name: 'JSON that is no object', change: () => ({ state: record('null') }) },
  { name: 'no JSON', change: () => ({ log: record('no JSON') }) }
]

for (const { name, change } of foreign) {
  t.test(`what makes no sense is set aside and told, and the start does not fail: ${name}`, async (t) => {
    const { directory, epoch, path } = await written(t, 3)
    const changed = change(readFileSync(path('log')), readFileSync(path('state')))
    for (const file of ['log', 'state'] as const) {
      const content = changed[file]
      if (content === null) rmSync(path(file))
      else if (content !== undefined) writeFileSync(path(file), content)
    }
    const two = await open(t, directory)
    t.equal(two.stream.position.seq, 0)
    t.not(two.stream.position.epoch, epoch, 'nobody is told another history of the same epoch')
    t.match(two.log.of('state_set_aside'), [{ level: 'warn', detail: String }])
    t.ok(setAside(directory).length > 0)
    await two.lead()
    await append(two.stream, 10)
    await two.stream.close()
    const three = await open(t, directory)
    t.strictSame(three.stream.position, two.stream.position, 'and from then on it is as ever')
  })
}

for (const name of ['log', 'state', 'kept']) {
  t.test(`what is something else by the name of ${name} is set aside, and the start does not fail`, async (t) => {
    const { directory, path } = await written(t, 3)
    rmSync(path(name), { recursive: true, force: true })
    if (name === 'kept') writeFileSync(path(name), 'a file')
    else mkdirSync(path(name))
    const two = await open(t, directory)
    t.ok(setAside(directory).some((file) => file.startsWith(`${name}.set-aside-`)))
    t.match(two.log.of(name === 'kept' ? 'memory_unreadable' : 'state_set_aside'), [{ level: 'warn' }])
    t.equal(two.stream.position.seq, name === 'kept' ? 3 : 0)
    await two.lead()
    await append(two.stream, 10)
    await two.stream.keep('window', () => 'samples')
    await two.stream.close()
    const three = await open(t, directory)
    t.strictSame(three.stream.position, two.stream.position)
    t.strictSame(three.log.of('memory_unreadable'), [])
  })
}

t.test('of what was kept beside it only what can be read comes back', async (t) => {
  const directory = directoryOf(t)
  const one = await open(t, directory)
  for (const name of ['window', 'slot-1', 'slot-2']) await one.stream.keep(name, () => name)
  await one.stream.close()
  truncateSync(join(directory, 'kept/window'), 5)
  writeFileSync(join(directory, 'kept/slot-1'), 'foreign')
  writeFileSync(join(directory, 'kept/slot-3.new'), 'unfinished')
  const two = await open(t, directory)
  await two.lead()
  t.strictSame(Array.from(two.memories[0]?.kept ?? []), [['slot-2', 'slot-2']])
  t.match(two.log.of('memory_unreadable'), [{ names: ['slot-1', 'window'] }])
})

t.test('so many updates are kept, and the file does not grow without end', async (t) => {
  const { directory, path } = await written(t, 3)
  const one = await open(t, directory)
  await one.lead()
  let most = 0
  for (let updates = 0; updates < 40; updates++) {
    await append(one.stream, 10)
    most = Math.max(most, readFileSync(path('log')).toString().split('\n').length - 2)
  }
  t.equal(most, 10)
  await one.stream.close()
  const two = await open(t, directory)
  const seqs = two.begun[0]?.updates.map(({ seq }) => seq) ?? []
  t.equal(seqs.at(-1), 43)
  t.ok(seqs.length >= 5 && seqs.length <= 10, 'at least those that clients may ask for')
  t.strictSame(seqs, seqs.map((_, index) => 44 - seqs.length + index))
})

t.test('bytes are bounded as well', async (t) => {
  const { path } = await written(t, 30, { limits: { maxEntries: 1_000, maxBytes: 2_000 } })
  t.ok(statSync(path('log')).size < 8_000, `${statSync(path('log')).size}`)
})

for (const broken of ['state.new', 'log']) {
  t.test(`what cannot be written is told in another epoch, until it can: ${broken}`, async (t) => {
    const { directory, path, epoch } = await written(t, 2)
    const one = await open(t, directory)
    await one.lead()
    await append(one.stream, 30)
    // Whatever the disk says: here it is a directory where a file should be.
    if (broken === 'log') rmSync(path('log'))
    mkdirSync(path(broken === 'log' ? 'state.new' : broken), { recursive: true })
    t.equal(await append(one.stream, 40), true, 'it is told all the same')
    await append(one.stream, 50)
    const apart = one.stream.position
    t.not(apart.epoch, epoch)
    t.equal(apart.seq, 5, 'the numbers go on')
    t.strictSame(one.seqs, [3, 4, 5])
    t.match(one.begun, [{}, { position: { epoch: apart.epoch, seq: 3 }, updates: [] }], 'once')
    t.match(one.faults[0], /STATE_DIR.*(EISDIR|ENOENT)/)

    // Whoever starts on it now knows nothing of that epoch.
    const copy = directoryOf(t)
    for (const name of ['log', 'state']) cpSync(path(name), join(copy, name), { force: true })
    const other = await open(t, copy)
    t.not(other.stream.position.epoch, apart.epoch)

    rmSync(path(broken === 'log' ? 'state.new' : broken), { recursive: true })
    await append(one.stream, 60)
    t.equal(one.faults.at(-1), null)
    t.strictSame(one.stream.position, { epoch: apart.epoch, seq: 6 }, 'that epoch lasts')
    await append(one.stream, 70)
    await one.stream.close()
    const two = await open(t, directory)
    t.strictSame(two.stream.position, { epoch: apart.epoch, seq: 7 })
    t.strictSame(two.begun[0]?.updates.map(({ seq }) => seq), [6, 7])
  })
}

t.test('two on one directory: the second is refused, and not when the first has ended', async (t) => {
  const directory = directoryOf(t)
  const one = await open(t, directory)
  await t.rejects(open(t, directory), { message: /is used by another process/ })
  await one.stream.close()
  await open(t, directory)
  t.strictSame(readdirSync(directory).filter((name) => name.includes('lock')).length, 1)
})

t.test('of many that start at once one has it', async (t) => {
  // Here all of them wait for the same event loop: one that is slow to answer is not one whose process is stopped.
  const clock: Clock = { ...systemClock, schedule: (task, ms) => ms < 1_000 ? systemClock.schedule(task, ms) : () => {} }
  for (let round = 0; round < 5; round++) {
    const directory = directoryOf(t)
    const starts = await Promise.allSettled(Array.from({ length: 8 }, () => open(t, directory, { clock })))
    t.equal(starts.filter(({ status }) => status === 'fulfilled').length, 1)
  }
})

t.test('a directory that cannot be one says so', async (t) => {
  const directory = directoryOf(t)
  writeFileSync(join(directory, 'file'), '')
  await t.rejects(open(t, join(directory, 'file')), { message: /cannot be used/ })
  await t.rejects(open(t, join(directory, 'file/below')), { message: /cannot be used/ })
  await t.rejects(open(t, join(directory, 'x'.repeat(100))), { message: /its path is longer than/ })
  await open(t, join(directory, 'made/as/needed'))
})
