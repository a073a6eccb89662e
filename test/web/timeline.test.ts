import t from 'tap'
import type { Alert, HistoryPoint, Pop } from '../../client/types.ts'
import { wordsOf } from '../../web/state/chart-words.ts'
import { baselineWords, changeWords, listed } from '../../web/state/detail-words.ts'
import { feedNow } from '../../web/state/feed-time.ts'
import { lanesOf, MOST_LANES, type GroupLane, type PopLane } from '../../web/state/lanes.ts'
import type { Look } from '../../web/state/look.ts'
import { overviewPicture, popPicture, windowOf } from '../../web/state/picture.ts'
import type { Severity, Span } from '../../web/state/spans.ts'

const NOW = Date.UTC(2026, 0, 1, 12)
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const ago = (minutes: number) => NOW - minutes * MINUTE_MS
const WINDOW = { from: ago(60), to: NOW }

function spanOf (pop: string, since: number, to: number | null, severity: Severity = 'warning', worse?: number): Span {
  const steps = [{ at: ago(since), severity }, ...worse === undefined ? [] : [{ at: ago(worse), severity: 'critical' as const }]]
  const end = to === null ? { to, closeReason: null } : { to: ago(to), closeReason: 'recovered' }
  return { id: `${pop}_${since}`, pop, from: ago(since), steps, goneBy: null, ...end }
}

const popOf = (code: string, country: string | null): Pop => ({
  code,
  city: 'Frankfurt',
  country,
  tier: '1',
  latitude: null,
  longitude: null,
  coldStartMs: 13.2,
  healthy: true,
  status: 'fresh',
  regression: 'critical',
  sampleTime: new Date(NOW).toISOString(),
  baselineMs: 4.5,
  baselineLowMs: 2.81,
  baselineHighMs: 6.19
})

t.test('bars', async (t) => {
  const pops = new Map([['fra1', popOf('fra1', 'DE')]])
  const unseen = { ...spanOf('fra1', 10, 5), goneBy: ago(2) }
  const bars = [
    { name: 'open while live', span: spanOf('fra1', 10, null), end: NOW, from: 10, to: 0, rest: null, cut: false },
    { name: 'open, ends at the last sample', span: spanOf('fra1', 10, null), end: ago(5), from: 10, to: 5, rest: 0, cut: false },
    { name: 'found after the last sample', span: spanOf('fra1', 10, null), end: ago(20), from: 10, to: 10, rest: 0, cut: false },
    { name: 'closed', span: spanOf('fra1', 10, 5), end: NOW, from: 10, to: 5, rest: null, cut: false },
    { name: 'nobody saw its end', span: unseen, end: NOW, from: 10, to: 5, rest: 2, cut: false },
    { name: 'began before the window', span: spanOf('fra1', 90, 5), end: NOW, from: 60, to: 5, rest: null, cut: true }
  ]
  for (const { name, span, end, from, to, rest, cut } of bars) {
    const [lane] = lanesOf([span], pops, WINDOW, end) as PopLane[]
    const bar = { from: ago(from), to: ago(to), rest: rest === null ? null : { from: ago(to), to: ago(rest) }, isCut: cut }
    t.match(lane, { kind: 'pop', code: 'fra1', country: 'DE', bars: [bar] }, name)
  }
  t.strictSame(lanesOf([spanOf('fra1', 90, 70)], pops, WINDOW, NOW), [], 'ended before the window')
  const [lane] = lanesOf([spanOf('fra1', 70, null, 'warning', 20)], pops, WINDOW, NOW) as PopLane[]
  t.strictSame(lane?.bars[0]?.parts, [
    { from: ago(60), to: ago(20), severity: 'warning' }, { from: ago(20), to: NOW, severity: 'critical' }
  ])
  t.equal(lane?.bars[0]?.words, 'fra1 Frankfurt: warning since 10:50Z, critical since 11:40Z, open, 70 min')
  const [closed] = lanesOf([spanOf('gru1', 10, 5)], pops, WINDOW, NOW) as PopLane[]
  t.equal(closed?.bars[0]?.words, 'gru1: warning since 11:50Z, recovered at 11:55Z after 5 min')
  const [ended] = lanesOf([{ ...unseen, closeReason: null }], pops, WINDOW, NOW) as PopLane[]
  t.equal(ended?.bars[0]?.words, 'fra1 Frankfurt: warning since 11:50Z, ended between 11:55:00Z and 11:58:00Z')
  t.equal(closed?.country, null, 'a PoP that is not known any more')
})

t.test('lanes: open before closed, critical before warning, the latest first', async (t) => {
  const spans = [
    spanOf('a', 30, 20), spanOf('b', 30, 10), spanOf('c', 40, 30, 'critical'), spanOf('d', 50, null), spanOf('e', 20, null),
    spanOf('f', 55, null, 'warning', 10), spanOf('a', 50, 45)
  ]
  const lanes = lanesOf(spans, new Map(), WINDOW, NOW) as PopLane[]
  t.equal(lanes.map(({ code }) => code).join(''), 'fedcba')
  t.strictSame(lanes.at(-1)?.bars.map(({ from }) => from), [ago(50), ago(30)], 'all of a PoP are in its lane')
})

t.test('more lanes are grouped by country', async (t) => {
  const codes = Array.from({ length: MOST_LANES + 1 }, (_, index) => `p${index}`)
  const pops = new Map(codes.map((code, index) => [code, popOf(code, index === 0 ? 'FR' : index < 4 ? null : 'DE')]))
  const spans = codes.map((code, index) => spanOf(code, 30 + index, 10))
  t.ok(lanesOf(spans.slice(1), pops, WINDOW, NOW).every(({ kind }) => kind === 'pop'), 'so many are not')
  const lanes = lanesOf(spans, pops, WINDOW, NOW)
  t.strictSame(lanes.map(({ kind, country }) => [kind, country]), [['pop', 'FR'], ['group', null], ['group', 'DE']])
  const { times, lanes: members } = lanes[2] as GroupLane
  t.equal(members.length, 9)
  t.strictSame(times, [{ from: ago(30 + MOST_LANES), to: ago(10), severity: 'warning', count: 9 }])
})

function historyOf (...points: Array<[minutes: number, mean: number | null]>): HistoryPoint[] {
  return points.map(([minutes, averageColdStart], seq) => ({
    epoch: 'e',
    seq,
    dataTime: new Date(ago(minutes)),
    stale: false,
    overview: { totalPops: averageColdStart === null ? 0 : 1, healthyPops: 0, averageColdStart, regressions: 0, silentPops: 0 }
  }))
}

const overview = (look: Look, history = historyOf([10, 5], [9, 6], [5, 7])) => overviewPicture({
  history, intervalMs: MINUTE_MS, healthyBelowMs: 10, windowMs: HOUR_MS, now: NOW, look, regressions: [spanOf('a', 20, null)]
})

t.test('overview by look', async (t) => {
  const [late, old] = ['overdue since 11:55:00Z', 'no data since 11:55:00Z']
  const looks = [
    { look: 'live', rest: null, words: null, isOld: false, openUntil: NOW },
    { look: 'late', rest: { from: ago(5), kind: 'dotted', words: late }, words: null, isOld: false, openUntil: ago(5) },
    { look: 'old', rest: { from: ago(5), kind: 'shaded', words: old }, words: null, isOld: true, openUntil: ago(5) }
  ] as const
  for (const { look, rest, words, isOld, openUntil } of looks) {
    const picture = overview(look)
    t.strictSame({ rest: picture.rest, words: picture.words, isOld: picture.isOld }, { rest, words, isOld }, look)
    t.strictSame(picture.shades, [{ from: ago(20), to: openUntil, severity: 'warning', count: 1 }], look)
  }
  t.equal(overview('none', []).words, 'no data yet')
  t.match([overview('none', []).from, overview('none', []).to], [ago(60), NOW], 'axes have their times')
  t.equal(overview('live', historyOf([5, null])).words, 'no PoP reported')
  t.match(overview('old', historyOf([90, 5])), { words: null, rest: { from: ago(90), kind: 'shaded' } },
    'the whole window, and since when it is')
  t.match(overview('old', []).rest, { from: ago(60), words: 'no data' }, 'of which nothing is known')
  t.equal(overview('late', []).rest, null)
  t.equal(overview('live').levels.length, 0, 'a threshold that is out of reach')
  t.strictSame(overview('live', historyOf([5, 8], [4, 9])).levels, [{ value: 10, words: 'healthy below 10.0 ms' }])
})

t.test('the same in words', async (t) => {
  t.equal(wordsOf(overview('old'), 'Mean', true), 'Mean, 11:00Z to 12:00Z, simulated; lowest 5.00 ms, highest 7.00 ms; ' +
    'last 7.00 ms at 11:55:00Z; 1 gap: 11:51:00Z to 11:55:00Z (4 min); regressions open: warning 11:40Z to 11:55Z; ' +
    'no data since 11:55:00Z')
  t.equal(wordsOf({ ...overview('none', []), shades: [], levels: [] }, 'Mean'), 'Mean, 11:00Z to 12:00Z; no data yet')
  const minutes = [58, 57, 56, 46, 45, 44, 34, 33, 32, 22, 21, 20, 10, 9, 8]
  const many = historyOf(...minutes.map((ago): [number, number] => [ago, 1]))
  t.match(wordsOf(overview('live', many), 'Mean'), /4 gaps: 11:16:00Z to .*, and before/)
})

t.test('the right edge', async (t) => {
  const { from, to } = windowOf(NOW + 1, HOUR_MS, null)
  t.strictSame([from, to], [ago(60) + 5_000, NOW + 5_000], 'moves by 5 s of an hour')
  t.equal(windowOf(NOW, HOUR_MS, NOW + 2_000).to, NOW + 5_000, 'what is newer than now stays on the screen')
  t.equal(feedNow({ dataTime: new Date(NOW), ageMs: 1_500 }, 0), NOW + 1_500, 'whatever a viewer\'s clock says')
  t.equal(feedNow({ dataTime: null, ageMs: null }, 7), 7)
})

const popData = (pop: Pop | null, look: Look = 'live') => popPicture({
  points: [{ time: ago(2), value: 13 }, { time: ago(1), value: 12 }],
  intervalMs: MINUTE_MS,
  pop,
  windowMs: HOUR_MS,
  now: NOW,
  look,
  open: [
    { since: ago(4), severity: 'critical', words: 'critical since' },
    { since: ago(90), severity: 'warning', words: 'long ago' }
  ]
})

t.test('a PoP', async (t) => {
  const picture = popData(popOf('fra1', 'DE'))
  t.match(picture, { band: { low: 2.81, high: 6.19 }, rest: null, levels: [{ value: 4.5 }], words: null })
  t.ok(picture.min <= 2.81 && picture.max >= 13)
  t.strictSame(picture.marks.map(({ time }) => time), [ago(4)], 'what opened before the window has no mark in it')
  const unknown = popData({ ...popOf('fra1', 'DE'), baselineMs: null, baselineLowMs: null, baselineHighMs: null })
  t.match(unknown, { band: null, levels: [] })
  const silent = { ...popOf('fra1', 'DE'), status: 'silent' as const }
  for (const look of ['live', 'late'] as const) {
    t.match(popData(silent, look).rest, { from: ago(1), kind: 'shaded', words: 'silent' })
  }
  t.match(popData(silent, 'old').rest, { words: 'no data' })
  t.match(popData(null), { band: null, rest: null })
})

t.test('words of a comparison', async (t) => {
  t.equal(changeWords({ coldStartMs: 13.2, baselineMs: 4.5 }), '+193 % above 4.50 ms')
  t.equal(changeWords({ coldStartMs: 3.6, baselineMs: 4.5 }), '20 % below 4.50 ms')
  t.equal(changeWords({ coldStartMs: 3.6, baselineMs: null }), null)
  t.equal(changeWords({ coldStartMs: 3.6, baselineMs: 0 }), null)
  t.equal(baselineWords('day'), 'same time a day earlier')
  t.equal(baselineWords('day', 3), 'same time on the last 3 days')
  t.equal(baselineWords('month'), 'month', 'a kind that is newer than the page')
})

t.test('regressions of a PoP', async (t) => {
  const alert: Alert = {
    id: 'fra1_4',
    pop: 'fra1',
    state: 'updated',
    severity: 'critical',
    since: new Date(ago(4)).toISOString(),
    recentMs: 13.1,
    baselineMs: 4.5,
    baselineKind: 'day',
    changePercent: 191.2,
    zScore: 9.6,
    samples: { recent: 60, baseline: 450 },
    message: ''
  }
  const closed = {
    ...alert,
    id: 'fra1_b',
    since: new Date(ago(15 * 60)).toISOString(),
    closedAt: new Date(ago(14 * 60)).toISOString(),
    closeReason: 'new_normal'
  }
  const span = { ...spanOf('fra1', 4, null, 'warning', 2) }
  const facts = { open: [alert], closed: [closed] }
  t.strictSame(listed(facts, alert, span, NOW), [
    {
      id: 'fra1_4',
      severity: 'critical',
      what: '13.1 ms, +191 % against 4.50 ms',
      when: 'since 11:56Z, critical from 11:58Z',
      end: 'open, 4 min'
    },
    {
      id: 'fra1_b',
      severity: 'critical',
      what: '13.1 ms, +191 % against 4.50 ms',
      when: '2025-12-31 21:00Z to 22:00Z (60 min)',
      end: 'new normal: stays slower'
    }
  ])
  const silent = listed(facts, alert, span, NOW, NOW - 24 * 3_600_000)
  t.equal(silent[1]?.when, '2025-12-31 21:00Z to 22:00Z (60 min)', 'how far it is known says nothing of what is over')
  t.equal(listed(facts, null, null, NOW).length, 2, 'as the answer had it')
  t.strictSame(listed(null, alert, null, NOW).map(({ when }) => when), ['since 11:56Z'], 'before there is an answer')
  t.strictSame(listed({ open: [alert], closed: [{ ...closed, id: 'fra1_4' }] }, null, null, NOW).map(({ end }) => end),
    ['new normal: stays slower'], 'what is closed is not open')
})
