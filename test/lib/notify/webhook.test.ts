import t from 'tap'
import type { Delivery } from '../../../lib/notify/delivery.ts'
import { STOP_TIMEOUT_MS } from '../../../lib/notify/receiver.ts'
import { signatureHeaders } from '../../../lib/notify/signature.ts'
import { MAX_AGE_MS, MAX_WAITING, WebhookReceiver } from '../../../lib/notify/webhook.ts'
import { START } from '../../support/clients.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { deferred } from '../../support/fake-source.ts'
import { alertOf, changeOf } from '../../support/notify.ts'
import { deliveriesTo, unreachable, type Posted } from '../../support/posts.ts'

const key = Buffer.from('a secret of a test')

function setUp () {
  const clock = new FakeClock(Date.parse(START))
  const { deliveries: [delivery], counts, log, ...rest } = deliveriesTo('webhook', clock, 'hooks')
  let ids = 0
  const receiver = new WebhookReceiver({ delivery: delivery as Delivery, counts, key, idOf: () => `msg_${++ids}`, clock, log })
  const fire = (pop = 'fra1') => receiver.changed(changeOf('firing', alertOf(pop), clock.now()))
  return { clock, receiver, fire, counts, log, ...rest }
}

const bodyOf = ({ body }: Posted) => JSON.parse(body)
const popOf = (posted: Posted) => bodyOf(posted).data.labels.pop

t.test('each change is told in order, signed', async (t) => {
  const { clock, receiver, fire, posted, counts } = setUp()
  fire()
  receiver.changed(changeOf('resolved', alertOf(), clock.now() + 1))
  await clock.advance(0)
  const [first, second] = posted as [Posted, Posted]
  t.strictSame(first.headers['webhook-id'], 'msg_1')
  t.match(bodyOf(first), {
    type: 'alert.firing',
    timestamp: START,
    data: {
      status: 'firing',
      labels: { alertname: 'PopcastRegression', pop: 'fra1', severity: 'warning' },
      annotations: { summary: /^fra1: 10 ms/ },
      startsAt: START,
      endsAt: null,
      generatorURL: /\/api\/pops\/fra1$/,
      regression: { id: 'fra1_1', pop: 'fra1', zScore: 3 }
    }
  })
  t.match(bodyOf(second), { type: 'alert.resolved', data: { status: 'resolved', endsAt: /Z$/ } })
  t.strictSame(first.headers, signatureHeaders(key, 'msg_1', Date.parse(START) / 1_000, first.body))
  t.strictSame(second.headers, signatureHeaders(key, 'msg_2', Date.parse(START) / 1_000, second.body))
  t.equal(counts.get('delivered'), 2)
  t.equal(clock.pendingTimers, 0)
})

t.test('what fails comes again: the same message, signed anew, before the others', async (t) => {
  const { clock, fire, posted, network, receiver, log } = setUp()
  network.answer = async () => { throw unreachable() }
  fire()
  fire('ams1')
  await clock.advance(1_000)
  t.strictSame(posted.map(({ headers }) => headers['webhook-id']), ['msg_1', 'msg_1'])
  t.equal(receiver.waiting, 2)
  network.answer = async () => 204
  await clock.advance(5_000)
  t.strictSame(posted.map(popOf), ['fra1', 'fra1', 'fra1', 'ams1'])
  const last = posted[2] as Posted
  t.strictSame(last.headers, signatureHeaders(key, 'msg_1', Date.parse(START) / 1_000 + 2, last.body), '2.25 s later')
  t.match(log.of('notify_recovered'), [{ failures: 2 }])
})

const statuses = [
  { status: 200, tries: 1, dropped: 0 },
  { status: 302, tries: 2, dropped: 0 },
  { status: 400, tries: 1, dropped: 1 },
  { status: 410, tries: 1, dropped: 1 },
  { status: 429, tries: 2, dropped: 0 },
  { status: 503, tries: 2, dropped: 0 }
]

for (const { status, tries, dropped } of statuses) {
  t.test(`an answer of ${status}`, async (t) => {
    const { clock, fire, posted, network, counts, log } = setUp()
    network.answer = async () => status
    fire()
    await clock.advance(1_000)
    t.equal(posted.length, tries)
    t.equal(counts.get('dropped'), dropped)
    t.equal(log.of('notify_dropped').length, dropped)
  })
}

t.test('what was refused for good does not keep the next from being told', async (t) => {
  const { clock, fire, posted, network } = setUp()
  network.answer = async (one) => popOf(one) === 'fra1' ? 400 : 200
  fire()
  fire('ams1')
  await clock.advance(1_000)
  t.strictSame(posted.map(popOf), ['fra1', 'ams1'])
})

t.test('of more than may wait the oldest are dropped, and that is told', async (t) => {
  const { clock, receiver, fire, posted, network, counts, log } = setUp()
  const answer = deferred<number>()
  network.answer = () => answer.promise
  for (let index = 0; index < MAX_WAITING + 3; index++) fire(`pop${index}`)
  t.equal(receiver.waiting, MAX_WAITING)
  t.equal(counts.get('dropped'), 3)
  t.match(log.of('notify_dropped').at(-1), { level: 'warn', reason: 'queue_full', dropped: 3, receiver: 'webhook' })
  network.answer = async () => 200
  answer.resolve(200)
  await clock.advance(0)
  t.strictSame(posted.map(popOf).slice(0, 3), ['pop0', 'pop4', 'pop5'], 'the one that was under way, and the newest')
  t.equal(posted.length, MAX_WAITING)
})

t.test('what is too old is dropped', async (t) => {
  const { clock, receiver, fire, network, posted, counts, log } = setUp()
  network.answer = async () => 503
  fire()
  await clock.advance(MAX_AGE_MS + 60_000)
  t.equal(counts.get('dropped'), 1)
  t.match(log.of('notify_dropped'), [{ reason: 'too_old' }])
  t.equal(receiver.waiting, 0)
  t.equal(clock.pendingTimers, 0)
  network.answer = async () => 200
  fire('ams1')
  await clock.advance(0)
  t.equal(popOf(posted.at(-1) as Posted), 'ams1')
})

t.test('at the end what waits is still told', async (t) => {
  const { receiver, fire, posted, log } = setUp()
  fire()
  fire('ams1')
  await receiver.stop()
  t.strictSame(posted.map(popOf), ['fra1', 'ams1'])
  t.strictSame(log.of('notify_dropped'), [])
})

t.test('at the end what cannot be told is dropped, and that is told', async (t) => {
  const { clock, receiver, fire, network, log } = setUp()
  network.answer = () => new Promise(() => {})
  fire()
  fire('ams1')
  const stopped = receiver.stop()
  await clock.advance(STOP_TIMEOUT_MS)
  await stopped
  t.match(log.of('notify_dropped'), [{ reason: 'shutdown', count: 2 }])
  fire()
  t.equal(receiver.waiting, 0)
})
