import t from 'tap'
import { FindingsCodec } from '../../../lib/feed/findings-codec.ts'
import { Intake } from '../../../lib/feed/intake.ts'
import { Keeper } from '../../../lib/feed/keeper.ts'
import { Leading } from '../../../lib/feed/leading.ts'
import { Poller } from '../../../lib/feed/poller.ts'
import { Schedule } from '../../../lib/feed/schedule.ts'
import { TickMaker } from '../../../lib/feed/tick-maker.ts'
import type { Findings } from '../../../lib/feed/tick.ts'
import { Troubles } from '../../../lib/feed/troubles.ts'
import { UpdateLog, type Note } from '../../../lib/feed/update-log.ts'
import { View } from '../../../lib/feed/view.ts'
import { WriterPhase } from '../../../lib/feed/writer-phase.ts'
import { MemoryLog } from '../../../lib/cluster/memory-log.ts'
import type { Reader } from '../../../lib/cluster/shared-log.ts'
import { SummaryStore } from '../../../lib/fleet/summary-store.ts'
import { NOWHERE, type SampleSource } from '../../../lib/source/sample-source.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { FakeLog } from '../../support/fake-log.ts'

const START = Date.UTC(2026, 5, 1)
const INTERVAL_MS = 10_000
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const FUNCTIONS = ['auth', 'images', 'render', 'search']

interface Writer {
  pop: string
  everyMs: number
  value: (time: number) => number
  until?: number
}

/** Slow, fast, regressed, about to recover, silent. */
const WRITERS: Writer[] = [
  { pop: 'ams1', everyMs: INTERVAL_MS, value: () => 5 },
  { pop: 'fra1', everyMs: INTERVAL_MS, value: (time) => time >= START + 5 * MINUTE_MS ? 12 : 5 },
  { pop: 'gru1', everyMs: INTERVAL_MS, value: (time) => time >= START + 5 * MINUTE_MS && time < START + 16 * MINUTE_MS ? 9 : 5 },
  { pop: 'lhr1', everyMs: 5 * MINUTE_MS, value: (time) => time >= START - 30 * MINUTE_MS ? 15 : 5 },
  { pop: 'nrt1', everyMs: INTERVAL_MS, value: () => 6, until: START + 8 * MINUTE_MS }
]

function sourceOf (clock: FakeClock): SampleSource {
  const keys = new Map(WRITERS.flatMap(({ pop }) => FUNCTIONS.map((functionName) =>
    [`${pop} ${functionName}`, { id: `${pop} ${functionName}`, pop, functionName }] as const)))
  return {
    kind: 'demo',
    async read ({ start, stop }, take) {
      let rows = 0
      for (const { pop, everyMs, value, until = Infinity } of WRITERS) {
        for (let time = Math.ceil(start / everyMs) * everyMs; time < Math.min(stop, clock.now() + 1, until); time += everyMs) {
          for (const [index, name] of FUNCTIONS.entries()) {
            // Noise that depends on nothing but the time.
            const noise = ((time / everyMs * 7 + index * 3) % 11 - 5) / 50
            take(keys.get(`${pop} ${name}`)!, { ...NOWHERE, city: pop }, time, value(time) + noise)
            rows++
          }
        }
      }
      return { rows, bytes: 0, ignored: 0 }
    },
    places: async () => new Map(WRITERS.map(({ pop }) => [pop, { sampleTime: clock.now(), latitude: 50, longitude: 8 }])),
    explain: async () => null,
    ping: async () => {},
    close: async () => {}
  }
}

/** One process: what is told of its ticks, and what it leaves to the next. */
class Process {
  readonly clock: FakeClock
  readonly log = new FakeLog()
  readonly updates = new UpdateLog({ maxEntries: 10, maxBytes: 1_048_576 })
  readonly told: Findings[] = []
  readonly memory: { text: string | null, kept: Map<string, string> } = { text: null, kept: new Map() }
  readonly #stream = new MemoryLog<Findings, Note>('e1')
  readonly #leading: Leading
  readonly #tickMaker: TickMaker

  constructor (clock: FakeClock) {
    this.clock = clock
    const source = sourceOf(clock)
    const store = new SummaryStore()
    const troubles = new Troubles(this.log)
    const isWanted = () => true
    const view = new View({ updates: this.updates, clock, intervalMs: INTERVAL_MS })
    const phase = new WriterPhase(INTERVAL_MS)
    const schedule = new Schedule({ intervalMs: INTERVAL_MS, clock, phase })
    const keep = async (name: string, text: (() => string) | null) => {
      if (text === null) this.memory.kept.delete(name)
      else this.memory.kept.set(name, text())
    }
    const settings = { intervalMs: INTERVAL_MS, windowMs: 10 * MINUTE_MS, healthyBelowMs: 10, minDeviationMs: 0.5 }
    const limits = { maxRows: 1_000_000, maxBytes: 1e8 }
    this.#leading = new Leading({
      newIntake: () => new Intake({
        ...settings,
        source,
        store,
        clock,
        log: this.log,
        troubles,
        isWanted,
        newNormalAfterMs: 24 * HOUR_MS,
        limits,
        maxAnswerRows: 1e5
      }),
      phase,
      keeper: new Keeper({ stream: { keep }, store, clock, log: this.log }),
      view,
      log: this.log
    })
    const { collect, memory } = this.#leading
    this.#tickMaker = new TickMaker({ source, collect, memory, schedule, stream: this.#stream, clock, log: this.log })
    // It is the test that makes the ticks.
    const poller = new Poller({ schedule, clock, isWanted: () => false, tick: settle, idle: () => {}, onError: () => {} })
    this.#leading.use(this.#tickMaker, poller)
  }

  /** @param before whose stream it goes on with; null: none */
  async begin (before: Process | null): Promise<this> {
    const codec = new FindingsCodec((id) => before?.updates.toldIn(id))
    const last = before?.told.at(-1)
    const reader: Reader<Findings, Note> = {
      begin: (history) => this.updates.begin(history),
      next: (read) => {
        if (read.update !== null) this.told.push(read.update)
        return this.updates.next(read)
      }
    }
    await this.#stream.follow(reader)
    if (last !== undefined && before !== null) {
      const position = { epoch: 'e1', seq: before.updates.seq }
      const update = codec.read(codec.write(last, position), position)
      await this.updates.begin({ position, updates: [{ seq: position.seq, update }], note: null, ageMs: 0 })
    }
    this.#leading.begin(before === null ? { text: null, kept: new Map() } : before.memory)
    return this
  }

  async tick (): Promise<void> {
    const ticked = this.#tickMaker.tick()
    await this.clock.advance(0)
    await this.clock.advance(600)
    await ticked
    this.memory.text = this.#leading.memory()
    await this.#leading.keep()
    await this.clock.advance(200)
  }
}

const comparable = ({ pops, events, regressions, overview, silentPops, header, dataTime }: Findings) => ({
  pops: pops.states,
  changed: pops.changes.map(({ after }) => after?.code),
  events: events.map(({ state, regression }) => [state, regression.id, regression.severity]),
  open: regressions.open.map(({ id, state }) => [id, state]),
  closed: regressions.closed.map(({ id, closeReason }) => [id, closeReason]),
  overview,
  silentPops,
  status: header.status,
  dataTime
})

/** Ticks of one that goes on, and of one that takes over from one that ended in the same way. */
async function compare (t: typeof import('tap').default.t, ticksBefore: number, ticksAfter: number) {
  const run = async (handsOver: boolean) => {
    const clock = new FakeClock(START)
    let process = await new Process(clock).begin(null)
    for (let ticks = 0; ticks < ticksBefore + ticksAfter; ticks++) {
      if (ticks === ticksBefore && handsOver) process = await new Process(clock).begin(process)
      await process.tick()
      await clock.advance(INTERVAL_MS - (clock.now() - START) % INTERVAL_MS + 500)
    }
    return process
  }
  const [stayed, successor] = [await run(false), await run(true)]
  const expected = stayed.told.slice(-ticksAfter).map(comparable)
  t.equal(successor.told.length, ticksAfter)
  for (const [index, findings] of successor.told.entries()) t.strictSame(comparable(findings), expected[index], `tick ${index}`)
  return { stayed, successor }
}

t.test('who takes over says what the one before would have said', async (t) => {
  const { stayed, successor } = await compare(t, 80, 30)
  const told = (process: Process) => process.log.lines.filter(({ event }) => String(event).startsWith('regression_'))
  t.ok(stayed.told[79]?.regressions.open.length === 3, 'some were open')
  t.notOk(told(successor).some(({ event }) => event === 'regression_opened'), 'and none opens again')
  t.ok(successor.told.some(({ events }) => events.some(({ state }) => state === 'resolved')), 'one ends')
})

t.test('also soon after the start, when little is known', async (t) => {
  await compare(t, 2, 10)
})

t.test('what cannot be read is as if it had not been kept, but for what is open', async (t) => {
  const clock = new FakeClock(START + 20 * MINUTE_MS)
  const first = await new Process(clock).begin(null)
  for (let ticks = 0; ticks < 10; ticks++) {
    await first.tick()
    await clock.advance(INTERVAL_MS)
  }
  const open = first.told.at(-1)?.regressions.open.map(({ id }) => id)
  t.ok(open !== undefined && open.length > 0)
  first.memory.text = '{"fleet":'
  for (const name of first.memory.kept.keys()) first.memory.kept.set(name, 'no JSON')
  const second = await new Process(clock).begin(first)
  await second.tick()
  t.strictSame(second.told.at(-1)?.regressions.open.map(({ id }) => id), open)
  t.equal(second.log.of('memory_unreadable').length, 1 + first.memory.kept.size)
})

/** What is not what was written, in every way that is JSON or none. */
const damaged = [
  '', 'no JSON', 'null', '5', '[]', '{}', '"text"', '{"phase":{},"fleet":{}}', '{"fleet":{"detector":5},"phase":null}'
]

for (const text of damaged) {
  t.test(`a memory that makes no sense keeps nobody from going on: ${text}`, async (t) => {
    const clock = new FakeClock(START)
    const before = await new Process(clock).begin(null)
    for (let ticks = 0; ticks < 80; ticks++) {
      await before.tick()
      await clock.advance(INTERVAL_MS - (clock.now() - START) % INTERVAL_MS + 500)
    }
    before.memory.text = text
    const successor = await new Process(clock).begin(before)
    t.match(successor.log.of('memory_unreadable'), [{ level: 'warn' }])
    await successor.tick()
    const open = (process: Process) => process.told.at(-1)?.regressions.open.map(({ id }) => id)
    t.strictSame(open(successor), open(before), 'what is open goes on with the same id')
  })
}

t.test('a memory of which a bit has changed is not believed, and one that was written without a check is', async (t) => {
  const before = await new Process(new FakeClock(START)).begin(null)
  await before.tick()
  const { text } = before.memory
  before.memory.text = text!.replace('"phase"', '"phasf"')
  t.equal((await new Process(before.clock).begin(before)).log.of('memory_unreadable').length, 1)
  before.memory.text = text!.split('\n')[0]!
  t.equal((await new Process(before.clock).begin(before)).log.of('memory_unreadable').length, 0)
})
