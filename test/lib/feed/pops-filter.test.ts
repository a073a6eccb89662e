import t from 'tap'
import type { PopsFilterSpec } from '../../../lib/protocol/client-messages.ts'
import { PopsFilter, PopsFilters } from '../../../lib/feed/pops-filter.ts'
import { popState } from '../../support/pop-states.ts'

const states = [
  popState({ code: 'ams1', country: 'NL', tier: '1' }),
  popState({ code: 'fra1', country: 'DE', tier: '1' }),
  popState({ code: 'fra2', country: 'DE', tier: '2' }),
  popState({ code: 'xxx1', country: null, tier: null })
]

const filters: Array<{ name: string, spec: PopsFilterSpec | undefined, pops: string[], unknown?: object | undefined }> = [
  { name: 'none', spec: undefined, pops: ['ams1', 'fra1', 'fra2', 'xxx1'] },
  { name: 'codes', spec: ['fra2', 'ams1'], pops: ['ams1', 'fra2'] },
  { name: 'codes by name', spec: { code: ['fra2'] }, pops: ['fra2'] },
  { name: 'a country', spec: { country: ['DE'] }, pops: ['fra1', 'fra2'] },
  { name: 'several countries', spec: { country: ['DE', 'NL'] }, pops: ['ams1', 'fra1', 'fra2'] },
  { name: 'country and tier', spec: { country: ['DE'], tier: ['1'] }, pops: ['fra1'] },
  { name: 'all of them', spec: { code: ['fra1', 'ams1'], country: ['DE'], tier: ['1', '2'] }, pops: ['fra1'] },
  { name: 'an unknown code', spec: ['fra1', 'fra9'], pops: ['fra1'], unknown: { code: ['fra9'] } },
  { name: 'an unknown country', spec: { country: ['FR'] }, pops: [], unknown: { country: ['FR'] } },
  { name: 'an empty country is no country', spec: { country: [''] }, pops: ['xxx1'], unknown: { country: [''] } },
  { name: 'an unknown tier', spec: { tier: ['3'] }, pops: [], unknown: { tier: ['3'] } }
]

for (const { name, spec, pops, unknown } of filters) {
  t.test(name, async (t) => {
    const filter = new PopsFilter(spec)
    t.strictSame(states.filter((state) => filter.matches(state)).map(({ code }) => code), pops)
    t.strictSame(filter.unknownAmong(states), unknown)
  })
}

t.test('filters that let the same through have the same key', async (t) => {
  const key = (spec: PopsFilterSpec | undefined) => new PopsFilter(spec).key
  t.equal(key(['a', 'b']), key(['b', 'a', 'b']))
  t.equal(key(['a']), key({ code: ['a'] }))
  t.equal(key({ tier: ['1'], country: ['DE'] }), key({ country: ['DE'], tier: ['1'] }))
  t.not(key({ country: ['DE'] }), key({ tier: ['DE'] }))
  t.not(key(['a', 'b']), key(['a,b']))
  t.not(key(undefined), key(['a']))
})

t.test('so many distinct filters are shared; further ones are their clients\' own, and every PoP is no filter', async (t) => {
  const filters = new PopsFilters(1)
  const fra = new PopsFilter(['fra1'])
  t.equal(filters.acquire(new PopsFilter(undefined)), filters.acquire(new PopsFilter(undefined)), 'the same one for all')
  t.equal(filters.size, 0)
  t.equal(filters.acquire(fra), fra)
  t.equal(filters.acquire(new PopsFilter(['fra1'])), fra)
  const own = filters.acquire(new PopsFilter(['ams1']))
  t.strictSame([own.isOwn, fra.isOwn], [true, false])
  filters.release(own)
  filters.release(fra)
  t.equal(filters.size, 1, 'somebody still uses it')
  filters.release(fra)
  t.equal(filters.size, 0)
  t.equal(filters.acquire(new PopsFilter(['ams1'])).isOwn, false)
})
