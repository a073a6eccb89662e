import fc from 'fast-check'
import t from 'tap'
import type { Headline, HeadlineKind } from '../../web/state/headline.ts'
import { announced, QUIET_MS, unsaid, type Announcer, type Truth } from '../../web/state/announcer.ts'
import { alertOf, alertsOf } from '../support/client-values.ts'
import { seededRuns } from '../support/seed.ts'

const words: Partial<Record<HeadlineKind, readonly [string, ...string[]]>> = {
  connecting: ['CONNECTING'],
  live: ['LIVE', 'data 1.2 s old', 'next in 8 s'],
  late: ['LATE', 'update overdue 4 s'],
  reconnecting: ['RECONNECTING', 'next try in 4 s (try 2)'],
  failing: ['SOURCE FAILING', 'database unavailable since 10:39:04Z', 'data 12 s old'],
  failed: ['STOPPED', 'too many invalid messages (4501)'],
  empty: ['LIVE', 'no PoP reported in the last 10 min']
}

function headline (kind: HeadlineKind): Headline {
  const [word, ...details] = words[kind]!
  return { kind, word, details, age: null, action: null }
}

function truth (kind: HeadlineKind, ...pops: string[]): Truth {
  return { headline: headline(kind), alerts: alertsOf(...pops.map((pop) => alertOf({ id: `${pop}-1`, pop }))) }
}

/** What is said of what is true at these times, s. */
function said (...looks: Array<readonly [second: number, Truth]>): string[] {
  let announcer = unsaid
  return looks.flatMap(([second, now]) => {
    const before = announcer
    announcer = announced(before, now, second * 1_000)
    return announcer.count === before.count ? [] : [announcer.text]
  })
}

t.test('that the page connects is read with it, and what is open then is no news', async (t) => {
  t.strictSame(said([0, truth('connecting')], [1, truth('live', 'fra1')], [20, truth('live', 'fra1')]), ['Live.'])
})

t.test('another headline, without what ticks', async (t) => {
  t.strictSame(
    said([0, truth('live')], [20, truth('late')], [40, truth('reconnecting')], [60, truth('failing')], [80, truth('failed')],
      [100, truth('empty')]),
    ['Live.', 'Late.', 'Reconnecting.', 'Source failing, database unavailable since 10:39:04Z.',
      'Stopped, too many invalid messages (4501).', 'Live, no PoP reported in the last 10 min.'])
})

t.test('what has become critical, once', async (t) => {
  t.strictSame(
    said([0, truth('live')], [20, truth('live', 'fra1')], [21, truth('live', 'fra1')], [40, truth('live', 'fra1', 'ams1')]),
    ['Live.', 'Critical: fra1.', 'Critical: ams1.'])
})

t.test('not what is a warning, until it becomes critical', async (t) => {
  const warning = { ...truth('live'), alerts: alertsOf(alertOf({ id: 'fra1-1', severity: 'warning' })) }
  t.strictSame(said([0, truth('live')], [20, warning], [40, truth('live', 'fra1')]), ['Live.', 'Critical: fra1.'])
})

t.test('many at once are counted', async (t) => {
  t.strictSame(said([0, truth('live')], [20, truth('live', 'a', 'b', 'c', 'd', 'e')]), ['Live.', 'Critical: a, b, c and 2 more.'])
})

t.test('both in one', async (t) => {
  t.strictSame(said([0, truth('live')], [20, truth('late', 'fra1')]), ['Live.', 'Late. Critical: fra1.'])
})

t.test('what came while it had to be quiet is said then, if it is still so', async (t) => {
  t.strictSame(said([0, truth('live')], [1, truth('late')], [2, truth('reconnecting')], [10, truth('reconnecting')]),
    ['Live.', 'Reconnecting.'])
  t.strictSame(said([0, truth('live')], [1, truth('late', 'fra1')], [9, truth('live')], [30, truth('live')]), ['Live.'])
  t.strictSame(
    said([0, truth('live')], [1, truth('live', 'fra1')], [2, truth('live', 'fra1', 'ams1')], [10, truth('live', 'ams1')]),
    ['Live.', 'Critical: ams1.'])
})

t.test('the same words again are said again', async (t) => {
  const other = { ...truth('live'), alerts: alertsOf(alertOf({ id: 'fra1-2', pop: 'fra1' })) }
  t.strictSame(
    said([0, truth('live')], [20, truth('live', 'fra1')], [40, other]),
    ['Live.', 'Critical: fra1.', 'Critical: fra1.'])
})

t.test('what has been said does not stand there for good', async (t) => {
  const spoken = announced(unsaid, truth('live'), 0)
  const later = announced(spoken, truth('live'), QUIET_MS)
  t.equal(later.text, '')
  t.equal(announced(later, truth('live'), 2 * QUIET_MS), later, 'and nothing changes any more')
})

t.test('a clock that is set back keeps nobody waiting', async (t) => {
  t.strictSame(said([1_000, truth('live')], [500, truth('late')]), ['Live.', 'Late.'])
})

t.test('whatever happens: never twice in 10 s, and in the end what is true has been said', async (t) => {
  const kind = fc.constantFrom<HeadlineKind>('live', 'late', 'reconnecting', 'failing', 'empty')
  const pops = fc.subarray(['fra1', 'ams1', 'lhr2', 'gru1', 'nrt1'])
  const step = fc.record({ kind, pops, after: fc.integer({ min: 0, max: 15_000 }) })
  fc.assert(fc.property(fc.array(step), step, (steps, last) => {
    let [announcer, at]: [Announcer, number] = [unsaid, 0]
    let saidAt = -Infinity
    const look = (now: Truth, after: number) => {
      const before = announcer
      at += after
      announcer = announced(announcer, now, at)
      if (announcer.count === before.count) return
      if (at - saidAt < QUIET_MS) throw new Error(`said at ${saidAt} and at ${at}`)
      saidAt = at
    }
    for (const { kind, pops, after } of steps) look(truth(kind, ...pops), after)
    look(truth(last.kind, ...last.pops), last.after)
    look(truth(last.kind, ...last.pops), QUIET_MS)
    look(truth(last.kind, ...last.pops), QUIET_MS)
    return announcer.text === '' && last.pops.every((pop) => announcer.told!.has(`${pop}-1`)) &&
      announcer.headline.toUpperCase().startsWith(headline(last.kind).word)
  }), seededRuns(t, 300))
})
