import t from 'tap'
import { AlertmanagerReceiver, REPEAT_MS, VALID_MS } from '../../../lib/notify/alertmanager.ts'
import { REMIND_MS } from '../../../lib/outage.ts'
import { START } from '../../support/clients.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { alertOf, changeOf, PUBLIC_URL } from '../../support/notify.ts'
import { deliveriesTo, unreachable, type Posted } from '../../support/posts.ts'

function setUp (...hosts: string[]) {
  const clock = new FakeClock(Date.parse(START))
  const { deliveries, ...rest } = deliveriesTo('alertmanager', clock, ...hosts)
  const receiver = new AlertmanagerReceiver({ deliveries, clock })
  const fire = (alert = alertOf()) => receiver.changed(changeOf('firing', alert, clock.now()))
  const resolve = (alert = alertOf()) => receiver.changed(changeOf('resolved', alert, clock.now()))
  return { clock, receiver, fire, resolve, ...rest }
}

interface Body { labels: Record<string, string>, startsAt: string, endsAt: string, generatorURL: string }
const read = ({ body }: Posted) => JSON.parse(body) as Body[]
/** Which PoPs fire when it is told, and which have ended. */
const summed = (posted: Posted, now: number) =>
  read(posted).map(({ labels: { pop, severity }, endsAt }) =>
    `${pop} ${severity} ${Date.parse(endsAt) > now ? 'fires' : 'ended'}`)

t.test('what fires is told with when it ends by itself, what comes together in one post', async (t) => {
  const { clock, posted, fire, counts } = setUp('am')
  fire()
  fire(alertOf('ams1', 'critical'))
  await clock.advance(0)
  t.equal(posted.length, 1)
  t.match(read(posted[0] as Posted), [
    {
      labels: { alertname: 'PopcastRegression', pop: 'fra1', country: 'DE', city: 'Frankfurt', tier: '1', severity: 'warning' },
      startsAt: START,
      endsAt: new Date(clock.now() + VALID_MS).toISOString(),
      generatorURL: `${PUBLIC_URL}/api/pops/fra1`
    },
    { labels: { pop: 'ams1', severity: 'critical' } }
  ])
  t.equal(counts.get('delivered'), 1)
})

t.test('one for whom another one tells says nothing, and knows what is so when it is to tell', async (t) => {
  const clock = new FakeClock(Date.parse(START))
  const { deliveries, posted } = deliveriesTo('alertmanager', clock, 'am')
  let isTelling = false
  const receiver = new AlertmanagerReceiver({ deliveries, isTelling: () => isTelling, clock })
  receiver.changed(changeOf('firing', alertOf(), clock.now()))
  receiver.changed(changeOf('firing', alertOf('ams1'), clock.now()))
  receiver.changed(changeOf('resolved', alertOf('ams1'), clock.now()))
  await clock.advance(2 * REPEAT_MS)
  t.strictSame([posted.length, receiver.waiting], [0, 0])
  isTelling = true
  receiver.takeOver()
  await clock.advance(0)
  t.strictSame(posted.flatMap((one) => summed(one, clock.now())), ['fra1 warning fires', 'ams1 warning ended'])
  await clock.advance(REPEAT_MS)
  t.equal(posted.length, 2, 'and again, as any')
  isTelling = false
  await clock.advance(10 * REPEAT_MS)
  t.equal(posted.length, 2, 'until another one does')
})

t.test('it is told again well before it would end', async (t) => {
  const { clock, posted, fire } = setUp('am')
  fire()
  await clock.advance(10 * REPEAT_MS)
  t.equal(posted.length, 11)
  const ends = posted.map((one) => Date.parse((read(one)[0] as Body).endsAt))
  for (const [index, end] of ends.slice(0, -1).entries()) {
    t.ok(end > Date.parse(START) + (index + 1) * REPEAT_MS, `until post ${index + 2}`)
  }
})

t.test('its end is told, and told again until it would have come by itself; then nothing is', async (t) => {
  const { clock, posted, fire, resolve, receiver } = setUp('am')
  fire()
  fire(alertOf('ams1'))
  await clock.advance(5_000)
  resolve()
  await clock.advance(0)
  t.strictSame(summed(posted.at(-1) as Posted, clock.now()), ['ams1 warning fires', 'fra1 warning ended'])
  resolve(alertOf('ams1'))
  await clock.advance(VALID_MS + 2 * REPEAT_MS)
  t.equal(clock.pendingTimers, 0, 'all is told')
  t.ok(posted.length >= 5)
  t.equal(receiver.waiting, 0)
})

t.test('another severity is another alert: the one before has ended', async (t) => {
  const { clock, posted, fire, receiver } = setUp('am')
  fire()
  await clock.advance(0)
  receiver.changed(changeOf('firing', alertOf('fra1', 'critical'), clock.now(), alertOf()))
  await clock.advance(0)
  t.strictSame(summed(posted.at(-1) as Posted, clock.now()), ['fra1 critical fires', 'fra1 warning ended'])
  receiver.changed(changeOf('firing', alertOf(), clock.now(), alertOf('fra1', 'critical')))
  await clock.advance(0)
  t.strictSame(summed(posted.at(-1) as Posted, clock.now()), ['fra1 warning fires', 'fra1 critical ended'], 'and back')
})

t.test('one of several that is down keeps nobody else from it, and is told what is so when it is back', async (t) => {
  const { clock, posted, network, fire, resolve, receiver, counts, log } = setUp('dead', 'live')
  let isDown = true
  network.answer = async ({ host }) => {
    if (isDown && host === 'dead') throw unreachable()
    return 200
  }
  fire()
  await clock.advance(0)
  t.equal(receiver.waiting, 1)
  fire(alertOf('ams1'))
  resolve()
  await clock.advance(20_000)
  const live = posted.filter(({ host }) => host === 'live')
  t.equal(live.length, 2)
  t.strictSame(posted.filter(({ host }) => host === 'dead').length, 5, 'after 0.75, 1.5, 3 and 6 s')
  t.equal(counts.get('failed'), 5)
  isDown = false
  await clock.advance(12_000)
  t.strictSame(summed(posted.at(-1) as Posted, clock.now()), ['ams1 warning fires', 'fra1 warning ended'])
  t.equal(receiver.waiting, 0)
  const outage = { detail: 'ECONNREFUSED: no', failures: 1, forMs: 0 }
  t.match(log.of('notify_failed')[0], { level: 'warn', host: 'dead', receiver: 'alertmanager', ...outage })
  t.match(log.of('notify_recovered'), [{ host: 'dead', failures: 5 }])
  t.notMatch(JSON.stringify(log.lines), /path-of-a-secret/)
  t.equal(log.of('notify_failed').filter(({ level }) => level === 'warn').length, 1, 'once')
})

t.test('an outage that goes on is told every few minutes, with how often it was tried', async (t) => {
  const { clock, network, log, fire } = setUp('am')
  let answer = async (): Promise<number> => { throw unreachable() }
  network.answer = () => answer()
  fire()
  await clock.advance(2 * REMIND_MS + 60_000)
  const failed = log.of('notify_failed')
  const [first, second, third, ...more] = failed.filter(({ level }) => level === 'warn')
  t.match([first, second, third], [{ failures: 1, forMs: 0 }, { detail: 'ECONNREFUSED: no' }, { host: 'am' }])
  t.strictSame(more, [])
  for (const [line, after] of [[second, REMIND_MS], [third, 2 * REMIND_MS]] as const) {
    const { forMs, failures } = line as unknown as Record<'forMs' | 'failures', number>
    t.ok(forMs >= after && forMs < after + 60_000, `${forMs}`)
    t.equal(failures, failed.indexOf(line!) + 1, 'each attempt is counted')
  }
  answer = async () => 200
  await clock.advance(60_000)
  t.match(log.of('notify_recovered'), [{ failures: failed.length }])
  answer = async () => 503
  await clock.advance(REPEAT_MS)
  const isNew = { level: 'warn', detail: 'status 503', failures: 1, forMs: 0 }
  t.match(log.of('notify_failed').slice(failed.length), [isNew], 'a new one')
})

t.test('an answer that is a refusal is no success', async (t) => {
  const { clock, posted, network, fire } = setUp('am')
  network.answer = async () => 400
  fire()
  await clock.advance(60_000)
  t.equal(posted.length, 7, 'it is tried again, ever less often')
})

t.test('who stops tells nobody that anything has ended', async (t) => {
  const { clock, posted, fire, receiver } = setUp('am')
  fire()
  await clock.advance(0)
  await receiver.stop()
  await clock.advance(VALID_MS)
  t.equal(posted.length, 1)
  t.equal(clock.pendingTimers, 0)
})

t.test('what is new when it stops is still told', async (t) => {
  const { clock, posted, fire, resolve, receiver } = setUp('am')
  fire()
  await clock.advance(0)
  resolve()
  await receiver.stop()
  t.strictSame(summed(posted.at(-1) as Posted, clock.now()), ['fra1 warning ended'])
})
