import t from 'tap'
import { faviconOf, iconShapeOf, type IconShape } from '../../web/favicon.ts'
import { conditions, type Condition } from '../../web/state/condition.ts'
import type { HeadlineKind } from '../../web/state/headline.ts'
import { reloadIsDue } from '../../web/state/reload.ts'

const cases: Array<{ kind: HeadlineKind, isOld?: true, present: Condition[], expected: IconShape }> = [
  { kind: 'live', present: ['healthy'], expected: 'healthy' },
  { kind: 'live', present: ['healthy', 'silent', 'critical', 'slow'], expected: 'critical' },
  { kind: 'late', present: ['healthy', 'slow'], expected: 'slow' },
  { kind: 'draining', present: ['warning'], expected: 'warning' },
  { kind: 'failing', present: ['healthy'], expected: 'healthy' },
  { kind: 'failing', isOld: true, present: ['healthy'], expected: 'dead' },
  { kind: 'stale', present: ['critical'], expected: 'dead' },
  { kind: 'reconnecting', present: ['healthy'], expected: 'dead' },
  { kind: 'offline', present: ['healthy'], expected: 'dead' },
  { kind: 'failed', present: [], expected: 'dead' },
  { kind: 'waiting', present: [], expected: 'waiting' },
  { kind: 'connecting', present: [], expected: 'waiting' },
  { kind: 'empty', present: [], expected: 'waiting' },
  { kind: 'live', present: [], expected: 'waiting' }
]

for (const { kind, isOld = false, present, expected } of cases) {
  t.test(`${kind}${isOld ? ', old' : ''} with ${present.join(', ') || 'nothing'} is ${expected}`, async (t) => {
    t.equal(iconShapeOf(kind, isOld, new Set(present)), expected)
  })
}

t.test('every shape is an image of its own, which a policy of data: allows', async (t) => {
  const icons = [...conditions, 'dead' as const, 'waiting' as const].map(faviconOf)
  t.equal(new Set(icons).size, conditions.length + 2)
  const image = /^data:image\/svg\+xml,<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^]+<\/svg>$/
  for (const icon of icons) t.match(decodeURIComponent(icon), image)
})

t.test('a screen that nobody touches is loaded anew for another version, unless something is critical', async (t) => {
  t.equal(reloadIsDue('1.0.0', '1.0.1', 0), true)
  t.equal(reloadIsDue('1.0.1', '1.0.0', 0), true, 'also when it was put back')
  t.equal(reloadIsDue('1.0.0', '1.0.1', 1), false)
  t.equal(reloadIsDue('1.0.0', '1.0.0', 0), false)
  t.equal(reloadIsDue(null, '1.0.0', 0), false, 'the first that is told')
  t.equal(reloadIsDue('1.0.0', null, 0), false, 'not told now')
})
