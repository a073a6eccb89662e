import t from 'tap'
import type { Pop } from '../../../lib/fleet/pop.ts'
import {
  CRITICAL_ABOVE_Z,
  CRITICAL_UNTIL_Z,
  MIN_RELATIVE_DEVIATION,
  OPEN_ABOVE_Z,
  RegressionDetector,
  RESOLVE_BELOW_INCREASE,
  RESOLVE_BELOW_Z,
  type Assessment
} from '../../../lib/fleet/regression-detector.ts'
import type { BaselineKind, PopBaselines, WindowStatistics } from '../../../lib/source/source.ts'
import { MIN_SAMPLES } from '../../../lib/source/source.ts'

const TEN_MINUTES_MS = 600_000
let sampleTime = 0

/** A PoP that has been at this value for a while; what was before is too long ago to be remembered. */
function pop (value: number, fields: Partial<Pop> = {}): Pop {
  sampleTime += TEN_MINUTES_MS
  return {
    code: 'fra1',
    coldStartMs: value,
    sampleTime,
    functions: 5,
    oldestSampleTime: sampleTime,
    recentCount: 60,
    earlierMean: value,
    ...fields
  }
}

const statistics = (center: number, deviation: number, count = 450): WindowStatistics => ({ count, center, deviation })

/** Mean 100 and deviation 10: a recent mean of 125 has z 2.5 and an increase of 25 %. */
const HUNDRED: PopBaselines = { day: statistics(100, 10) }

function assess (recent: Pop, baselines: PopBaselines, detector = new RegressionDetector()): Assessment {
  return detector.update([recent], new Map([['fra1', baselines]])).assessments[0] as Assessment
}

/** `regressed` with its severity, or the other state. */
function stateOf (assessment: Assessment): string {
  return assessment.state === 'regressed' ? assessment.severity : assessment.state
}

t.test('thresholds', async (t) => {
  t.strictSame(
    {
      MIN_SAMPLES,
      OPEN_ABOVE_Z,
      CRITICAL_ABOVE_Z,
      CRITICAL_UNTIL_Z,
      RESOLVE_BELOW_Z,
      RESOLVE_BELOW_INCREASE,
      MIN_RELATIVE_DEVIATION
    },
    {
      MIN_SAMPLES: 10,
      OPEN_ABOVE_Z: 2.5,
      CRITICAL_ABOVE_Z: 3.5,
      CRITICAL_UNTIL_Z: 3,
      RESOLVE_BELOW_Z: 1.5,
      RESOLVE_BELOW_INCREASE: 0.1,
      MIN_RELATIVE_DEVIATION: 0.05
    }
  )
})

t.test('one assessment', async (t) => {
  const cases: Array<{ name: string, recent: number, baselines: PopBaselines, state: string }> = [
    { name: 'as before', recent: 100, baselines: HUNDRED, state: 'normal' },
    { name: 'faster than before', recent: 10, baselines: HUNDRED, state: 'normal' },
    { name: 'at the threshold of opening', recent: 125, baselines: HUNDRED, state: 'normal' },
    { name: 'just above it', recent: 125.01, baselines: HUNDRED, state: 'warning' },
    { name: 'at the threshold of critical', recent: 135, baselines: HUNDRED, state: 'warning' },
    { name: 'just above it', recent: 135.01, baselines: HUNDRED, state: 'critical' },
    { name: 'a noisy PoP may swing', recent: 150, baselines: { day: statistics(100, 20) }, state: 'normal' },
    { name: 'constant baseline, at 2.5 times the floor', recent: 112.5, baselines: { day: statistics(100, 0) }, state: 'normal' },
    { name: 'constant baseline, above', recent: 112.51, baselines: { day: statistics(100, 0) }, state: 'warning' },
    { name: 'a tiny deviation counts as the floor', recent: 110, baselines: { day: statistics(100, 0.001) }, state: 'normal' },
    { name: 'zero baseline, still zero', recent: 0, baselines: { day: statistics(0, 0) }, state: 'normal' },
    { name: 'zero baseline, any increase', recent: 0.001, baselines: { day: statistics(0, 0) }, state: 'critical' },
    { name: 'zero mean with a deviation', recent: 2, baselines: { day: statistics(0, 1) }, state: 'normal' }
  ]
  for (const { name, recent, baselines, state } of cases) t.equal(stateOf(assess(pop(recent), baselines)), state, name)
})

t.test('a comparison tells what was compared with what, and how many samples', async (t) => {
  const cases: Array<{
    name: string
    recent: number
    baselines: PopBaselines
    increase: number
    zScore: number
    baselineMs: number
    baselineKind: BaselineKind
  }> = [
    { name: 'day', recent: 150, baselines: HUNDRED, increase: 0.5, zScore: 5, baselineMs: 100, baselineKind: 'day' },
    {
      name: 'day before hour',
      recent: 150,
      baselines: { ...HUNDRED, hour: statistics(150, 10) },
      increase: 0.5,
      zScore: 5,
      baselineMs: 100,
      baselineKind: 'day'
    },
    {
      name: 'hour where there is no day',
      recent: 75,
      baselines: { hour: statistics(50, 10) },
      increase: 0.5,
      zScore: 2.5,
      baselineMs: 50,
      baselineKind: 'hour'
    },
    {
      name: 'hour where the day has too few samples',
      recent: 75,
      baselines: { day: statistics(75, 10, 9), hour: statistics(50, 10, 450) },
      increase: 0.5,
      zScore: 2.5,
      baselineMs: 50,
      baselineKind: 'hour'
    },
    {
      name: 'floor of the deviation',
      recent: 90,
      baselines: { day: statistics(100, 1) },
      increase: -0.1,
      zScore: -2,
      baselineMs: 100,
      baselineKind: 'day'
    },
    {
      name: 'zero baseline, no change',
      recent: 0,
      baselines: { day: statistics(0, 0) },
      increase: 0,
      zScore: 0,
      baselineMs: 0,
      baselineKind: 'day'
    },
    {
      name: 'zero baseline, increase',
      recent: 1,
      baselines: { day: statistics(0, 0) },
      increase: 10_000,
      zScore: 1_000,
      baselineMs: 0,
      baselineKind: 'day'
    }
  ]
  for (const { name, recent, baselines, ...expected } of cases) {
    const assessment = assess(pop(recent), baselines)
    t.strictSame(
      'comparison' in assessment && assessment.comparison,
      { recentMs: recent, ...expected, samples: { recent: 60, baseline: 450 } },
      name
    )
  }
})

t.test('not enough data is a state of its own', async (t) => {
  const cases: Array<{ name: string, recentCount: number, baselines: PopBaselines, state: string }> = [
    { name: 'recent 9', recentCount: 9, baselines: HUNDRED, state: 'not_enough_data' },
    { name: 'recent 10', recentCount: 10, baselines: HUNDRED, state: 'critical' },
    { name: 'recent 0, whose mean is no number', recentCount: 0, baselines: HUNDRED, state: 'not_enough_data' },
    { name: 'day 9, no hour', recentCount: 60, baselines: { day: statistics(100, 10, 9) }, state: 'not_enough_data' },
    { name: 'day 10, no hour', recentCount: 60, baselines: { day: statistics(100, 10, 10) }, state: 'critical' },
    {
      name: 'day 9, hour 9',
      recentCount: 60,
      baselines: { day: statistics(100, 10, 9), hour: statistics(100, 10, 9) },
      state: 'not_enough_data'
    },
    { name: 'no day, hour 10', recentCount: 60, baselines: { hour: statistics(100, 10, 10) }, state: 'critical' },
    { name: 'neither', recentCount: 60, baselines: {}, state: 'not_enough_data' },
    { name: 'a baseline that is no number', recentCount: 60, baselines: { day: statistics(NaN, NaN) }, state: 'not_enough_data' }
  ]
  for (const { name, recentCount, baselines, state } of cases) {
    const detector = new RegressionDetector()
    t.equal(stateOf(assess(pop(recentCount === 0 ? NaN : 200, { recentCount }), baselines, detector)), state, name)
    t.equal(detector.regressions, state === 'critical' ? 1 : 0, name)
  }
  t.strictSame(
    new RegressionDetector().update([pop(200)], new Map()).assessments,
    [{ pop: 'fra1', state: 'not_enough_data' }],
    'a PoP without any baseline'
  )
})

t.test('hysteresis', async (t) => {
  const noisy: PopBaselines = { day: statistics(100, 4) }
  const quiet: PopBaselines = { day: statistics(100, 20) }
  const cases: Array<{ name: string, baselines: PopBaselines, sequence: Array<[recent: number, state: string]> }> = [
    {
      name: 'below the opening threshold it stays open',
      baselines: HUNDRED,
      sequence: [
        [124, 'normal'],
        [126, 'warning'],
        [124, 'warning'],
        [116, 'warning'],
        [109, 'normal'],
        [124, 'normal']
      ]
    },
    {
      name: 'z below 1.5 with 10 % left stays open',
      baselines: HUNDRED,
      sequence: [
        [126, 'warning'],
        [114.9, 'warning'],
        [110, 'warning'],
        [109.99, 'normal']
      ]
    },
    {
      name: 'less than 10 % with z at 1.5 stays open',
      baselines: noisy,
      sequence: [
        [120, 'critical'],
        [107.5, 'warning'],
        [107.49, 'normal']
      ]
    },
    {
      name: 'z alone does not resolve a large increase',
      baselines: quiet,
      sequence: [
        [171, 'critical'],
        [129, 'warning'],
        [120, 'warning'],
        [109, 'normal']
      ]
    },
    {
      name: 'critical and warning while open',
      baselines: HUNDRED,
      sequence: [
        [140, 'critical'],
        [130.1, 'critical'],
        [130, 'warning'],
        [135, 'warning'],
        [140, 'critical'],
        [100, 'normal']
      ]
    },
    {
      name: 'around one threshold it does not flap',
      baselines: HUNDRED,
      sequence: [
        [125.1, 'warning'],
        [124.9, 'warning'],
        [125.1, 'warning'],
        [124.9, 'warning']
      ]
    }
  ]
  for (const { name, baselines, sequence } of cases) {
    const detector = new RegressionDetector()
    t.strictSame(sequence.map(([recent]) => [recent, stateOf(assess(pop(recent), baselines, detector))]), sequence, name)
  }
})

t.test('PoPs are assessed each on its own, in their order', async (t) => {
  const detector = new RegressionDetector()
  const pops = [pop(200, { code: 'slow' }), pop(100, { code: 'steady' }), pop(100, { code: 'new' }), pop(130, { code: 'slower' })]
  const { assessments } = detector.update(pops, new Map(['slow', 'steady', 'slower', 'unseen'].map((code) => [code, HUNDRED])))
  t.strictSame(assessments.map((assessment) => [assessment.pop, stateOf(assessment)]),
    [['slow', 'critical'], ['steady', 'normal'], ['new', 'not_enough_data'], ['slower', 'warning']])
  t.equal(detector.regressions, 2)
})
