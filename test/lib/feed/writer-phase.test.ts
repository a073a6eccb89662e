import t from 'tap'
import { WriterPhase } from '../../../lib/feed/writer-phase.ts'

const INTERVAL_MS = 10_000

interface Poll {
  at: number
  newest: number | null
}

function observed (polls: readonly Poll[], phase = new WriterPhase(INTERVAL_MS)): WriterPhase {
  for (const { at, newest } of polls) phase.observe(at, newest)
  return phase
}

/** Polls on the plain grid, and the newest sample each found. */
function onGrid (newest: ReadonlyArray<number | null>): Poll[] {
  return newest.map((time, index) => ({ at: (index + 1) * INTERVAL_MS, newest: time }))
}

t.test('a pattern is three samples that agree', async (t) => {
  const cases: Array<{ name: string, newest: Array<number | null>, next: number | null }> = [
    { name: 'nothing known', newest: [], next: null },
    { name: 'no PoP reported', newest: [null, null, null, null], next: null },
    { name: 'two samples', newest: [3_000, 13_000], next: null },
    { name: 'three samples', newest: [3_000, 13_000, 23_000], next: 53_500 },
    { name: 'three samples with jitter: their mean', newest: [3_000, 13_300, 23_300], next: 53_700 },
    { name: 'the same sample again is none', newest: [3_000, 13_000, 13_000], next: null },
    { name: 'a sample that is older than before is none', newest: [3_000, 13_000, 3_000], next: null },
    { name: 'around the seam of the interval', newest: [-200, 10_100, 19_800], next: 50_400 },
    { name: 'they do not agree', newest: [3_000, 15_000, 23_000, 38_000], next: null },
    { name: 'an outlier: the plain grid', newest: [3_000, 13_000, 23_000, 37_000], next: null },
    {
      name: 'three that agree again after an outlier',
      newest: [3_000, 13_000, 23_000, 37_000, 43_000, 53_000, 63_000],
      next: 53_500
    },
    { name: 'three at another phase', newest: [3_000, 13_000, 23_000, 37_000, 47_000, 57_000], next: 57_500 },
    { name: 'young data moves nothing', newest: [9_800, 19_800, 29_800], next: 50_000 }
  ]
  for (const { name, newest, next } of cases) {
    t.equal(observed(onGrid(newest)).nextPoll(50_000)?.toFixed(0), next?.toFixed(0), name)
  }
})

t.test('the next poll is the first in phase that is not before', async (t) => {
  const phase = observed(onGrid([3_000, 13_000, 23_000]))
  const cases: Array<[notBefore: number, next: number]> = [
    [43_499, 43_500],
    [43_500, 43_500],
    [43_501, 53_500],
    [1_000_000_000_000, 1_000_000_003_500]
  ]
  for (const [notBefore, next] of cases) t.equal(phase.nextPoll(notBefore), next)
})

t.test('the writer\'s interval, in whole intervals of ours', async (t) => {
  const cases: Array<{ name: string, newest: Array<number | null>, writerIntervalMs: number | null }> = [
    { name: 'two samples', newest: [3_000, 13_000], writerIntervalMs: null },
    { name: 'as ours', newest: [3_000, 13_000, 23_000], writerIntervalMs: 10_000 },
    { name: 'slower', newest: [3_000, 3_000, 3_000, 33_000, 33_000, 33_000, 63_000], writerIntervalMs: 30_000 },
    { name: 'slower, seen for the first time when it was old', newest: [-500_000, 3_000, 33_000], writerIntervalMs: 30_000 },
    { name: 'faster', newest: [9_700, 19_600, 29_900], writerIntervalMs: 10_000 },
    { name: 'it catches up', newest: [3_000, 3_200, 3_400], writerIntervalMs: 10_000 },
    { name: 'one sample is missing', newest: [3_000, 13_000, 13_000, 33_000, 43_000], writerIntervalMs: 10_000 },
    { name: 'it has become slower', newest: [3_000, 13_000, 23_000, 33_000, 63_000, 93_000, 123_000], writerIntervalMs: 30_000 }
  ]
  for (const { name, newest, writerIntervalMs } of cases) {
    t.equal(observed(onGrid(newest)).writerIntervalMs, writerIntervalMs, name)
  }
})

t.test('a sample that is not there moves the next poll; one that was not due or never comes does not', async (t) => {
  const learnt = onGrid([3_000, 13_000, 23_000])
  const cases: Array<{ name: string, polls: Poll[], next: number }> = [
    { name: 'there', polls: [{ at: 33_500, newest: 33_000 }], next: 103_500 },
    { name: 'not there', polls: [{ at: 33_500, newest: 23_000 }], next: 103_625 },
    { name: 'not there, then there', polls: [{ at: 33_500, newest: 23_000 }, { at: 43_625, newest: 43_000 }], next: 103_625 },
    { name: 'always one behind', polls: [{ at: 33_500, newest: 23_000 }, { at: 43_625, newest: 33_000 }], next: 103_875 },
    { name: 'the writer stops', polls: [33_500, 43_625, 53_625, 63_625].map((at) => ({ at, newest: 23_000 })), next: 103_625 },
    { name: 'polled again before the next is due', polls: [{ at: 31_000, newest: 23_000 }], next: 103_500 }
  ]
  for (const { name, polls, next } of cases) t.equal(observed([...learnt, ...polls]).nextPoll(100_000), next, name)
})

t.test('of a slower writer only the polls count that a sample is due at', async (t) => {
  const learnt = [13_000, 43_000, 73_000].flatMap((newest) =>
    [0, 1, 2].map((polls) => ({ at: newest + 5_000 + polls * INTERVAL_MS, newest }))
  )
  const phase = observed([...learnt, ...[103_500, 113_500, 123_500].map((at) => ({ at, newest: 103_000 }))])
  t.equal(phase.nextPoll(200_000), 203_500, 'all as expected')
  observed([{ at: 133_500, newest: 103_000 }, { at: 143_625, newest: 133_000 }], phase)
  t.equal(phase.nextPoll(200_000), 203_625, 'one miss, not two')
})
