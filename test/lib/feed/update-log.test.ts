import t from 'tap'
import { payloadOf } from '../../support/fake-socket.ts'
import type { LogEntry } from '../../../lib/feed/update-log.ts'
import { alertMessage } from '../../../lib/feed/alert.ts'
import { PLAIN } from '../../../lib/clients/websocket/encodings.ts'
import { outcomeOf, REGRESSION, UPDATE } from '../../support/clients.ts'
import { memoryLog, type MemoryLogOptions } from '../../support/memory-logs.ts'

const messageOf = (shared: LogEntry['metrics']) => JSON.parse(payloadOf(shared.as(PLAIN)).toString())
const seqsOf = (entries: readonly LogEntry[]) => entries.map(({ seq }) => seq)

async function logAndWay (ticks: number, options: Partial<MemoryLogOptions> = {}) {
  const { updates, append } = memoryLog({ epoch: 'e1', maxEntries: 5, maxBytes: 1_048_576, ...options })
  for (let seq = 1; seq <= ticks; seq++) await append(outcomeOf())
  return { log: updates, append }
}

const logOf = async (ticks: number, options: Partial<MemoryLogOptions> = {}) => (await logAndWay(ticks, options)).log

const positions: Array<{ name: string, ticks: number, position: { epoch: string, seq: number }, missed: number[] | string }> = [
  { name: 'nothing was missed', ticks: 3, position: { epoch: 'e1', seq: 3 }, missed: [] },
  { name: 'some were', ticks: 3, position: { epoch: 'e1', seq: 1 }, missed: [2, 3] },
  { name: 'everything', ticks: 3, position: { epoch: 'e1', seq: 0 }, missed: [1, 2, 3] },
  { name: 'nothing was published yet', ticks: 0, position: { epoch: 'e1', seq: 0 }, missed: [] },
  { name: 'all that the log keeps', ticks: 9, position: { epoch: 'e1', seq: 4 }, missed: [5, 6, 7, 8, 9] },
  { name: 'one more than the log keeps', ticks: 9, position: { epoch: 'e1', seq: 3 }, missed: 'too_old' },
  { name: 'a position of another process', ticks: 3, position: { epoch: 'e0', seq: 2 }, missed: 'other_epoch' },
  { name: 'a position that is still to come', ticks: 3, position: { epoch: 'e1', seq: 4 }, missed: 'unknown_seq' }
]

for (const { name, ticks, position, missed } of positions) {
  t.test(`after a position: ${name}`, async (t) => {
    const found = (await logOf(ticks)).readAfter(position)
    t.strictSame('entries' in found ? seqsOf(found.entries) : found.unrecoverable, missed)
  })
}

t.test('entries hold the messages as they are sent again', async (t) => {
  const { log, append } = await logAndWay(0)
  await append(outcomeOf([{ state: 'opened', regression: REGRESSION }]))
  const [entry] = log.last(1) as [LogEntry]
  t.strictSame(messageOf(entry.metrics), { ...UPDATE, replay: true })
  t.strictSame(entry.alerts.at(1, false).map(messageOf), [{ ...alertMessage(REGRESSION, 'e1', 1), replay: true }])
})

t.test('the last ones, as many as there are', async (t) => {
  const log = await logOf(3)
  t.strictSame([0, 1, 2, 3, 10].map((count) => seqsOf(log.last(count))), [[], [3], [2, 3], [1, 2, 3], [1, 2, 3]])
})

t.test('bytes are bounded as well, the oldest go first', async (t) => {
  const { bytes } = ((await logOf(1)).last(1)[0] as LogEntry).metrics
  t.strictSame(seqsOf((await logOf(5, { maxBytes: 3 * bytes })).last(5)), [3, 4, 5])
  t.strictSame(seqsOf((await logOf(5, { maxBytes: 3 * bytes - 1 })).last(5)), [4, 5])
  t.strictSame(seqsOf((await logOf(5, { maxBytes: 1 })).last(5)), [], 'not even one')
  t.strictSame((await logOf(5, { maxBytes: 1 })).readAfter({ epoch: 'e1', seq: 4 }), { unrecoverable: 'too_old' })
  t.strictSame((await logOf(5, { maxBytes: 1 })).readAfter({ epoch: 'e1', seq: 5 }), { entries: [] })
})

t.test('followers get every tick, and append waits for them', async (t) => {
  const { log, append } = await logAndWay(1)
  const got: unknown[] = []
  let done = false
  log.follow(async ({ tick }) => {
    got.push(tick?.seq)
    await new Promise((resolve) => setImmediate(resolve))
    done = true
  })
  await append(outcomeOf())
  t.strictSame(got, [2], 'not what was before')
  t.ok(done)
})

t.test('a failure has no place in the stream', async (t) => {
  const { log, append } = await logAndWay(1)
  const got: unknown[] = []
  log.follow(({ tick, failure }) => { got.push([tick, failure]) })
  await append({ update: null, note: { failure: { code: 'SOURCE_TIMEOUT' }, isTick: true } })
  t.strictSame(got, [[null, { code: 'SOURCE_TIMEOUT' }]])
  t.equal(log.seq, 1)
})
