import t from 'tap'
import { LandingOffset } from '../../../lib/feed/landing-offset.ts'

function started (ageMs: number): LandingOffset {
  const offset = new LandingOffset(10_000)
  offset.start(ageMs)
  return offset
}

function hits (offset: LandingOffset, count: number): void {
  for (let hit = 0; hit < count; hit++) offset.hit()
}

t.test('begins early, but moves nothing that is young', async (t) => {
  const cases: Array<[name: string, ageMs: number, offsetMs: number]> = [
    ['young', 300, 300],
    ['no age', 0, 0],
    ['from the future', -4_000, -4_000],
    ['old', 5_000, 500],
    ['almost an interval', 9_999, 500],
    ['the writer\'s clock is behind by intervals', 35_000, 30_500],
    ['an interval, missed by a little', 10_600, 500]
  ]
  for (const [name, ageMs, offsetMs] of cases) t.equal(started(ageMs).ms, offsetMs, name)
})

t.test('misses raise it, more with each in a row, up to what is known to be late enough', async (t) => {
  const offset = started(5_000)
  const raised: Array<[found: boolean, ms: number]> = Array.from({ length: 8 }, () => [offset.miss(), offset.ms])
  t.strictSame(raised, [
    [true, 625],
    [true, 875],
    [true, 1_375],
    [true, 2_375],
    [true, 4_375],
    [true, 6_000],
    [false, 6_000],
    [false, 6_000]
  ])
})

t.test('a hit ends the doubling', async (t) => {
  const offset = started(5_000)
  offset.miss()
  offset.hit()
  offset.miss()
  t.equal(offset.ms, 750)
})

t.test('samples that are lost now and then raise it by a bounded amount', async (t) => {
  const offset = started(5_000)
  for (let lost = 0; lost < 100; lost++) {
    offset.miss()
    hits(offset, 10)
  }
  t.equal(offset.ms, 1_000)
})

t.test('earlier polls are tried after many hits, faster and faster, down to the least', async (t) => {
  const offset = started(5_000)
  for (let miss = 0; miss < 5; miss++) offset.miss()
  const seen = new Map<number, number>()
  for (let hit = 0; hit < 200; hit++) {
    if (!seen.has(offset.ms)) seen.set(offset.ms, hit)
    offset.hit()
  }
  t.strictSame([...seen], [[4_375, 0], [4_250, 30], [4_000, 40], [3_500, 50], [2_500, 60], [500, 70]])
})

t.test('an earlier poll that fails is taken back at once, and the next is tried after twice as long', async (t) => {
  const offset = started(5_000)
  offset.miss()
  const waits: number[] = []
  while (waits.length < 7) {
    let wait = 0
    for (; offset.ms === 625; wait++) offset.hit()
    waits.push(wait)
    t.equal(offset.miss(), true)
    t.equal(offset.ms, 625)
  }
  t.strictSame(waits, [30, 60, 120, 240, 480, 480, 480])
})

t.test('after one that failed it closes in by halves', async (t) => {
  const offset = started(13_000)
  const tried: number[] = []
  for (let hit = 0; hit < 400; hit++) {
    if (tried.at(-1) !== offset.ms) tried.push(offset.ms)
    if (offset.ms < 3_200) offset.miss()
    else offset.hit()
  }
  t.equal(tried[0], 10_500)
  t.equal(Math.min(...tried), 3_000, 'the poll before was known to be too early')
  t.ok(offset.ms < 3_500, `${offset.ms} ms in the end`)
})
