import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Pop } from '../../client/types.ts'
import { PopsFilter } from '../../lib/feed/pops-filter.ts'
import { defaultAddress, parseAddress, searchOf, type Address } from '../../web/state/address.ts'
import { isFiltered, matches, popsFilterOf, problemOf, termsOf, withTerms } from '../../web/state/filter.ts'
import { popOf } from '../support/client-values.ts'
import { seededRuns } from '../support/seed.ts'

const fleet: Pop[] = [
  popOf(),
  popOf({ code: 'ams1', city: 'Amsterdam', country: 'NL', tier: '2', regression: 'critical' }),
  popOf({ code: 'gru1', city: 'São Paulo', country: 'BR', tier: '2', healthy: false, coldStartMs: 11.2 }),
  popOf({ code: 'lhr2', city: 'London', country: 'GB', tier: '1', status: 'silent', healthy: false }),
  popOf({ code: 'iad1', city: 'Ashburn', country: 'United States', tier: 'gold, edge', regression: 'not_enough_data' }),
  popOf({ code: 'xxx1', city: null, country: null, tier: null, latitude: null, longitude: null })
]

function codesOf (address: Address): string[] {
  return fleet.filter((pop) => matches(address, pop)).map(({ code }) => code)
}

const boxes: Array<{ box: string, codes: string[] }> = [
  { box: '', codes: ['fra1', 'ams1', 'gru1', 'lhr2', 'iad1', 'xxx1'] },
  { box: '  \t ', codes: ['fra1', 'ams1', 'gru1', 'lhr2', 'iad1', 'xxx1'] },
  { box: 'fra', codes: ['fra1'] },
  { box: 'FRANK', codes: ['fra1'] },
  { box: 'sao', codes: ['gru1'] },
  { box: 'SÃO paulo', codes: ['gru1'] },
  { box: '"são paulo"', codes: ['gru1'] },
  { box: '"paulo são"', codes: [] },
  { box: 'fra,ams', codes: ['fra1', 'ams1'] },
  { box: 'fra,', codes: ['fra1'] },
  { box: ',', codes: ['fra1', 'ams1', 'gru1', 'lhr2', 'iad1', 'xxx1'] },
  { box: 'fra ams', codes: [] },
  { box: 'country:DE', codes: ['fra1'] },
  { box: 'country:de', codes: ['fra1'] },
  { box: 'Country:DE,nl', codes: ['fra1', 'ams1'] },
  { box: 'country:DE country:NL', codes: ['fra1', 'ams1'] },
  { box: 'country:"united states"', codes: [] },
  { box: 'country:"United States"', codes: ['iad1'] },
  { box: 'country:', codes: ['fra1', 'ams1', 'gru1', 'lhr2', 'iad1', 'xxx1'] },
  { box: 'country:D', codes: [] },
  { box: 'tier:1', codes: ['fra1', 'lhr2'] },
  { box: 'tier:"gold, edge"', codes: ['iad1'] },
  { box: 'tier:1 lon', codes: ['lhr2'] },
  { box: 'code:fra1,AMS1', codes: ['fra1', 'ams1'] },
  { box: 'code:fra', codes: [] },
  { box: 'state:critical', codes: ['ams1'] },
  { box: 'state:s', codes: ['gru1', 'lhr2'] },
  { box: 'state:unknown,slow', codes: ['gru1', 'iad1'] },
  { box: 'tier:2 state:healthy', codes: [] },
  { box: 'location:none', codes: ['xxx1'] },
  { box: 'city:Frankfurt', codes: [] }
]

for (const { box, codes } of boxes) {
  t.test(`'${box}' lets through ${codes.join(', ') || 'nothing'}`, async (t) => {
    const address = withTerms(defaultAddress, box)
    t.strictSame(codesOf(address), codes)
    t.strictSame(codesOf(parseAddress(searchOf(address, ''))), codes, 'as a link')
  })
}

t.test('the box takes the place of what it said before, and leaves the rest', async (t) => {
  const before = parseAddress('?pop=fra1&country=DE&state=silent&q=x&view=table')
  t.equal(termsOf(before), 'country:DE state:silent x')
  const after = withTerms(before, 'tier:1 ber')
  t.strictSame(after, { ...before, country: [], state: [], tier: ['1'], text: 'ber' })
  t.equal(isFiltered(after), true)
  t.equal(isFiltered(withTerms(after, ' ')), false)
})

t.test('a term in the text of a link is the term that it is', async (t) => {
  const address = parseAddress('?q=country:NL')
  t.strictSame(codesOf(address), ['ams1'])
})

t.test('what is regressed and silent is found as either', async (t) => {
  const pop = popOf({ regression: 'critical', status: 'silent' })
  const fits = (state: 'critical' | 'silent' | 'slow') => matches({ ...defaultAddress, state: [state] }, pop)
  t.strictSame([fits('critical'), fits('silent'), fits('slow')], [true, true, false])
})

t.test('a state that there is not is named', async (t) => {
  t.equal(problemOf('fra state:on-fire,critical'),
    'there is no state on-fire; there are critical, warning, silent, slow, unknown, healthy')
  t.equal(problemOf('state: state:crit "state:x" country:x'), null)
})

const word = fc.oneof(
  fc.constantFrom('fra', 'country:', 'country:DE', 'tier:', 'state:crit', 'state:x',
    '"', '\\', ',', ' ', ':', 'São', 'location:none'),
  fc.string({ unit: 'grapheme', maxLength: 4 })
)

t.test('what the box says is what it is read as, whatever is typed', async (t) => {
  fc.assert(fc.property(fc.array(word, { maxLength: 8 }).map((words) => words.join('')), (box) => {
    const address = withTerms(defaultAddress, box)
    assert.deepEqual(withTerms(defaultAddress, termsOf(address)), address)
  }), seededRuns(t, 500))
})

t.test('what the server is asked for', async (t) => {
  t.equal(popsFilterOf(defaultAddress), true)
  t.equal(popsFilterOf(withTerms(defaultAddress, 'fra state:critical location:none')), true, 'the server knows nothing of these')
  t.strictSame(popsFilterOf(withTerms(defaultAddress, 'tier:1 country:DE fra')), { country: ['DE', 'de', 'De'], tier: ['1'] })
  t.strictSame(popsFilterOf(withTerms(defaultAddress, 'code:fra1')), { code: ['fra1', 'FRA1', 'Fra1'] })
  const many = Array.from({ length: 600 }, (_, index) => `pop${index}`)
  t.equal(popsFilterOf({ ...defaultAddress, code: many }), true, 'more than the server takes')
})

t.test('the PoP that is looked at is asked for as well', async (t) => {
  const open = { code: 'fra1', country: 'DE', tier: '1' }
  const asked = (box: string, pop = open) => popsFilterOf(withTerms(defaultAddress, box), pop)
  t.equal(asked(''), true)
  t.strictSame(asked('country:NL'), { country: ['NL', 'nl', 'Nl', 'DE'] })
  t.strictSame(asked('country:NL tier:2'), { country: ['NL', 'nl', 'Nl', 'DE'], tier: ['2', '1'] }, 'each must fit')
  t.strictSame(asked('code:ams1'), { code: ['ams1', 'AMS1', 'Ams1', 'fra1'] })
  t.strictSame(asked('country:DE'), asked('country:DE', { ...open, code: 'ber1' }), 'of what the filter leaves nothing is new')
  const unplaced = { ...open, country: null } as unknown as typeof open
  t.strictSame(asked('country:NL tier:2', unplaced), { tier: ['2', '1'] }, 'what has no country cannot be asked for by one')
  t.equal(asked('country:NL', unplaced), true)
})

const name = fc.constantFrom('DE', 'de', 'De', 'dE', 'ß', 'İ', 'fra1', 'New Zealand', 'new zealand', '1', 'São', 'SÃO', 'sao')
const filters: fc.Arbitrary<Address> = fc.record({
  code: fc.array(name, { maxLength: 2 }),
  country: fc.array(name, { maxLength: 3 }),
  tier: fc.array(name, { maxLength: 2 }),
  text: fc.constantFrom('', 's', 'fra', 'country:de'),
  state: fc.constantFrom([], ['critical' as const])
}).map((fields) => ({ ...defaultAddress, ...fields }))
const pops = fc.record({
  code: name, country: fc.option(name), tier: fc.option(name), regression: fc.constantFrom('none' as const, 'critical' as const)
}).map(popOf)

t.test('the server leaves out nothing that is shown', async (t) => {
  let shown = 0
  fc.assert(fc.property(filters, pops, (address, pop) => {
    const asked = popsFilterOf(address)
    const sent = asked === true || new PopsFilter(asked as ConstructorParameters<typeof PopsFilter>[0]).matches(pop)
    if (matches(address, pop)) {
      shown++
      assert.ok(sent, JSON.stringify({ address, pop }))
    }
  }), seededRuns(t, 2_000))
  t.not(shown, 0)
})
