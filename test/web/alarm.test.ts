import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { PopcastError } from '../../client/errors.ts'
import type { Alert } from '../../client/types.ts'
import {
  alarm, ASLEEP_AFTER_MS, DEAD_AFTER_MS, isStreamAlive, PAUSE_MS, silence, type AlarmEvent, type AlarmState, type Effect
} from '../../web/state/alarm.ts'
import { MORE_TAG, STREAM_TAG } from '../../web/state/notices.ts'
import { defaultPreferences, type Preferences } from '../../web/state/preferences.ts'
import { alertOf, alertsOf } from '../support/client-values.ts'
import { seededRuns } from '../support/seed.ts'

type Timed = readonly [seconds: number, event: AlarmEvent]

const tick: AlarmEvent = { type: 'tick' }
const dead: AlarmEvent = { type: 'stream', isAlive: false }
const alive: AlarmEvent = { type: 'stream', isAlive: true }
const none: AlarmEvent = { type: 'open', alerts: new Map() }

function wants (preferences: Partial<Preferences>): AlarmEvent {
  return { type: 'preferences', preferences: { ...defaultPreferences, ...preferences } }
}

function tells (fields: Partial<Alert> = {}, replay = false): AlarmEvent {
  return { type: 'alert', alert: alertOf(fields), replay }
}

const warning = tells({ severity: 'warning' })
const escalated = tells({ state: 'updated' })
const resolved = tells({ state: 'resolved', closeReason: 'recovered' })

/** What is heard and shown, with the second at which. */
function run (events: readonly Timed[]): string[] {
  let state: AlarmState = silence
  return events.flatMap(([seconds, event]) => {
    const step = alarm(state, event, seconds * 1_000)
    state = step.state
    return step.effects.map((effect) => `${seconds} ${said(effect)}`)
  })
}

function said (effect: Effect): string {
  switch (effect.type) {
    case 'sound': return effect.sound
    case 'withdraw': return `withdraw ${effect.tag}`
    case 'notify': return `${effect.isQuiet ? 'quietly ' : ''}${effect.tag}: ${effect.title}`
  }
}

/** Every second, so that none is taken for sleep. */
function ticks (from: number, to: number, event = tick): Timed[] {
  return Array.from({ length: to - from + 1 }, (_, index) => [from + index, event] as const)
}

const sound = wants({ sound: true })
const cases: Array<{ name: string, events: Timed[], expected: string[] }> = [
  { name: 'nobody who did not ask for it', events: [[0, tells()], [1, dead], ...ticks(2, 90)], expected: [] },
  { name: 'what is critical', events: [[0, sound], [1, tells()]], expected: ['1 critical'] },
  { name: 'a warning', events: [[0, sound], [1, warning]], expected: ['1 warning'] },
  {
    name: 'a warning that becomes critical',
    events: [[0, sound], [1, warning], [60, escalated]],
    expected: ['1 warning', '60 critical']
  },
  {
    name: 'not what becomes less, nor what is told twice',
    events: [[0, sound], [1, tells()], [60, tells({ state: 'updated', severity: 'warning' })], [120, warning]],
    expected: ['1 critical']
  },
  { name: 'not what is over', events: [[0, sound], [1, resolved]], expected: [] },
  { name: 'not what is told again', events: [[0, sound], [1, tells({}, true)]], expected: [] },
  {
    name: 'what becomes critical after it was told again',
    events: [[0, sound], [1, tells({ severity: 'warning' }, true)], [2, escalated]],
    expected: ['2 critical']
  },
  {
    name: 'the worst of what came within the pause, after it',
    events: [[0, sound], [1, warning], [2, tells({ id: 'b', severity: 'warning' })], [3, tells({ id: 'c' })], ...ticks(4, 70)],
    expected: ['1 warning', '31 critical']
  },
  {
    name: 'not what was over before the pause was',
    events: [[0, sound], [1, warning], [2, tells({ id: 'b' })], [3, tells({ id: 'b', state: 'resolved' })], ...ticks(4, 70)],
    expected: ['1 warning']
  },
  {
    name: 'not what ended unseen before the pause was over',
    events: [[0, sound], [1, warning], [2, tells({ id: 'b' })], [3, none], ...ticks(4, 70)],
    expected: ['1 warning']
  },
  {
    name: 'not what was muted before its turn came',
    events: [[0, sound], [1, warning], [2, tells({ id: 'b' })], [3, wants({ sound: true, mutedUntil: 40_000 })], ...ticks(4, 70)],
    expected: ['1 warning']
  },
  {
    name: 'nothing while muted',
    events: [[0, wants({ sound: true, mutedUntil: 60_000 })], [1, tells()], ...ticks(2, 99)],
    expected: []
  },
  {
    name: 'what comes once the mute is over',
    events: [[0, wants({ sound: true, mutedUntil: 60_000 })], [60, tells()]],
    expected: ['60 critical']
  },
  {
    name: 'a PoP that is not muted beside one that is',
    events: [
      [0, wants({ sound: true, mutedPops: { fra1: 60_000 } })], [1, tells()],
      [2, tells({ id: 'b', pop: 'ams1' })], ...ticks(3, 40)
    ],
    expected: ['2 critical']
  },
  {
    name: 'a PoP with the name of what every object has',
    events: [[0, wants({ sound: true, mutedPops: {} })], [1, tells({ pop: 'constructor' })]],
    expected: ['1 critical']
  },
  {
    name: 'nothing that came before sound was switched on',
    events: [[0, tells()], [1, sound], ...ticks(2, 40)],
    expected: []
  },
  {
    name: 'a stream that is dead, once until it lives again',
    events: [[0, sound], ...ticks(1, 300, dead), [301, alive], ...ticks(302, 400, dead)],
    expected: ['62 stream', '363 stream']
  },
  { name: 'not a stream that was dead for a minute', events: [[0, sound], ...ticks(1, 61, dead), [62, alive]], expected: [] },
  {
    name: 'a stream that dies within the pause, after it',
    events: [[0, sound], ...ticks(1, 50, dead), [51, tells()], ...ticks(52, 120)],
    expected: ['51 critical', '81 stream']
  },
  {
    name: 'first that the stream is dead, then what else there is',
    events: [[0, sound], ...ticks(1, 50, dead), [51, warning], [62, tells({ id: 'b' })], ...ticks(63, 120)],
    expected: ['51 warning', '81 stream', '111 critical']
  },
  {
    name: 'a dead stream once the mute is over',
    events: [[0, wants({ sound: true, mutedUntil: 100_000 })], ...ticks(1, 120, dead)],
    expected: ['100 stream']
  },
  {
    name: 'not a stream that nobody listened to since the machine was asleep',
    events: [[0, sound], [1, dead], [2, dead], [8_000, tick], [8_001, alive]],
    expected: []
  },
  {
    name: 'a stream that stays dead after sleep',
    events: [[0, sound], [1, dead], [8_000, tick], ...ticks(8_001, 8_070)],
    expected: ['8061 stream']
  },
  {
    name: 'again, when the clock was set back',
    events: [[0, sound], [5_000, tells()], [10, tells({ id: 'b' })]],
    expected: ['5000 critical', '10 critical']
  }
]

for (const { name, events, expected } of cases) {
  t.test(`sounds for ${name}`, async (t) => {
    t.strictSame(run(events), expected)
  })
}

const notify = wants({ notifications: true })
const four = ['a', 'b', 'c', 'd'].map((id): Timed => [1, tells({ id, pop: id })])
const shown: Array<{ name: string, events: Timed[], expected: string[] }> = [
  {
    name: 'one for each regression, which is replaced by what becomes of it',
    events: [[0, notify], [1, warning], [9, escalated], [10, tells({ state: 'updated', severity: 'warning' })], [11, resolved]],
    expected: [
      '1 fra1-1: fra1 warning', '9 fra1-1: fra1 critical',
      '10 quietly fra1-1: fra1 warning', '11 quietly fra1-1: fra1 has recovered'
    ]
  },
  {
    name: 'why it is over, as far as that is known',
    events: [[0, notify], ...['gone', 'new_normal', 'toString', undefined].flatMap((closeReason, index): Timed[] => [
      [index * 60 + 1, tells({ id: `${index}` })],
      [index * 60 + 2, tells({ id: `${index}`, state: 'resolved', ...closeReason !== undefined && { closeReason } })]
    ])],
    expected: [
      '1 0: fra1 critical', '2 quietly 0: fra1 does not report any more',
      '61 1: fra1 critical', '62 quietly 1: fra1 is slower for good',
      '121 2: fra1 critical', '122 quietly 2: fra1 is over', '181 3: fra1 critical', '182 quietly 3: fra1 is over'
    ]
  },
  { name: 'none of what is told again', events: [[0, notify], [1, tells({}, true)]], expected: [] },
  {
    name: 'none that is over, although that came late',
    events: [[0, notify], [1, tells()], [5, tells({ state: 'resolved' }, true)]],
    expected: ['1 fra1-1: fra1 critical', '5 withdraw fra1-1']
  },
  {
    name: 'none that is over without a word of it',
    events: [[0, notify], [1, tells()], [2, { type: 'open', alerts: alertsOf(alertOf()) }], [5, none], [6, none]],
    expected: ['1 fra1-1: fra1 critical', '5 withdraw fra1-1']
  },
  { name: 'none while muted', events: [[0, wants({ notifications: true, mutedUntil: 9_000 })], [1, tells()]], expected: [] },
  {
    name: 'none of a muted PoP',
    events: [[0, wants({ notifications: true, mutedPops: { fra1: 9_000 } })], [1, tells()]],
    expected: []
  },
  {
    name: 'a few at once, and the others as a number, until there are none',
    events: [
      [0, notify], ...four, [2, tells({ id: 'e' })], [3, tells({ id: 'f', severity: 'warning' })],
      [40, tells({ id: 'g' })], [41, none]
    ],
    expected: [
      '1 a: a critical', '1 b: b critical', '1 c: c critical', '1 d: d critical',
      '2 quietly popcast-more: 5 regressions', '3 quietly popcast-more: 6 regressions', '40 g: fra1 critical',
      '41 withdraw a', '41 withdraw b', '41 withdraw c', '41 withdraw d', `41 withdraw ${MORE_TAG}`, '41 withdraw g'
    ]
  },
  {
    name: 'that the stream is dead, until it is not',
    events: [[0, notify], ...ticks(1, 100, dead), [101, none], [102, alive], [103, alive]],
    expected: [`62 ${STREAM_TAG}: popcast: no data`, `102 withdraw ${STREAM_TAG}`]
  },
  {
    name: 'the same beside its sound',
    events: [[0, wants({ notifications: true, sound: true })], ...ticks(1, 100, dead)],
    expected: [`62 ${STREAM_TAG}: popcast: no data`, '62 stream']
  }
]

for (const { name, events, expected } of shown) {
  t.test(`shows ${name}`, async (t) => {
    t.strictSame(run(events), expected)
  })
}

t.test('what is alive', async (t) => {
  const live = { name: 'live', transport: 'sse' } as const
  const states = ['none', 'fresh', 'late', 'stale'] as const
  t.strictSame(states.map((freshness) => isStreamAlive(live, freshness)), [false, true, true, false])
  t.equal(isStreamAlive({ name: 'waiting', attempt: 1, retryAt: 0, cause: new PopcastError('CLOSED') }, 'fresh'), false)
})

const id = fc.constantFrom('a', 'b', 'c')
const events: fc.Arbitrary<AlarmEvent> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(tick) },
  {
    weight: 3,
    arbitrary: fc.record({
      fields: fc.record({
        id, pop: id, state: fc.constantFrom('opened', 'updated', 'resolved'), severity: fc.constantFrom('warning', 'critical')
      }),
      replay: fc.boolean()
    }).map(({ fields, replay }) => tells(fields as Partial<Alert>, replay))
  },
  { weight: 4, arbitrary: fc.constantFrom(dead, dead, dead, alive) },
  fc.constant(none),
  fc.record({ sound: fc.constant(true), mutedUntil: fc.option(fc.nat(600_000)), notifications: fc.boolean() }).map(wants)
)
const sequences = fc.array(fc.tuple(fc.integer({ min: 0, max: ASLEEP_AFTER_MS }), events), { maxLength: 80 })

t.test('never more than one sound in the pause, never for what is told again, one death once, none while muted', async (t) => {
  let heard = 0
  fc.assert(fc.property(sequences, (sequence) => {
    let [at, soundedAt, deadSince, deaths, mutedUntil] = [0, -Infinity, Infinity, 0, 0]
    const news = new Set<string>()
    let state = alarm(silence, sound, 0).state
    for (const [pause, event] of sequence) {
      at += pause
      if (event.type === 'stream' && event.isAlive) [deadSince, deaths] = [Infinity, 0]
      if (event.type === 'stream' && !event.isAlive) deadSince = Math.min(deadSince, at)
      if (event.type === 'preferences') mutedUntil = event.preferences.mutedUntil ?? 0
      if (event.type === 'alert' && !event.replay && event.alert.state !== 'resolved') news.add(event.alert.id)
      const step = alarm(state, event, at)
      state = step.state
      for (const effect of step.effects) {
        if (effect.type !== 'sound') continue
        heard++
        assert.ok(at - soundedAt >= PAUSE_MS, 'too soon')
        assert.ok(at >= mutedUntil, 'muted')
        soundedAt = at
        if (effect.sound !== 'stream') assert.ok(news.size > 0, 'nothing was new')
        else {
          assert.ok(at - deadSince > DEAD_AFTER_MS, 'alive')
          assert.equal(++deaths, 1)
        }
      }
    }
  }), seededRuns(t, 500))
  t.not(heard, 0)
})

t.test('a stream that stays dead is always heard', async (t) => {
  fc.assert(fc.property(sequences, (sequence) => {
    let [state, at] = [alarm(silence, sound, 0).state, 0]
    for (const [pause, event] of sequence) state = alarm(state, event, at += pause).state
    state = alarm(state, sound, at).state
    const before = state.deadSince !== null && state.isDeathTold ? 1 : 0
    let told = before
    for (let second = 0; second < 120; second++) {
      const step = alarm(state, dead, at += 1_000)
      state = step.state
      told += step.effects.filter((effect) => effect.type === 'sound' && effect.sound === 'stream').length
    }
    assert.equal(told, 1)
  }), seededRuns(t, 200))
})
