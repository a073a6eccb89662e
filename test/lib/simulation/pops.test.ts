import t from 'tap'
import { simulatedPops } from '../../../lib/simulation/pops.ts'

const SITES = 32

t.test('the first ones', async (t) => {
  t.strictSame(simulatedPops(0), [])
  t.strictSame(simulatedPops(2), [
    { code: 'fra1', city: 'Frankfurt', country: 'DE', tier: 1, latitude: 50.11, longitude: 8.68 },
    { code: 'ams1', city: 'Amsterdam', country: 'NL', tier: 1, latitude: 52.37, longitude: 4.9 }
  ])
})

t.test('after the last site comes a second PoP at the first', async (t) => {
  const pops = simulatedPops(2 * SITES + 1)
  t.strictSame([SITES - 1, SITES, 2 * SITES].map((index) => pops[index]?.code), ['cgk1', 'fra2', 'fra3'])
  t.strictSame({ ...pops[SITES], code: 'fra1' }, pops[0])
})

t.test('2,000 have 2,000 codes, and each stands on the Earth', async (t) => {
  const pops = simulatedPops(2_000)
  t.equal(pops.length, 2_000)
  t.equal(new Set(pops.map(({ code }) => code)).size, 2_000)
  t.strictSame(pops.filter(({ code }) => !/^[a-z]{3}\d+$/.test(code)), [])
  t.strictSame(pops.filter(({ latitude, longitude }) => Math.abs(latitude) > 90 || Math.abs(longitude) > 180), [])
  t.strictSame([...new Set(pops.map(({ tier }) => tier))].sort(), [1, 2, 3])
})

t.test('fewer PoPs are the first of more', async (t) => {
  t.strictSame(simulatedPops(20), simulatedPops(2_000).slice(0, 20))
})
