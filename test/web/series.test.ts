import fc from 'fast-check'
import t from 'tap'
import { rangeOf, timeTicks, valueTicks } from '../../web/state/axis.ts'
import { nearestValue, rhythmOf, samplesOf, seriesOf, type Sample } from '../../web/state/series.ts'
import { seededRuns } from '../support/seed.ts'

const INTERVAL_MS = 10
const WINDOW = { from: 100, to: 200 }
const at = (...pairs: Array<[time: number, value: number | null, spanMs?: number]>): Sample[] =>
  pairs.map(([time, value, spanMs = 0]) => ({ time, value, spanMs }))

const cases = [
  { name: 'nothing', samples: [], times: [], values: [], gaps: [], alone: [] },
  { name: 'one point is alone', samples: at([150, 1]), times: [150], values: [1], gaps: [], alone: [0] },
  { name: 'neighbours are joined', samples: at([150, 1], [160, 2]), times: [150, 160], values: [1, 2], gaps: [], alone: [] },
  {
    name: '2.5 intervals apart are joined',
    samples: at([150, 1], [175, 2]),
    times: [150, 175],
    values: [1, 2],
    gaps: [],
    alone: []
  },
  {
    name: 'more than that is a gap',
    samples: at([150, 1], [176, 2]),
    times: [150, 163, 176],
    values: [1, null, 2],
    gaps: [{ from: 150, to: 176 }],
    alone: [0, 2]
  },
  {
    name: 'a mean of nothing is a gap',
    samples: at([140, 1], [150, null], [160, null], [170, 2], [180, 3]),
    times: [140, 150, 160, 170, 180],
    values: [1, null, null, 2, 3],
    gaps: [{ from: 140, to: 170 }],
    alone: [0]
  },
  {
    name: 'out of order, the clock of the source set back',
    samples: at([160, 3], [140, 1], [150, 2]),
    times: [140, 150, 160],
    values: [1, 2, 3],
    gaps: [],
    alone: []
  },
  { name: 'of one time the last one', samples: at([150, 1], [150, 2]), times: [150], values: [2], gaps: [], alone: [0] },
  {
    name: 'the last one before the window leads in, the others and what is later are not there',
    samples: at([70, 9], [90, 1], [110, 2], [201, 3]),
    times: [90, 110],
    values: [1, 2],
    gaps: [],
    alone: []
  },
  {
    name: 'both edges are of the window',
    samples: at([100, 1], [200, 2]).slice(1),
    times: [200],
    values: [2],
    gaps: [],
    alone: [0]
  },
  { name: 'only what is before the window', samples: at([80, 1], [90, 2]), times: [90], values: [2], gaps: [], alone: [0] },
  {
    name: 'a gap that ends before the window is none of it',
    samples: at([20, 1], [99, 2], [101, 3]),
    times: [99, 101],
    values: [2, 3],
    gaps: [],
    alone: []
  },
  {
    name: 'medians speak for half of their time on either side',
    samples: at([110, 1, 50], [160, 2, 50], [180, 3]),
    times: [110, 160, 180],
    values: [1, 2, 3],
    gaps: [],
    alone: []
  },
  {
    name: 'a median that is missing is a gap',
    samples: at([101, 1, 30], [161, 2, 30]),
    times: [101, 131, 161],
    values: [1, null, 2],
    gaps: [{ from: 101, to: 161 }],
    alone: [0, 2]
  },
  { name: 'no number is nothing', samples: at([150, NaN], [NaN, 1], [160, 2]), times: [160], values: [2], gaps: [], alone: [0] }
]

for (const { name, samples, times, values, gaps, alone } of cases) {
  t.test(name, async (t) => {
    const series = seriesOf(samples, WINDOW, INTERVAL_MS)
    const shown = { times: series.times, values: series.values, gaps: series.gaps, alone: series.alone }
    t.strictSame(shown, { times, values, gaps, alone })
  })
}

t.test('lowest and highest are of the window, last is the last value, newest also one without', async (t) => {
  const { low, high, last, newest } = seriesOf(at([90, 99], [110, 2], [120, 1], [130, null]), WINDOW, INTERVAL_MS)
  t.strictSame({ low, high, last, newest }, { low: 1, high: 2, last: { time: 120, value: 1 }, newest: 130 })
  t.match(seriesOf(at([90, 99]), WINDOW, INTERVAL_MS), { low: null, high: null, last: { time: 90, value: 99 } })
})

t.test('updates of another epoch go on where the others ended', async (t) => {
  const point = (epoch: string, seq: number, time: number, averageColdStart: number | null) => ({
    epoch,
    seq,
    dataTime: new Date(time),
    stale: false,
    overview: { totalPops: 1, healthyPops: 1, averageColdStart, regressions: 0, silentPops: 0 }
  })
  const samples = samplesOf([point('a', 9, 130, 1), point('b', 1, 140, 2), point('b', 2, 150, null)])
  t.strictSame(seriesOf(samples, WINDOW, INTERVAL_MS).values, [1, 2, null])
})

t.test('whatever comes in whatever order, nothing is joined over a gap and nothing is lost', async (t) => {
  const sample = fc.record({ time: fc.integer({ min: 0, max: 300 }), value: fc.option(fc.integer({ min: 0, max: 9 })) })
  const inTwoOrders = fc.uniqueArray(sample, { selector: ({ time }) => time })
    .chain((samples) => fc.tuple(fc.constant(samples), fc.shuffledSubarray(samples, { minLength: samples.length })))
  fc.assert(fc.property(inTwoOrders, ([samples, shuffled]) => {
    const series = seriesOf(samples, WINDOW, INTERVAL_MS)
    const again = seriesOf(shuffled, WINDOW, INTERVAL_MS)
    if (JSON.stringify(series) !== JSON.stringify(again)) throw new Error('the order counts')
    const { times, values, gaps, alone } = series
    for (let index = 1; index < times.length; index++) {
      const [before, now] = [times[index - 1]!, times[index]!]
      if (now <= before) throw new Error('no order')
      if (values[index] !== null && values[index - 1] !== null && now - before > 25) throw new Error('joined')
    }
    const shown = new Map(times.map((time, index) => [time, values[index]]))
    for (const { time, value } of samples) {
      if (time >= WINDOW.from && time <= WINDOW.to && shown.get(time) !== value) throw new Error('lost')
    }
    for (const { from, to } of gaps) {
      if (samples.some(({ time, value }) => time > from && time < to && value !== null)) throw new Error('not a gap')
    }
    if (alone.some((index) => values[index] === null)) throw new Error('nothing is alone')
  }), seededRuns(t, 500))
})

t.test('range', async (t) => {
  const ranges = [
    { name: 'nothing', low: null, high: null, wished: [], min: 0, max: 10 },
    { name: 'nothing but a threshold', low: null, high: null, wished: [20], min: 0, max: 24 },
    { name: 'zero is near', low: 4, high: 10, wished: [], min: 0, max: 10.6 },
    { name: 'zero is far', low: 90, high: 110, wished: [], min: 87.8, max: 112.2 },
    { name: 'a threshold within reach', low: 90, high: 110, wished: [130], min: 87.8, max: 132.2 },
    { name: 'a threshold out of reach', low: 90, high: 110, wished: [140], min: 87.8, max: 112.2 },
    { name: 'a line that is flat lies in the midst', low: 100, high: 100, wished: [], min: 90, max: 110 },
    { name: 'all zero', low: 0, high: 0, wished: [], min: 0, max: 0.5 }
  ]
  for (const { name, low, high, wished, min, max } of ranges) {
    const range = rangeOf(low, high, wished)
    t.ok(Math.abs(range.min - min) < 1e-9 && Math.abs(range.max - max) < 1e-9, `${name}: ${JSON.stringify(range)}`)
  }
})

t.test('the line is never squashed to less than a quarter of the height', async (t) => {
  const value = fc.double({ min: 0, max: 1e6, noNaN: true })
  fc.assert(fc.property(value, value, fc.array(value, { maxLength: 1 }), (a, b, wished) => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)]
    const { min, max } = rangeOf(low, high, wished)
    if (min > low || max < high || min < 0) throw new Error(`${min} to ${max}`)
    if ((high - low) / (max - min) < 0.25 && high - low > 0.2 * high + 1) throw new Error(`squashed: ${min} to ${max}`)
  }), seededRuns(t, 500))
})

t.test('ticks of values are round, and all have as many decimals', async (t) => {
  const cases: Array<[min: number, max: number, most: number, words: string[]]> = [
    [0, 10, 5, ['0', '2', '4', '6', '8', '10']],
    [0, 10.6, 5, ['0.0', '2.5', '5.0', '7.5', '10.0']],
    [87.8, 112.2, 5, ['90', '95', '100', '105', '110']],
    [0, 0.5, 5, ['0.0', '0.1', '0.2', '0.3', '0.4', '0.5']],
    [0, 1, 4, ['0.00', '0.25', '0.50', '0.75', '1.00']],
    [0, 9_500, 3, ['0', '5000']],
    [4.1, 4.4, 1, []],
    [3, 14, 0, []],
    [0, 99, 1, ['0']]
  ]
  for (const [min, max, most, words] of cases) {
    t.strictSame(valueTicks({ min, max }, most).map(({ words }) => words), words, `${min} to ${max}`)
  }
})

t.test('whatever the range, ticks are on it, no more than there is room for, and say what they are', async (t) => {
  const range = fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }))
  fc.assert(fc.property(range, fc.double({ min: 1, max: 20, noNaN: true }), ([min, length], most) => {
    const max = min + length
    const ticks = valueTicks({ min, max }, most)
    if (ticks.length > most + 1.01) throw new Error(`${ticks.length} ticks`)
    const slack = 1e-6 * length
    if (ticks.some(({ value }) => value < min - slack || value > max + slack)) throw new Error('beside it')
    if (new Set(ticks.map(({ words }) => words)).size < ticks.length) throw new Error('two say the same')
    if (ticks.some(({ value, words }) => Math.abs(Number(words) - value) > slack)) throw new Error('says another')
    if (most >= 5 && ticks.length < 2) throw new Error('too few')
  }), seededRuns(t, 1_000))
})

t.test('the value nearest to a time', async (t) => {
  const series = seriesOf(at([110, 1], [120, 2], [160, null], [170, 3]), WINDOW, INTERVAL_MS)
  for (const [time, value] of [[0, 1], [114, 1], [116, 2], [144, 2], [146, 3], [999, 3]] as const) {
    t.equal(nearestValue(series, time)?.value, value, `${time}`)
  }
  t.equal(nearestValue(seriesOf([], WINDOW, INTERVAL_MS), 1), null)
})

t.test('ticks are round times of UTC, no more than there is room for', async (t) => {
  const from = Date.UTC(2026, 0, 1, 9, 42, 44)
  const words = (most: number, minutes: number) =>
    timeTicks({ from, to: from + minutes * 60_000 }, most).map((time) => new Date(time).toISOString().slice(11, 16))
  t.strictSame(words(6, 60), ['09:50', '10:00', '10:10', '10:20', '10:30', '10:40'])
  t.strictSame(words(3, 15), ['09:45', '09:50', '09:55'])
  t.strictSame(words(0, 60), ['10:00'])
})

t.test('the rhythm is that of what is slower, the polls or who writes', async (t) => {
  const every = (seconds: number[]) => seconds.map((second) => ({ time: second * 1_000, value: 1 }))
  const cases = [
    { name: 'each poll brings something', seconds: [0, 10, 20, 30, 40], rhythm: 10_000 },
    { name: 'written each minute', seconds: [0, 60, 120, 180, 240], rhythm: 60_000 },
    { name: 'polled in between as well', seconds: [0, 0, 60, 60, 60, 120, 120, 180, 240], rhythm: 60_000 },
    { name: 'a long gap', seconds: [0, 10, 20, 30, 3_000, 3_010], rhythm: 10_000 },
    { name: 'written more often than it is polled', seconds: [0, 1, 2, 3, 4], rhythm: 10_000 },
    { name: 'in any order', seconds: [240, 0, 180, 60, 120], rhythm: 60_000 },
    { name: 'too few to tell', seconds: [0, 600, 1_200], rhythm: 10_000 }
  ]
  for (const { name, seconds, rhythm } of cases) t.equal(rhythmOf(every(seconds), 10_000), rhythm, name)
})
