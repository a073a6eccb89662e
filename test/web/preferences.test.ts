import fc from 'fast-check'
import t from 'tap'
import { current, defaultPreferences, preferencesOf, withMute, withPopMute } from '../../web/state/preferences.ts'
import { seededRuns } from '../support/seed.ts'

const now = Date.parse('2026-01-01T10:00:00.000Z')
const later = now + 900_000

const stored: Array<{ name: string, text: string | null, expected: object }> = [
  { name: 'nothing', text: null, expected: {} },
  { name: 'no JSON', text: '{"sound":tr', expected: {} },
  { name: 'null', text: 'null', expected: {} },
  { name: 'a list', text: '[true]', expected: {} },
  { name: 'words where yes or no is expected', text: '{"sound":"yes","notifications":1,"singleKeys":null}', expected: {} },
  {
    name: 'what was chosen',
    text: '{"sound":true,"notifications":true,"singleKeys":false,"more":1}',
    expected: { sound: true, notifications: true, singleKeys: false }
  },
  { name: 'a mute', text: JSON.stringify({ mutedUntil: later }), expected: { mutedUntil: later } },
  { name: 'a mute that is over', text: JSON.stringify({ mutedUntil: now }), expected: {} },
  { name: 'a mute of a wrong clock', text: JSON.stringify({ mutedUntil: now + 2 * 86_400_000 }), expected: {} },
  { name: 'a mute that is no number', text: '{"mutedUntil":"1e99"}', expected: {} },
  {
    name: 'PoPs',
    text: JSON.stringify({ mutedPops: { fra1: later, ams1: now - 1, gru1: 'x' } }),
    expected: { mutedPops: { fra1: later } }
  },
  { name: 'PoPs as a list', text: JSON.stringify({ mutedPops: [later] }), expected: {} }
]

for (const { name, text, expected } of stored) {
  t.test(`reads ${name}`, async (t) => {
    t.strictSame(preferencesOf(text, now), { ...defaultPreferences, ...expected })
  })
}

t.test('whatever is stored yields preferences', async (t) => {
  fc.assert(fc.property(fc.json(), (text) => typeof preferencesOf(text, now).sound === 'boolean'), seededRuns(t, 200))
})

t.test('mutes are set, taken back, and end', async (t) => {
  const muted = withPopMute(withPopMute(withMute(defaultPreferences, later), 'fra1', later), '__proto__', later + 1)
  t.strictSame(preferencesOf(JSON.stringify(muted), now), muted, 'kept')
  t.equal(current(muted, later - 1), muted, 'the same while they last')
  const rest = current(muted, later)
  t.equal(rest.mutedUntil, null)
  t.strictSame(Object.keys(rest.mutedPops), ['__proto__'])
  t.strictSame(Object.keys(withPopMute(rest, '__proto__', null).mutedPops), [])
  t.equal(withMute(muted, null).mutedUntil, null)
})
