import t from 'tap'
import type { Position } from '../../client/store.ts'
import { filterText, urlFor, type Wishes } from '../../client/subscription.ts'
import type { PopsFilter, TransportKind } from '../../client/index.ts'
import { wishesOf } from '../../lib/protocol/connect-query.ts'

const nothing: Wishes = { subscription: {}, delta: true, history: 0 }
const Q = '?topics=metrics'

const addresses: Array<[kind: TransportKind, given: string, expected: string]> = [
  ['websocket', 'ws://a.test/ws', `ws://a.test/ws${Q}`],
  ['websocket', 'http://a.test/ws', `ws://a.test/ws${Q}`],
  ['websocket', 'https://a.test:8443/live/', `wss://a.test:8443/live/${Q}`],
  ['sse', 'ws://a.test/ws', `http://a.test/api/stream${Q}`],
  ['sse', 'wss://a.test/live/ws', `https://a.test/live/api/stream${Q}`],
  ['sse', 'https://a.test/live/', `https://a.test/live/api/stream${Q}`],
  ['sse', 'ws://a.test', `http://a.test/api/stream${Q}`],
  ['sse', 'ws://a.test/ws?key=1', 'http://a.test/api/stream?key=1&topics=metrics'],
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
  {
    name: 'alerts, and what says how fresh they are',
    wishes: { subscription: { alerts: true, metrics: false }, history: 60 },
    expected: { topics: 'metrics,alerts' }
  },
  { name: 'all PoPs', wishes: { subscription: { pops: true } }, expected: { topics: 'metrics,pops', delta: 'fields' } },
  { name: 'all PoPs, whole', wishes: { subscription: { pops: true }, delta: false }, expected: { topics: 'metrics,pops' } },
  {
    name: 'some PoPs, whatever is in their names',
    wishes: { subscription: { metrics: true, alerts: true, pops: ['a,b', 'c:d'] } },
    expected: { topics: 'metrics,alerts,pops', pops: '["a,b","c:d"]', delta: 'fields' }
  },
  {
    name: 'PoPs by place',
    wishes: { subscription: { pops: { country: ['DE', 'NL'], tier: ['1'] } } },
    expected: { topics: 'metrics,pops', pops: 'country:DE,country:NL,tier:1', delta: 'fields' }
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

t.test('it can be read, and takes the place of what the address has', async (t) => {
  const subscription = { metrics: true, alerts: true, pops: { code: ['fra1'], country: ['DE', 'NL'] } }
  t.equal(
    urlFor('websocket', 'ws://a.test/ws?key=a%2Cb&topics=pops', undefined, { ...nothing, subscription }, { epoch: 'e1', seq: 2 }),
    'ws://a.test/ws?key=a%2Cb&topics=metrics,alerts,pops&pops=fra1,country:DE,country:NL&delta=fields&epoch=e1&seq=2'
  )
})

const many = Array.from({ length: 600 }, (_, index) => `p${index}`)
const filters: Array<{ name: string, filter: PopsFilter, text?: string }> = [
  { name: 'codes', filter: ['fra1', 'ams1'], text: 'fra1,ams1' },
  { name: 'codes by name', filter: { code: ['fra1'] }, text: 'fra1' },
  { name: 'kinds', filter: { code: ['fra1'], country: ['DE'], tier: ['1'] }, text: 'fra1,country:DE,tier:1' },
  { name: 'a colon that says nothing', filter: ['c:d', 'x tier:'], text: 'c:d,x tier:' },
  { name: 'brackets and spaces within', filter: ['a[0]', 'a {b}'], text: 'a[0],a {b}' },
  { name: 'signs of a URL', filter: ['a&b=c', 'd+e%2C#f'], text: 'a&b=c,d+e%2C#f' },
  { name: 'no letter of ASCII', filter: { country: ['Côte d’Ivoire'] }, text: 'country:Côte d’Ivoire' },
  ...[
    { name: 'a comma', filter: { country: ['Korea, Republic of'] } },
    { name: 'the prefix of a kind', filter: ['fra1', 'tier:1'] },
    { name: 'an opening bracket', filter: ['[a'] },
    { name: 'an opening brace', filter: { tier: ['{a'] } },
    { name: 'a space before', filter: [' a'] },
    { name: 'a space after', filter: { code: ['a', 'b '] } },
    { name: 'nothing', filter: ['a', ''] },
    { name: 'more values than the short form may have', filter: { code: many, country: many } }
  ].map(({ name, filter }) => ({ name, filter, text: JSON.stringify(filter) }))
]
for (const { name, filter, text } of filters) {
  t.test(`a filter with ${name} is what the server reads`, async (t) => {
    t.equal(filterText(filter), text)
    const wishes = { subscription: { pops: filter }, delta: false, history: 0 }
    const url = new URL(urlFor('websocket', 'ws://a.test/ws', undefined, wishes, null))
    const { pops, ignored } = wishesOf(Object.fromEntries(url.searchParams))
    t.strictSame(Array.isArray(pops) ? { code: pops } : pops, Array.isArray(filter) ? { code: filter } : filter)
    t.equal(ignored, undefined)
  })
}

const senseless: object[] = [[], {}, { country: [] }, { country: ['DE'], tier: [] }, { city: ['Bonn'] }, { country: 'DE' }]
for (const filter of senseless) {
  t.test(`the server names ${JSON.stringify(filter)} as what it ignores, rather than sending other PoPs`, async (t) => {
    const { pops, ignored } = wishesOf({ topics: 'pops', pops: filterText(filter) })
    t.strictSame([pops, ignored], [undefined, ['pops']])
  })
}

t.test('a kind that is undefined is as absent', async (t) => {
  const { pops } = wishesOf({ topics: 'pops', pops: filterText({ country: ['DE'], tier: undefined }) })
  t.strictSame(pops, { country: ['DE'] })
})
