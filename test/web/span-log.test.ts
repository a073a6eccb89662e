import t from 'tap'
import type { Alert, Snapshot } from '../../client/types.ts'
import { createSpanLog } from '../../web/state/span-log.ts'
import type { Regressions } from '../../web/state/spans.ts'
import { settle } from '../support/fake-clock.ts'

const iso = (time: number) => new Date(time).toISOString()
const alertOf = (id: string, state: Alert['state'] = 'opened') =>
  ({ id, pop: id, state, severity: 'warning', since: iso(1_000), ...state === 'resolved' && { closeReason: 'gone' } }) as Alert

function setUp () {
  const listeners = new Map<string, (event: any) => void>()
  const asked: Array<{ answer (regressions: Regressions): Promise<void>, fail (): Promise<void> }> = []
  let now = 0
  const feed = {
    snapshot: { connection: { name: 'connecting' }, alerts: new Map(), freshness: { dataTime: null } } as unknown as Snapshot,
    on: (name: string, listener: (event: any) => void) => {
      listeners.set(name, listener)
      return () => listeners.delete(name)
    }
  }
  const get = () => new Promise<Regressions>((resolve, reject) => {
    asked.push({
      answer: (regressions) => {
        resolve(regressions)
        return settle()
      },
      fail: () => {
        reject(new Error('fetch failed'))
        return settle()
      }
    })
  })
  const log = createSpanLog(feed, get, () => now)
  const become = (name: string) => {
    feed.snapshot = { ...feed.snapshot, connection: { name } as Snapshot['connection'] }
    listeners.get('connection')!({ name })
    listeners.get('change')!(feed.snapshot)
  }
  /** An update at a time of the data, with alerts before it. */
  const update = (time: number, open: string[], ...alerts: Alert[]) => {
    for (const alert of alerts) listeners.get('alert')!({ alert, replay: false })
    feed.snapshot = {
      ...feed.snapshot,
      alerts: new Map(open.map((id) => [id, alertOf(id)])),
      freshness: { ...feed.snapshot.freshness, dataTime: new Date(time) }
    }
    listeners.get('change')!(feed.snapshot)
  }
  const spans = () => log.spans.value.map(({ id, to, closeReason }) => [id, to, closeReason])
  const unseen = () => log.spans.value.map(({ goneBy }) => goneBy)
  return { log, asked, become, update, spans, unseen, listeners, wait: (ms: number) => { now += ms } }
}

t.test('of the answer first, then of alerts, by the time of their update', async (t) => {
  const { log, asked, become, update, spans, listeners } = setUp()
  t.equal(asked.length, 0)
  become('live')
  const closed = [{ ...alertOf('old', 'resolved'), closedAt: iso(2_000), closeReason: 'recovered' }]
  await asked[0]!.answer({ open: [], closed })
  t.strictSame(spans(), [['old', 2_000, 'recovered']])
  update(5_000, ['a'], alertOf('a'))
  update(6_000, [], alertOf('a', 'resolved'))
  t.strictSame(spans(), [['old', 2_000, 'recovered'], ['a', 6_000, 'gone']])
  t.equal(asked.length, 1, 'and not again')
  log.close()
  t.equal(listeners.size, 0)
})

t.test('one that ended while the connection was lost', async (t) => {
  const { asked, become, update, spans, unseen } = setUp()
  become('live')
  await asked[0]!.answer({ open: [alertOf('a')], closed: [] })
  update(5_000, ['a'])
  become('waiting')
  update(6_000, [])
  t.strictSame(spans(), [['a', null, null]], 'while it is not live nothing is known of what ended')
  become('live')
  t.strictSame(spans(), [['a', 5_000, null]], 'until it was last known')
  t.strictSame(unseen(), [6_000], 'and of then on it is known that it is not')
  t.equal(asked.length, 2)
  await asked[1]!.answer({ open: [], closed: [{ ...alertOf('a', 'resolved'), closedAt: iso(5_500), closeReason: 'recovered' }] })
  t.strictSame(spans(), [['a', 5_500, 'recovered']])
  t.strictSame(unseen(), [null])
})

t.test('an answer that is older than an alert does not open it again', async (t) => {
  const { asked, become, update, spans } = setUp()
  become('live')
  update(5_000, [], alertOf('a', 'resolved'))
  await asked[0]!.answer({ open: [alertOf('a'), alertOf('b')], closed: [] })
  t.strictSame(spans(), [['a', 5_000, 'gone'], ['b', 5_000, null]])
})

t.test('a failure is tried again, not before half a minute', async (t) => {
  const { asked, become, update, wait } = setUp()
  become('live')
  await asked[0]!.fail()
  update(5_000, [])
  t.equal(asked.length, 1)
  wait(30_000)
  update(6_000, [])
  t.equal(asked.length, 2)
  update(7_000, [])
  t.equal(asked.length, 2, 'one at a time')
})
