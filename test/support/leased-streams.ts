import type { Test } from 'tap'
import type { LeasedLog, LeasedLogOptions } from '../../lib/cluster/leased-log.ts'
import { systemClock } from '../../lib/clock.ts'
import { FindingsCodec } from '../../lib/feed/findings-codec.ts'
import type { Findings } from '../../lib/feed/tick.ts'
import type { Note } from '../../lib/feed/update-log.ts'
import { REGRESSION } from './clients.ts'
import { FakeLog } from './fake-log.ts'
import { append, Recorder } from './shared-log-suite.ts'

type Options = Omit<LeasedLogOptions<Findings>, 'engine'>

export const findingsCodec = () => new FindingsCodec((id) => id === REGRESSION.id ? 1 : undefined)

let count = 0

/** A number that nobody has had. */
export const next = (): number => ++count

/** One that reads and may lead, with what it says beside the stream. @param open where the stream is */
export function openLeased<Stream extends LeasedLog<Findings, Note>> (
  t: Test,
  open: (options: Options & { log: FakeLog }) => Stream
) {
  const log = new FakeLog()
  const away: Array<string | null> = []
  const asked = { demand: 0, wants: false }
  const instance = `i${next()}`
  const stream = open({
    instance,
    codec: findingsCodec(),
    maxEntries: 5,
    intervalMs: 100,
    newEpoch: () => `e${next()}`,
    clock: systemClock,
    log,
    about: () => ({ version: '1' }),
    wantsData: () => asked.wants,
    onDemand: () => { asked.demand++ },
    onAway: (reason) => { away.push(reason) }
  })
  t.teardown(() => stream.close())
  return Object.assign(new Recorder(stream), { log, away, asked, instance })
}

/** Follows, and competes for the lead; the first one has it when this resolves. */
export async function join<One extends Recorder> (one: One, leads: boolean): Promise<One> {
  const begun = one.follow()
  if (leads) await one.lead()
  await begun
  return one
}

/** One that leads and one that follows, which have read its first update. */
export async function leaderAndFollower<One extends Recorder> (open: () => One): Promise<[One, One]> {
  const [a, b] = [await join(open(), true), await join(open(), false)]
  await tick(a, 10)
  await b.until(() => b.seqs.length === 1)
  return [a, b]
}

/** What a tick-maker does in its turn. @returns whether it was appended */
export async function tick ({ stream }: Recorder, queryMs: number): Promise<boolean> {
  return await stream.begin() && await append(stream, queryMs, `memory ${queryMs}`)
}

/** What a proxy gives of its target: methods as those of the target. */
export function bound (target: object, key: string | symbol): unknown {
  const value = Reflect.get(target, key, target) as unknown
  return typeof value === 'function' ? value.bind(target) : value
}
