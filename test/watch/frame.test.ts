import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import stringWidth from 'string-width'
import t from 'tap'
import { PopcastError } from '../../client/index.ts'
import { frame } from '../../watch/frame.ts'
import type { WatchState } from '../../watch/state.ts'
import { coloured, plain } from '../../watch/style.ts'
import { alertOf, pop } from '../support/feed-messages.ts'
import { seededRuns } from '../support/seed.ts'
import {
  ago, fresh, historyOf, live, lost, NOW, nothing, restart, stale, unheard, watchState
} from '../support/watch-states.ts'

const syncing = { name: 'syncing', transport: 'websocket' } as const
const waiting = { name: 'waiting', attempt: 2, retryAt: NOW + 3_400, cause: lost } as const
const sourceError = { code: 'SOURCE_UNAVAILABLE', message: 'x', since: new Date(NOW - 170_000), dataTime: null } as const
const failed = { name: 'failed', cause: new PopcastError('INVALID_MESSAGES', '', { closeCode: 4501 }) } as const

t.test('the whole screen, live', async (t) => {
  t.strictSame(frame(watchState(), 100, 16, plain), [
    '(o) LIVE  data 1.2 s old  next in 8 s  10:42:44Z',
    '',
    '17/20 healthy  1 regressed  1 silent  6.54 ms mean',
    'mean, last hour ' + ' '.repeat(59) + '\u2581 5.00 ms to 7.00 ms',
    '',
    'NEEDS ATTENTION 3',
    '[X] critical  fra1  Frankfurt DE  13.2 ms  +193 %  was 4.50 ms  for 4 min  since 10:38Z',
    '[-] silent    lhr2  London GB     \u2014                             for 90 s   since 10:41Z',
    '[^] slow      gru1  S\u00e3o Paulo BR  11.2 ms  +7 %    was 10.5 ms',
    '', '', '', '', '', '',
    'popcast 0.1.0  ws://127.0.0.1:3001/ws  q quits'
  ])
})

interface Case {
  name: string
  state: WatchState
  /** The first line, without the time of day. */
  headline: string
  /** On some line. */
  shows?: RegExp[]
  hides?: RegExp[]
}

const cases: Case[] = [
  { name: 'live', state: watchState(), headline: '(o) LIVE  data 1.2 s old  next in 8 s', hides: [/as of|SIMULATED/] },
  {
    name: 'simulated',
    state: watchState({ server: { ...watchState().server!, source: 'demo' } }),
    headline: '(o) LIVE  SIMULATED  data 1.2 s old  next in 8 s'
  },
  {
    name: 'late',
    state: watchState({ freshness: fresh({ state: 'late', ageMs: 14_200, dueInMs: -4_050 }) }),
    headline: '( ) LATE  update overdue 4.0 s  data 14 s old',
    shows: [/^17\/20 healthy/, /for 4 min/]
  },
  {
    name: 'stale',
    state: watchState({ freshness: stale() }),
    headline: '(-) STALE  data 3 min old',
    shows: [/^as of 10:39:44Z {2}17\/20 healthy/, /NEEDS ATTENTION 3 {2}as of 10:39:44Z/, /fra1 .* since 10:38Z$/],
    hides: [/ for \d/]
  },
  {
    name: 'the source fails',
    state: watchState({ freshness: stale({ sourceError }) }),
    headline: '(-) STALE  data 3 min old  database unavailable since 10:39Z'
  },
  {
    name: 'the source fails, and what is known is not old yet',
    state: watchState({ freshness: fresh({ sourceError }) }),
    headline: '( ) SOURCE FAILING  database unavailable since 10:39Z  data 1.2 s old'
  },
  {
    name: 'cut off, and what is known is of just now',
    state: watchState({ connection: waiting, freshness: fresh({ dueInMs: null }) }),
    headline: '(~) RECONNECTING  next try in 4 s  (try 3)  data 1.2 s old  connection lost',
    hides: [/as of/]
  },
  {
    name: 'cut off, and what is known is old',
    state: watchState({ connection: waiting, freshness: stale({ dueInMs: null }) }),
    headline: '(~) RECONNECTING  next try in 4 s  (try 3)  STALE: data 3 min old  connection lost',
    shows: [/^as of 10:39:44Z {2}17\/20 healthy/]
  },
  {
    name: 'trying again',
    state: watchState({ connection: { name: 'connecting', attempt: 2 } }),
    headline: '(~) RECONNECTING  trying now  (try 3)  data 1.2 s old'
  },
  {
    name: 'the server says that it restarts',
    state: watchState({ connection: { name: 'draining', retryAt: NOW + 1_500, cause: restart } }),
    headline: '(~) SERVER RESTARTING  back in 2 s  data 1.2 s old'
  },
  {
    name: 'the server restarts',
    state: watchState({ connection: { name: 'waiting', attempt: 0, retryAt: NOW + 1_500, cause: restart } }),
    headline: '(~) SERVER RESTARTING  next try in 2 s  data 1.2 s old'
  },
  {
    name: 'stopped for good',
    state: watchState({ connection: failed, freshness: stale({ dueInMs: null }) }),
    headline: '(x) STOPPED  too many invalid messages (4501)  STALE: data 3 min old'
  },
  {
    name: 'connecting',
    state: watchState({ ...unheard, connection: { name: 'connecting', attempt: 0 } }),
    headline: '(~) CONNECTING'
  },
  {
    name: 'never connected',
    state: watchState({
      ...unheard,
      connection: { ...waiting, cause: new PopcastError('REFUSED', 'Error: connect ECONNREFUSED 127.0.0.1:3001') }
    }),
    headline: '(~) CANNOT CONNECT  next try in 4 s  (try 3)  connect ECONNREFUSED 127.0.0.1:3001',
    shows: [/^\u2014 healthy {2}\u2014 regressed {2}\u2014 silent {2}\u2014 mean$/, /^no data yet$/],
    hides: [/\b0 |0\/0/]
  },
  {
    name: 'connected, and there are no data yet',
    state: watchState({ ...unheard, server: watchState().server, connection: live }),
    headline: '(~) CONNECTED  waiting for the first data',
    shows: [/^\u2014 healthy/]
  },
  {
    name: 'connected, and the source fails before it has answered once',
    state: watchState({ ...unheard, freshness: { ...nothing, sourceError }, connection: live }),
    headline: '(~) CONNECTED  waiting for the first data  database unavailable since 10:39Z'
  },
  {
    name: 'connected again, and what is shown is of before',
    state: watchState({ isArriving: true, freshness: stale() }),
    headline: '(~) CONNECTED  waiting for data  STALE: data 3 min old',
    shows: [/^as of 10:39:44Z/]
  },
  {
    name: 'the same while the greeting comes, and what is shown is not old',
    state: watchState({ isArriving: true, connection: syncing, freshness: fresh({ state: 'late' }) }),
    headline: '(~) CONNECTED  waiting for data  data 1.2 s old'
  },
  {
    name: 'connected for the first time',
    state: watchState({ ...unheard, isArriving: true, connection: syncing }),
    headline: '(~) CONNECTING'
  },
  {
    name: 'no PoPs',
    state: watchState({
      pops: [],
      alerts: [],
      overview: { totalPops: 0, healthyPops: 0, averageColdStart: null, regressions: 0, silentPops: 0 },
      freshness: fresh({ dataTime: null, ageMs: null })
    }),
    headline: '(o) LIVE  no PoP reported in the last 10 min  next in 8 s',
    shows: [/^0\/0 healthy .* \u2014 mean$/, /^no PoPs$/]
  },
  {
    name: 'no PoPs, and never any',
    state: watchState({
      pops: [],
      alerts: [],
      overview: { totalPops: 0, healthyPops: 0, averageColdStart: null, regressions: 0, silentPops: 0 },
      freshness: fresh({ state: 'stale', dataTime: null, ageMs: null })
    }),
    headline: '(-) NO DATA  no PoP reported in the last 10 min'
  },
  {
    name: 'all well',
    state: watchState({ pops: [pop('fra1')], alerts: [] }),
    headline: '(o) LIVE  data 1.2 s old  next in 8 s',
    shows: [/^nothing needs attention$/]
  },
  {
    name: 'all was well',
    state: watchState({ pops: [pop('fra1')], alerts: [], freshness: stale() }),
    headline: '(-) STALE  data 3 min old',
    shows: [/^nothing needed attention {2}as of 10:39:44Z$/]
  },
  {
    name: 'some PoPs only, one of which is none',
    state: watchState({
      selection: 'fra1, xxx9',
      unfit: ['no such PoP reports: xxx9', 'no PoP in XX'],
      pops: [pop('fra1', { coldStartMs: 13.2, healthy: false })]
    }),
    headline: '(o) LIVE  data 1.2 s old  next in 8 s',
    shows: [
      /^\[\?\] no such PoP reports: xxx9; no PoP in XX$/,
      /^fra1, xxx9: {2}0\/1 healthy {2}1 regressed {2}0 silent {2}13.2 ms mean$/,
      /^all PoPs, mean/
    ]
  },
  {
    name: 'updates were missed',
    state: watchState({ skipped: 3 }),
    headline: '(o) LIVE  data 1.2 s old  next in 8 s',
    shows: [/this screen missed 3 updates/]
  },
  {
    name: 'a regression of a PoP that is not told any more, and one of a PoP that is silent',
    state: watchState({
      pops: [pop('ams1', { status: 'silent', healthy: false })],
      alerts: [alertOf('a', { pop: 'xyz1' }), alertOf('b', { pop: 'ams1', severity: 'warning' })]
    }),
    headline: '(o) LIVE  data 1.2 s old  next in 8 s',
    shows: [/^\[X\] critical {2}xyz1 .*\u2014 +\+193 %/, /^\[!\] warning {3}ams1 .* silent +\+193 % .* for 59 s/]
  }
]

for (const { name, state, headline, shows = [], hides = [] } of cases) {
  t.test(name, async (t) => {
    const lines = frame(state, 120, 24, plain)
    t.equal(lines[0], `${headline}  10:42:44Z`)
    for (const pattern of shows) t.ok(lines.some((line) => pattern.test(line)), `${pattern} in\n${lines.join('\n')}`)
    const others = lines.slice(0, -1).map((line) => line.replace('10:42:44Z', ''))
    for (const pattern of hides) t.notOk(others.some((line) => pattern.test(line)), `no ${pattern}`)
    const inColour = frame(state, 120, 24, coloured)
    t.strictSame(inColour.map((line) => stripVTControlCharacters(line)), lines, 'a colour changes no word')
    t.not(inColour[0], lines[0])
  })
}

t.test('as many as fit, the worst first', async (t) => {
  const many = Array.from({ length: 50 }, (_, index) => pop(`p${index}`, { coldStartMs: 20 + index, healthy: false }))
  const lines = frame(watchState({ pops: [...many, pop('fra1', { coldStartMs: 13.2, healthy: false })] }), 80, 24, plain)
  t.equal(lines.length, 24)
  t.ok(lines.some((line) => /^NEEDS ATTENTION 51$/.test(line)))
  const items = lines.filter((line) => line.startsWith('['))
  t.match(items[0], /^\[X\] critical {2}fra1/)
  t.match(items[1], /^\[\^\] slow {6}p49/)
  t.ok(lines.includes(`${51 - items.length} more`))
})

const sizes = [
  {
    columns: 40,
    rows: 12,
    lines: [
      '(o) LIVE  data 1.2 s old  next in 8 s',
      '10:42:44Z',
      '17/20 healthy  1 regressed  1 silent',
      '6.54 ms mean',
      ' '.repeat(39) + '\u2581',
      'NEEDS ATTENTION 3',
      '[X] critical  fra1  13.2 ms  +193 %',
      '[-] silent    lhr2  \u2014',
      '[^] slow      gru1  11.2 ms  +7 %',
      '',
      '',
      'popcast 0.1.0  ws://127.0.0.1:3001/ws'
    ]
  },
  {
    columns: 20,
    rows: 10,
    lines: [
      '(o) LIVE',
      'data 1.2 s old',
      'next in 8 s',
      '17/20 healthy',
      '1 regressed',
      'NEEDS ATTENTION 3',
      '[X] critical  fra1',
      '[-] silent    lhr2',
      '[^] slow      gru1'
    ]
  },
  { columns: 12, rows: 3, lines: ['(o) LIVE', 'data 1.2 s \u2026', 'next in 8 s'] },
  { columns: 1, rows: 1, lines: ['\u2026'] }
]
for (const { columns, rows, lines } of sizes) {
  t.test(`${columns} columns, ${rows} rows`, async (t) => {
    t.strictSame(frame(watchState(), columns, rows, plain), lines)
  })
}

t.test('no state is wider or higher than the terminal, nor has it control characters', async (t) => {
  const text = fc.string({ unit: 'binary', maxLength: 300 })
  const commands = ['\u001b[2J', '\u009b31m', '\u6771\u4eac', 'e\u0301'.repeat(40), '\u202eabc', '\r\n']
  const hostile = fc.oneof(text, fc.constantFrom(...commands))
  const since = fc.oneof(hostile, fc.constant(ago(0)))
  const index = fc.nat(cases.length - 1)
  const states = fc.record({ index, city: hostile, country: hostile, code: hostile, version: hostile, since })
  fc.assert(fc.property(states, fc.integer({ min: 1, max: 130 }), fc.integer({ min: 1, max: 40 }), (given, columns, rows) => {
    const { city, country, code, version, since } = given
    const { state } = cases[given.index]!
    const lines = frame(watchState({
      ...state,
      server: state.server && { ...state.server, version },
      pops: [
        pop(code, { city, country, coldStartMs: 12, healthy: false, sampleTime: since }),
        pop('x', { status: 'silent', sampleTime: since })
      ],
      alerts: [alertOf('a', { pop: code, since })],
      unfit: [city],
      history: historyOf(1, null, 3)
    }), columns, rows, plain)
    if (lines.length > rows) throw new Error(`${lines.length} lines in ${rows} rows`)
    for (const line of lines) {
      if (stringWidth(line) > columns) throw new Error(`${JSON.stringify(line)} is wider than ${columns}`)
      if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(line)) throw new Error(`${JSON.stringify(line)} has control characters`)
    }
  }), seededRuns(t, 500))
})
