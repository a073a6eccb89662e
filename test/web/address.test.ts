import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  defaultAddress, hrefOf, parseAddress, searchOf, sortKeys, themes, views, windows, type Address
} from '../../web/state/address.ts'
import { conditions } from '../../web/state/condition.ts'
import { seededRuns } from '../support/seed.ts'

const full = '?pop=fra1&country=DE,NL&tier=1&state=critical,silent&view=map&window=15m&sort=-change&theme=light&kiosk=1'

t.test('a link says all that is looked at, and is written as it was read', async (t) => {
  const address = parseAddress(full)
  t.strictSame(address, {
    pop: 'fra1',
    code: [],
    country: ['DE', 'NL'],
    tier: ['1'],
    state: ['critical', 'silent'],
    text: '',
    view: 'map',
    windowMs: 900_000,
    sort: { key: 'change', descending: true },
    theme: 'light',
    kiosk: true
  })
  t.equal(searchOf(address, ''), full)
  t.equal(searchOf(defaultAddress, full), '')
})

const reads: Array<{ name: string, search: string, expected: Partial<Address> }> = [
  { name: 'nothing', search: '', expected: {} },
  { name: 'a question mark', search: '?', expected: {} },
  { name: 'a view that there is not', search: '?view=globe', expected: {} },
  { name: 'a name that every object has', search: '?view=constructor&window=toString&__proto__=x&sort=valueOf', expected: {} },
  {
    name: 'states that there are, beside one that there is not',
    search: '?state=critical,on-fire',
    expected: { state: ['critical'] }
  },
  { name: 'a state in capitals', search: '?state=CRITICAL', expected: { state: ['critical'] } },
  { name: 'a window that there is not', search: '?window=7d', expected: {} },
  { name: 'a sort by nothing', search: '?sort=-', expected: {} },
  { name: 'an empty PoP', search: '?pop=', expected: {} },
  { name: 'commas alone', search: '?country=,,', expected: {} },
  { name: 'a percent sign that encodes nothing', search: '?pop=100%&q=%E0%A4%A', expected: { pop: '100%', text: '%E0%A4%A' } },
  { name: 'commas that somebody encoded', search: '?country=DE%2CNL', expected: { country: ['DE', 'NL'] } },
  { name: 'a list that comes twice', search: '?country=DE&country=NL,DE', expected: { country: ['DE', 'NL'] } },
  {
    name: 'a value that comes twice: the first that makes sense',
    search: '?view=x&view=table&view=map',
    expected: { view: 'table' }
  },
  {
    name: 'spaces either way',
    search: '?country=New+Zealand,United%20States',
    expected: { country: ['New Zealand', 'United States'] }
  },
  { name: 'kiosk without a value', search: '?kiosk', expected: { kiosk: true } },
  { name: 'kiosk that is off', search: '?kiosk=0', expected: {} }
]

for (const { name, search, expected } of reads) {
  t.test(`reads ${name}`, async (t) => {
    t.strictSame(parseAddress(search), { ...defaultAddress, ...expected })
  })
}

t.test('what is not ours stays where it is, to the letter', async (t) => {
  const current = '?utm=%7e+x&country=DE&&flag&view=map&utm=2'
  const address = { ...parseAddress(current), country: ['NL'], tier: ['1'] }
  t.equal(searchOf(address, current), '?utm=%7e+x&country=NL&flag&view=map&utm=2&tier=1')
  t.equal(searchOf(defaultAddress, current), '?utm=%7e+x&flag&utm=2')
})

const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .map((text) => text.trim()).filter((text) => text !== '')
const nasty = fc.constantFrom('a,b', 'a\\,b', '\\', ',', '100%', '%2C', 'São Tomé', '日本', '🇩🇪', 'a&b=c#d+e')
const values = fc.uniqueArray(fc.oneof(value, nasty), { maxLength: 4 })
const plain = { noNullPrototype: true }
const addresses: fc.Arbitrary<Address> = fc.record({
  pop: fc.option(value),
  code: values,
  country: values,
  tier: values,
  state: fc.uniqueArray(fc.constantFrom(...conditions), { maxLength: 3 }),
  text: fc.oneof(fc.constant(''), value),
  view: fc.constantFrom(...views),
  windowMs: fc.constantFrom(...Object.values(windows)),
  sort: fc.record({ key: fc.constantFrom(...sortKeys), descending: fc.boolean() }, plain),
  theme: fc.constantFrom(...themes),
  kiosk: fc.boolean()
}, plain)

t.test('whatever is looked at comes back from its link, also through a program that writes links anew', async (t) => {
  fc.assert(fc.property(addresses, fc.webQueryParameters(), (address, current) => {
    const search = searchOf(address, current)
    assert.deepEqual(parseAddress(search), address)
    assert.deepEqual(parseAddress(`?${new URLSearchParams(search).toString()}`), address)
    assert.deepEqual(parseAddress(new URL(`http://localhost/${search}`).search), address)
    assert.equal(searchOf(address, search), search, 'and then stays the same')
  }), seededRuns(t, 300))
})

t.test('no text is thrown at', async (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (search, current) => {
    const address = parseAddress(search)
    assert.deepEqual(parseAddress(searchOf(address, current)).view, address.view)
  }), seededRuns(t, 300))
})

t.test('an address keeps its path and its fragment', async (t) => {
  const address = { ...defaultAddress, pop: 'fra1' }
  t.equal(hrefOf(address, 'https://example.org/live/?a=1&pop=x#top'), 'https://example.org/live/?a=1&pop=fra1#top')
  t.equal(hrefOf(address, '/'), '/?pop=fra1')
  t.equal(hrefOf(address, ''), '?pop=fra1')
  t.equal(hrefOf(defaultAddress, '/live/?pop=fra1#?x'), '/live/#?x')
})
