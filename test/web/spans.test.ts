import fc from 'fast-check'
import t from 'tap'
import type { Alert } from '../../client/types.ts'
import { openTimes } from '../../web/state/open-times.ts'
import {
  pruned, severityOf, withAlert, withOpen, withRegressions, worstOf, type ClosedAlert, type Severity, type Span, type Spans
} from '../../web/state/spans.ts'
import { seededRuns } from '../support/seed.ts'

const iso = (time: number) => new Date(time).toISOString()
const nothing: Spans = new Map()

function alertOf (id: string, state: Alert['state'], severity: Severity = 'warning', since = 1_000): Alert {
  return {
    id,
    pop: id,
    state,
    severity,
    since: iso(since),
    recentMs: 13,
    baselineMs: 4.5,
    baselineKind: 'day',
    changePercent: 190,
    zScore: 9,
    samples: { recent: 60, baseline: 450 },
    message: '',
    ...state === 'resolved' && { closeReason: 'recovered' }
  }
}

function closedOf (id: string, closedAt: number, closeReason = 'recovered'): ClosedAlert {
  return { ...alertOf(id, 'resolved'), closedAt: iso(closedAt), closeReason }
}

type Change = (spans: Spans) => Spans
const told = (state: Alert['state'], at: number, severity?: Severity): Change =>
  (spans) => withAlert(spans, alertOf('a', state, severity), at)
const answered = (closed: ClosedAlert[], open: Alert[] = []): Change => (spans) => withRegressions(spans, { open, closed })
const open = (alerts: Alert[], at: number, knownAt = at): Change =>
  (spans) => withOpen(spans, new Map(alerts.map((alert) => [alert.id, alert])), at, knownAt)

const warned = { at: 1_000, severity: 'warning' as const }
const cases: Array<{ name: string, changes: Change[], expected: Partial<Span> }> = [
  { name: 'opened', changes: [told('opened', 2_000)], expected: { from: 1_000, to: null, steps: [warned], closeReason: null } },
  {
    name: 'became worse',
    changes: [told('opened', 2_000), told('updated', 3_000, 'critical')],
    expected: { steps: [warned, { at: 3_000, severity: 'critical' }] }
  },
  { name: 'updated without a change', changes: [told('opened', 2_000), told('updated', 3_000)], expected: { steps: [warned] } },
  {
    name: 'opened comes again after it became worse',
    changes: [told('opened', 2_000), told('updated', 3_000, 'critical'), told('opened', 4_000)],
    expected: { steps: [warned, { at: 3_000, severity: 'critical' }] }
  },
  {
    name: 'the clock was set back',
    changes: [told('opened', 2_000), told('updated', 500, 'critical')],
    expected: { steps: [warned, { at: 1_000, severity: 'critical' }] }
  },
  {
    name: 'resolved',
    changes: [told('opened', 2_000), told('resolved', 5_000)],
    expected: { to: 5_000, closeReason: 'recovered' }
  },
  {
    name: 'resolved is all that is known',
    changes: [told('resolved', 5_000)],
    expected: { from: 1_000, to: 5_000, steps: [warned] }
  },
  {
    name: 'replayed after it is closed',
    changes: [told('resolved', 5_000), told('opened', 6_000), told('updated', 7_000, 'critical')],
    expected: { to: 5_000, steps: [warned] }
  },
  {
    name: 'the answer says when exactly',
    changes: [told('resolved', 5_000), answered([closedOf('a', 4_800, 'new_normal')])],
    expected: { to: 4_800, closeReason: 'new_normal' }
  },
  {
    name: 'the answer came before the alert',
    changes: [answered([closedOf('a', 4_800)]), told('resolved', 5_000)],
    expected: { to: 4_800, closeReason: 'recovered' }
  },
  {
    name: 'an answer that is older than the end',
    changes: [told('resolved', 5_000), answered([], [alertOf('a', 'opened')])],
    expected: { to: 5_000 }
  },
  {
    name: 'ended while nobody looked',
    changes: [told('opened', 2_000), open([], 9_000)],
    expected: { to: 9_000, closeReason: null }
  },
  {
    name: 'it was open when that was last known, and not any more when it is known again',
    changes: [told('opened', 2_000), told('updated', 7_000, 'critical'), open([], 9_000, 6_000)],
    expected: { to: 6_000, goneBy: 9_000, closeReason: null, steps: [warned] }
  },
  {
    name: 'what is told of its end leaves when it was unknown',
    changes: [told('opened', 2_000), open([], 9_000, 6_000), told('resolved', 10_000)],
    expected: { to: 6_000, goneBy: 9_000, closeReason: 'recovered' }
  },
  {
    name: 'until the answer says when',
    changes: [told('opened', 2_000), open([], 9_000, 6_000), answered([closedOf('a', 8_000, 'gone')])],
    expected: { to: 8_000, goneBy: null, closeReason: 'gone' }
  },
  {
    name: 'and one that is open again was open all the time',
    changes: [told('opened', 2_000), open([], 9_000, 6_000), open([alertOf('a', 'opened')], 10_000)],
    expected: { to: null, goneBy: null, closeReason: null }
  },
  {
    name: 'and the answer says why',
    changes: [told('opened', 2_000), open([], 9_000), answered([closedOf('a', 8_000, 'gone')])],
    expected: { to: 8_000, closeReason: 'gone' }
  },
  {
    name: 'and so does the alert that is replayed',
    changes: [told('opened', 2_000), open([], 9_000), told('resolved', 10_000)],
    expected: { to: 9_000, closeReason: 'recovered' }
  },
  {
    name: 'a server that was restarted finds the same one again',
    changes: [told('opened', 2_000), open([], 3_000), open([alertOf('a', 'opened')], 4_000)],
    expected: { from: 1_000, to: null, closeReason: null, steps: [warned] }
  },
  {
    name: 'it became worse while nobody looked',
    changes: [told('opened', 2_000), open([alertOf('a', 'updated', 'critical')], 4_000)],
    expected: { steps: [warned, { at: 4_000, severity: 'critical' }] }
  },
  {
    name: 'what came after the exact end is taken back',
    changes: [told('opened', 2_000), told('updated', 4_900, 'critical'), answered([closedOf('a', 4_800)])],
    expected: { to: 4_800, steps: [warned] }
  }
]

for (const { name, changes, expected } of cases) {
  t.test(name, async (t) => {
    const spans = changes.reduce((spans, change) => change(spans), nothing)
    t.strictSame([...spans.keys()], ['a'], 'it is one')
    t.match(spans.get('a'), expected)
    t.strictSame(spans.get('a')!.steps, expected.steps ?? spans.get('a')!.steps)
  })
}

t.test('what changes nothing keeps the identity', async (t) => {
  const spans = told('opened', 2_000)(nothing)
  t.equal(told('opened', 3_000)(spans), spans)
  t.equal(open([alertOf('a', 'opened')], 3_000)(spans), spans)
  t.equal(pruned(spans, 1e12), spans, 'what is open is kept for ever')
})

t.test('what ended long ago is forgotten', async (t) => {
  const spans = answered([closedOf('a', 5_000), closedOf('b', 9_000_000)])(nothing)
  t.strictSame([...pruned(spans, 10_000_000).keys()], ['b'])
})

t.test('severity now and at its worst', async (t) => {
  const span = told('updated', 3_000, 'warning')(told('opened', 2_000, 'critical')(nothing)).get('a')!
  t.equal(severityOf(span), 'warning')
  t.equal(worstOf(span), 'critical')
})

t.test('whatever is told in whatever order, exactly what is open is open, and spans are in order', async (t) => {
  const id = fc.constantFrom('a', 'b', 'c')
  const severity = fc.constantFrom<Severity>('warning', 'critical')
  const time = fc.integer({ min: 0, max: 9_000 })
  const anAlert = fc.tuple(id, fc.constantFrom<Alert['state']>('opened', 'updated', 'resolved'), severity)
    .map(([id, state, severity]) => alertOf(id, state, severity))
  const aClosed = fc.tuple(id, time).map(([id, at]) => closedOf(id, at))
  const change = fc.oneof(
    fc.tuple(anAlert, time).map(([alert, at]): Change => (spans) => withAlert(spans, alert, at)),
    fc.tuple(fc.array(aClosed), fc.array(anAlert)).map(([closed, open]) => answered(closed, open)),
    fc.tuple(fc.array(anAlert), time).map(([alerts, at]) => open(alerts, at))
  )
  fc.assert(fc.property(fc.array(change), fc.array(anAlert), time, (changes, alerts, at) => {
    const spans = open(alerts, at)(changes.reduce((spans, change) => change(spans), nothing))
    const isOpen = [...spans.values()].filter(({ to }) => to === null).map(({ id }) => id).sort()
    const expected = [...new Set(alerts.map(({ id }) => id))].sort()
    if (isOpen.join() !== expected.join()) throw new Error(`${isOpen.join()} for ${expected.join()}`)
    for (const { from, to, steps } of spans.values()) {
      if (steps[0]?.at !== from || (to !== null && to < from)) throw new Error('no beginning or no end')
      for (const [index, step] of steps.entries()) {
        const before = steps[index - 1]
        if (before && (step.at < before.at || step.severity === before.severity)) throw new Error('no steps')
      }
    }
  }), seededRuns(t, 500))
})

t.test('alert and answer in either order are the same', async (t) => {
  const changes = [told('opened', 2_000), told('resolved', 5_000), answered([closedOf('a', 4_800)])]
  fc.assert(fc.property(fc.shuffledSubarray(changes, { minLength: 3 }), (changes) => {
    const span = changes.reduce((spans, change) => change(spans), nothing).get('a')
    if (span?.to !== 4_800 || span.steps.length !== 1 || span.closeReason !== 'recovered') throw new Error(JSON.stringify(span))
  }), seededRuns(t, 50))
})

t.test('open times', async (t) => {
  const span = (from: number, to: number | null, ...steps: Array<[number, Severity]>): Span => ({
    id: `${from}`, pop: 'a', from, to, goneBy: null, closeReason: null, steps: steps.map(([at, severity]) => ({ at, severity }))
  })
  const WINDOW = { from: 100, to: 200 }
  const times = [
    { name: 'none', spans: [], expected: [] },
    { name: 'before the window', spans: [span(50, 90, [50, 'warning'])], expected: [] },
    { name: 'open until the end', spans: [span(150, null, [150, 'warning'])], expected: [[150, 180, 'warning', 1]] },
    { name: 'over the whole window', spans: [span(50, 300, [50, 'critical'])], expected: [[100, 200, 'critical', 1]] },
    {
      name: 'the worst of several',
      spans: [span(110, 150, [110, 'warning']), span(120, 130, [120, 'critical'])],
      expected: [[110, 120, 'warning', 1], [120, 130, 'critical', 2], [130, 150, 'warning', 1]]
    },
    {
      name: 'one after another is one time, as many as there were at once',
      spans: [span(110, 130, [110, 'warning']), span(120, 140, [120, 'warning'])],
      expected: [[110, 140, 'warning', 2]]
    },
    {
      name: 'became worse',
      spans: [span(110, 150, [110, 'warning'], [130, 'critical'])],
      expected: [[110, 130, 'warning', 1], [130, 150, 'critical', 1]]
    },
    { name: 'found after the last sample', spans: [span(190, null, [190, 'warning'])], expected: [] }
  ]
  for (const { name, spans, expected } of times) {
    const found = openTimes(spans, WINDOW, 180).map(({ from, to, severity, count }) => [from, to, severity, count])
    t.strictSame(found, expected, name)
  }
})
