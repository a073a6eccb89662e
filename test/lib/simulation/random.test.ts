import t from 'tap'
import { normal, uniform } from '../../../lib/simulation/random.ts'

const DRAWS = 20_000

function moments (numbers: readonly number[]) {
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length
  const central = (power: number) => numbers.reduce((sum, number) => sum + (number - mean) ** power, 0) / numbers.length
  return {
    mean,
    deviation: Math.sqrt(central(2)),
    skewness: central(3) / central(2) ** 1.5,
    kurtosis: central(4) / central(2) ** 2
  }
}

/** Pearson's correlation of neighbours. */
function lagOneCorrelation (numbers: readonly number[]): number {
  const { mean, deviation } = moments(numbers)
  const products = numbers.slice(1).map((number, index) => (number - mean) * ((numbers[index] as number) - mean))
  return products.reduce((sum, product) => sum + product, 0) / products.length / deviation ** 2
}

const near = (value: number, expected: number, tolerance: number) => Math.abs(value - expected) <= tolerance

t.test('the same arguments give the same number, in every version', async (t) => {
  // Computed once: backfilled data must not change under an update of popcast.
  t.equal(uniform(42), 0.03320010658353567)
  t.equal(uniform(42, 1, 2, 3), 0.38610044308006763)
  t.equal(normal(42, 7), 0.5516031419073322)
})

t.test('every argument counts, and so does its place', async (t) => {
  const draws: Array<[name: string, number]> = [
    ['reference', uniform(1, 2, 3)],
    ['seed', uniform(2, 2, 3)],
    ['key', uniform(1, 2, 4)],
    ['places', uniform(1, 3, 2)],
    ['one more', uniform(1, 2, 3, 0)],
    ['one less', uniform(1, 2)],
    ['above 32 bits', uniform(1, 2, 3 + 2 ** 32)],
    ['further above', uniform(1, 2, 3 + 2 ** 33)],
    ['negative', uniform(1, 2, -3)]
  ]
  t.equal(new Set(draws.map(([, number]) => number)).size, draws.length, draws.map(([name]) => name).join(', '))
})

t.test('seeds up to 32 bits differ', async (t) => {
  t.not(uniform(0xffff_ffff), uniform(0))
  t.not(uniform(0xffff_ffff), uniform(0x7fff_ffff))
})

t.test('uniform is uniform, whichever argument runs', async (t) => {
  const sequences: Array<[name: string, draw: (index: number) => number]> = [
    ['seed', (index) => uniform(index)],
    ['first key', (index) => uniform(1, index)],
    ['last key', (index) => uniform(1, 2, index)],
    ['a timestamp', (index) => uniform(1, 1_767_225_600_000 + index * 1_000)]
  ]
  for (const [name, draw] of sequences) {
    const numbers = Array.from({ length: DRAWS }, (_, index) => draw(index))
    t.equal(numbers.filter((number) => !(number >= 0 && number < 1)).length, 0, `${name}: range`)
    const { mean, deviation } = moments(numbers)
    t.ok(near(mean, 0.5, 0.01), `${name}: mean ${mean}`)
    t.ok(near(deviation, Math.sqrt(1 / 12), 0.01), `${name}: deviation ${deviation}`)
    t.ok(near(lagOneCorrelation(numbers), 0, 0.03), `${name}: correlation ${lagOneCorrelation(numbers)}`)
    const deciles = new Array<number>(10).fill(0)
    for (const number of numbers) deciles[Math.floor(number * 10)]!++
    t.strictSame(deciles.filter((count) => !near(count, DRAWS / 10, 200)), [], `${name}: deciles ${deciles}`)
  }
})

t.test('normal is normal', async (t) => {
  const numbers = Array.from({ length: DRAWS }, (_, index) => normal(1, index))
  t.equal(numbers.filter((number) => !Number.isFinite(number)).length, 0)
  const { mean, deviation, skewness, kurtosis } = moments(numbers)
  t.ok(near(mean, 0, 0.03), `mean ${mean}`)
  t.ok(near(deviation, 1, 0.03), `deviation ${deviation}`)
  t.ok(near(skewness, 0, 0.1), `skewness ${skewness}`)
  t.ok(near(kurtosis, 3, 0.2), `kurtosis ${kurtosis}`)
  const withinOne = numbers.filter((number) => Math.abs(number) < 1).length / DRAWS
  t.ok(near(withinOne, 0.683, 0.015), `${withinOne} within one deviation`)
})
