import t from 'tap'
import type { Position } from '../../client/store.ts'
import { urlFor, type Wishes } from '../../client/subscription.ts'
import type { TransportKind } from '../../client/index.ts'

const nothing: Wishes = { subscription: {}, delta: true, history: 0 }
const Q = '?topics='

const addresses: Array<[kind: TransportKind, given: string, expected: string]> = [
  ['websocket', 'ws://a.test/ws', `ws://a.test/ws${Q}`],
  ['websocket', 'http://a.test/ws', `ws://a.test/ws${Q}`],
  ['websocket', 'https://a.test:8443/live/', `wss://a.test:8443/live/${Q}`],
  ['sse', 'ws://a.test/ws', `http://a.test/api/stream${Q}`],
  ['sse', 'wss://a.test/live/ws', `https://a.test/live/api/stream${Q}`],
  ['sse', 'https://a.test/live/', `https://a.test/live/api/stream${Q}`],
  ['sse', 'ws://a.test', `http://a.test/api/stream${Q}`],
  ['sse', 'ws://a.test/ws?key=1', 'http://a.test/api/stream?key=1&topics='],
  ['sse', 'ws://wsws.test/ws', `http://wsws.test/api/stream${Q}`]
]
for (const [kind, given, expected] of addresses) {
  t.test(`${given} by ${kind}`, async (t) => {
    t.equal(urlFor(kind, given, undefined, nothing, null), expected)
  })
}

t.test('streamUrl is taken as it is', async (t) => {
  t.equal(urlFor('sse', 'ws://a.test/ws', 'https://b.test/events', nothing, null), `https://b.test/events${Q}`)
  t.equal(urlFor('websocket', 'ws://a.test/ws', 'https://b.test/events', nothing, null), `ws://a.test/ws${Q}`)
})

const queries: Array<{ name: string, wishes: Partial<Wishes>, position?: Position, expected: object }> = [
  {
    name: 'metrics, with history',
    wishes: { subscription: { metrics: true }, history: 60 },
    expected: { topics: 'metrics', history: '60' }
  },
  { name: 'alerts', wishes: { subscription: { alerts: true, metrics: false }, history: 60 }, expected: { topics: 'alerts' } },
  { name: 'all PoPs', wishes: { subscription: { pops: true } }, expected: { topics: 'pops', delta: 'fields' } },
  { name: 'all PoPs, whole', wishes: { subscription: { pops: true }, delta: false }, expected: { topics: 'pops' } },
  {
    name: 'some PoPs, whatever is in their names',
    wishes: { subscription: { metrics: true, alerts: true, pops: ['a,b', 'c:d'] } },
    expected: { topics: 'metrics,alerts,pops', pops: '["a,b","c:d"]', delta: 'fields' }
  },
  {
    name: 'PoPs by place',
    wishes: { subscription: { pops: { country: ['DE', 'NL'], tier: ['1'] } } },
    expected: { topics: 'pops', pops: '{"country":["DE","NL"],"tier":["1"]}', delta: 'fields' }
  },
  {
    name: 'a position',
    wishes: { subscription: { metrics: true } },
    position: { epoch: 'e&1', seq: 42 },
    expected: { topics: 'metrics', epoch: 'e&1', seq: '42' }
  }
]
for (const { name, wishes, position = null, expected } of queries) {
  t.test(name, async (t) => {
    const url = urlFor('websocket', 'ws://a.test/ws', undefined, { ...nothing, ...wishes }, position)
    t.strictSame(Object.fromEntries(new URL(url).searchParams), expected)
  })
}
