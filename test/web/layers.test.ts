import fc from 'fast-check'
import t from 'tap'
import { defaultAddress, type Address } from '../../web/state/address.ts'
import { addressAt, layersAfter, layersOf, stepsBetween, without, type Layers } from '../../web/state/layers.ts'
import { seededRuns } from '../support/seed.ts'

const at = (fields: Partial<Address>): Address => ({ ...defaultAddress, ...fields })
const fra1 = { pop: 'fra1' }
const kiosk = { kiosk: true }

interface Case { name: string, before: Layers, from: Partial<Address>, to: Partial<Address>, expected: Layers }
const cases: Case[] = [
  { name: 'opening a PoP', before: [], from: {}, to: fra1, expected: ['pop'] },
  { name: 'going to another one, so that Back closes it', before: ['pop'], from: fra1, to: { pop: 'ams1' }, expected: ['pop'] },
  { name: 'closing it', before: ['pop'], from: fra1, to: {}, expected: [] },
  { name: 'closing what a link had opened', before: [], from: fra1, to: {}, expected: [] },
  { name: 'a filter, a view', before: ['pop'], from: fra1, to: { ...fra1, view: 'map', text: 'a' }, expected: ['pop'] },
  { name: 'kiosk over a PoP', before: ['pop'], from: fra1, to: { ...fra1, ...kiosk }, expected: ['pop', 'kiosk'] },
  { name: 'a PoP in a kiosk', before: ['kiosk'], from: kiosk, to: { ...fra1, ...kiosk }, expected: ['kiosk', 'pop'] },
  { name: 'what is below goes first', before: ['kiosk', 'pop'], from: { ...fra1, ...kiosk }, to: fra1, expected: ['pop'] }
]
for (const { name, before, from, to, expected } of cases) {
  t.test(name, async (t) => t.strictSame(layersAfter(before, at(from), at(to)), expected))
}

t.test('from entry to entry', async (t) => {
  t.strictSame(stepsBetween([], []), { back: 0, opened: [] })
  t.strictSame(stepsBetween([], ['pop']), { back: 0, opened: ['pop'] })
  t.strictSame(stepsBetween(['pop'], []), { back: 1, opened: [] })
  t.strictSame(stepsBetween(['kiosk', 'pop'], ['kiosk']), { back: 1, opened: [] })
  t.strictSame(stepsBetween(['kiosk', 'pop'], ['pop']), { back: 2, opened: ['pop'] }, 'what is above is opened again')
})

t.test('whatever an entry keeps', async (t) => {
  t.strictSame(layersOf(null), [])
  t.strictSame(layersOf('text'), [])
  t.strictSame(layersOf({ layers: 'pop' }), [])
  t.strictSame(layersOf({ layers: ['kiosk', 'other', 'pop', 'pop'] }), ['kiosk', 'pop'])
})

t.test('Back closes what was opened and leaves the rest as it has become, Forward opens it again', async (t) => {
  const now = at({ ...fra1, text: 'new', theme: 'light' })
  const back = addressAt(now, at({ text: 'old' }), ['pop'], [])
  t.strictSame(back, at({ text: 'new', theme: 'light' }))
  t.strictSame(addressAt(back, at({ ...fra1, text: 'old' }), [], ['pop']), now)
  t.strictSame(addressAt(at({ ...fra1, ...kiosk }), at(fra1), ['pop', 'kiosk'], ['pop']), at(fra1))
})

/** A history as a browser's: entries, and where it is. */
class Entries {
  readonly #entries: Layers[] = [[]]
  #index = 0

  get there (): Layers {
    return this.#entries[this.#index] as Layers
  }

  get depth (): number {
    return this.#index
  }

  reach (wanted: Layers): void {
    const { back, opened } = stepsBetween(this.there, wanted)
    this.#index -= back
    opened.forEach((layer) => this.#push([...this.there, layer]))
  }

  back (): void {
    this.#index--
  }

  #push (layers: Layers): void {
    this.#entries.splice(++this.#index, Infinity, layers)
  }
}

t.test('whatever is opened and closed: no entry that Back would do nothing in', async (t) => {
  const step = fc.constantFrom('open', 'close', 'wall', 'leave', 'back')
  fc.assert(fc.property(fc.boolean(), fc.array(step), (hasLink, steps) => {
    const entries = new Entries()
    let address = at(hasLink ? { pop: 'lhr2' } : {})
    for (const step of steps) {
      const from = entries.there
      if (step === 'back') {
        if (entries.depth === 0) continue
        entries.back()
        const next = addressAt(address, address, from, entries.there)
        if (JSON.stringify(next) === JSON.stringify(address)) return false
        address = next
        continue
      }
      const next = step === 'open'
        ? { ...address, ...fra1 }
        : step === 'wall' ? { ...address, ...kiosk } : without(address, [step === 'close' ? 'pop' : 'kiosk'])
      entries.reach(layersAfter(from, address, next))
      address = next
      if (entries.depth !== entries.there.length) return false
    }
    return true
  }), seededRuns(t, 300))
})
