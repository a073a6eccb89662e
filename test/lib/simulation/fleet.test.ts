import t from 'tap'
import { SIMULATED_FUNCTIONS, SimulatedFleet, type FleetOptions } from '../../../lib/simulation/fleet.ts'

const START = Date.UTC(2026, 0, 1)
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

const fleet = (options: Partial<FleetOptions> = {}) =>
  new SimulatedFleet({ pops: 20, seed: 1, randomIncidents: false, ...options })

/** Values of one function of one PoP, every `stepMs`. */
function series (of: SimulatedFleet, { pop = 0, functionIndex = 0, start = START, count = 100, stepMs = 10_000 } = {}): number[] {
  return Array.from({ length: count }, (_, step) => of.coldStartMs(pop, functionIndex, start + step * stepMs))
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length

t.test('PoPs and functions', async (t) => {
  const { pops, functions } = fleet()
  t.strictSame(pops.map(({ code }) => code).slice(0, 3), ['fra1', 'ams1', 'lhr1'])
  t.equal(pops.length, 20)
  t.strictSame(functions, ['auth', 'images', 'rewrite', 'search', 'render'])
  t.equal(functions, SIMULATED_FUNCTIONS)
})

t.test('the same seed gives the same numbers, another seed others', async (t) => {
  for (const randomIncidents of [true, false]) {
    const reference = series(fleet({ randomIncidents }))
    t.strictSame(series(fleet({ randomIncidents })), reference, `randomIncidents ${randomIncidents}`)
    t.strictSame(
      series(fleet({ randomIncidents, seed: 2 })).filter((value, index) => value === reference[index]),
      [],
      `randomIncidents ${randomIncidents}`
    )
  }
})

t.test('a PoP is the same in a fleet of any size', async (t) => {
  t.strictSame(series(fleet({ pops: 2_000 }), { pop: 7 }), series(fleet({ pops: 8 }), { pop: 7 }))
})

t.test('2,000 PoPs', async (t) => {
  const large = fleet({ pops: 2_000 })
  const values = large.pops.flatMap((_, pop) =>
    large.functions.map((_, functionIndex) => large.coldStartMs(pop, functionIndex, START))
  )
  t.equal(values.length, 10_000)
  t.strictSame(values.filter((value) => !(value > 1 && value < 40)), [])
  const [first, second] = [0, 32].map((pop) => series(large, { pop }))
  t.strictSame(first?.filter((value, index) => value === second?.[index]), [], 'two PoPs at one site differ')
})

t.test('values have 3 decimals', async (t) => {
  t.strictSame(series(fleet(), { count: 500 }).filter((value) => Math.round(value * 1_000) / 1_000 !== value), [])
})

t.test('better connected PoPs are faster', async (t) => {
  const { pops } = fleet({ pops: 32 })
  const byTier = ([1, 2, 3] as const).map((tier) =>
    mean(pops.flatMap((pop, index) => (pop.tier === tier ? series(fleet({ pops: 32 }), { pop: index }) : [])))
  )
  t.strictSame([...byTier].sort((a, b) => a - b), byTier, `${byTier}`)
})

t.test('time steps have noise, a whole second has one value', async (t) => {
  const values = series(fleet(), { count: 200 })
  const deviation = Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2))) / mean(values)
  t.ok(deviation > 0.09 && deviation < 0.15, `relative deviation ${deviation}`)
  t.equal(fleet().coldStartMs(0, 0, START), fleet().coldStartMs(0, 0, START + 999))
  t.not(fleet().coldStartMs(0, 0, START), fleet().coldStartMs(0, 0, START + 1_000))
})

t.test('a day later it is about the same', async (t) => {
  const today = mean(series(fleet(), { count: 1_000 }))
  const tomorrow = mean(series(fleet(), { count: 1_000, start: START + DAY_MS }))
  t.ok(Math.abs(today / tomorrow - 1) < 0.02, `${today} and ${tomorrow}`)
})

t.test('an incident multiplies, at its PoP and in its time', async (t) => {
  const incident = { pop: 'ams1', factor: 3, start: START + 60_000, stop: START + 120_000 }
  const cases: Array<{ name: string, pop: number, time: number, factor: number, incidents: FleetOptions['incidents'] }> = [
    { name: 'before', pop: 1, time: START + 59_999, factor: 1, incidents: [incident] },
    { name: 'at its start', pop: 1, time: START + 60_000, factor: 3, incidents: [incident] },
    { name: 'just before its stop', pop: 1, time: START + 119_999, factor: 3, incidents: [incident] },
    { name: 'at its stop', pop: 1, time: START + 120_000, factor: 1, incidents: [incident] },
    { name: 'at another PoP', pop: 0, time: START + 60_000, factor: 1, incidents: [incident] },
    { name: 'two at once', pop: 1, time: START + 60_000, factor: 6, incidents: [incident, { ...incident, factor: 2 }] },
    { name: 'none', pop: 1, time: START + 60_000, factor: 1, incidents: [] }
  ]
  for (const { name, pop, time, factor, incidents } of cases) {
    const ratio = fleet({ incidents }).coldStartMs(pop, 2, time) / fleet().coldStartMs(pop, 2, time)
    // Both sides are rounded to 3 decimals.
    t.ok(Math.abs(ratio - factor) < 0.002, `${name}: ${ratio}`)
  }
})

t.test('an incident comes on top of the random ones', async (t) => {
  const incident = { pop: 'fra1', factor: 2, start: START, stop: START + DAY_MS }
  const day = { count: 1_440, stepMs: MINUTE_MS }
  const without = series(fleet({ randomIncidents: true }), day)
  const ratios = series(fleet({ randomIncidents: true, incidents: [incident] }), day).map(
    (value, index) => value / (without[index] as number)
  )
  t.strictSame(ratios.filter((ratio) => Math.abs(ratio - 2) > 0.002), [])
})

t.test('random incidents slow a PoP down by 1.6 to 3 for 2 to 5 min, now and then', async (t) => {
  const day = { count: 8_640, stepMs: 10_000 }
  const calm = fleet()
  const eventful = fleet({ randomIncidents: true })
  const lengths: number[] = []
  const factors: number[] = []
  for (const pop of eventful.pops.keys()) {
    const quiet = series(calm, { ...day, pop })
    let length = 0
    for (const [index, value] of series(eventful, { ...day, pop }).entries()) {
      const factor = value / (quiet[index] as number)
      if (factor > 1.01) {
        length++
        factors.push(factor)
      } else if (length > 0) {
        lengths.push(length * 10_000)
        length = 0
      }
    }
  }
  // 20 PoPs, 144 slots of 10 min, a chance of 8 %.
  t.ok(lengths.length > 180 && lengths.length < 280, `${lengths.length} incidents`)
  t.strictSame(lengths.filter((ms) => ms < 110_000 || ms > 310_000), [])
  t.strictSame(factors.filter((factor) => factor < 1.59 || factor > 3.01), [])
})
