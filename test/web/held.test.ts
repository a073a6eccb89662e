import { signal } from '@preact/signals'
import t from 'tap'
import type { DetailState } from '../../web/state/detail.ts'
import { held, heldDetail } from '../../web/state/held.ts'

const nothing = { facts: null, points: [], lastKnown: null, intervalMs: 10_000 }
const known: DetailState = { code: 'fra1', phase: { name: 'known' }, ...nothing }
const loading: DetailState = { ...known, code: 'ams1', phase: { name: 'loading' } }
const point = { time: 1, value: 5, spanMs: 0 }

t.test('while the picture stands still it is as it was, whoever looks', async (t) => {
  const [source, pause] = [signal(1), signal<object | null>(null)]
  const shown = held(source, pause)
  source.value = 2
  pause.value = {}
  source.value = 3
  t.equal(shown.value, 2)
  pause.value = null
  t.equal(shown.value, 3)
})

t.test('a PoP that is looked at stands still with it', async (t) => {
  const [source, pause] = [signal(known), signal<object | null>(null)]
  const shown = heldDetail(source, pause)
  pause.value = {}
  source.value = { ...known, points: [point] }
  source.value = { ...known, points: [point], phase: { name: 'loading' } }
  t.match(shown.value, { points: [], phase: { name: 'known' }, isLater: false })
  pause.value = null
  t.match(shown.value, { points: [point], isLater: false })
})

t.test('another one is shown as it is answered, once, and is said to be later', async (t) => {
  const [source, pause] = [signal(known), signal<object | null>(null)]
  const shown = heldDetail(source, pause)
  pause.value = {}
  source.value = loading
  t.match(shown.value, { code: 'ams1', isLater: false })
  source.value = { ...loading, phase: { name: 'failed', problem: { kind: 'timeout', words: '', isPassing: true } } }
  source.value = { ...known, code: 'ams1' }
  t.match(shown.value, { code: 'ams1', phase: { name: 'known' }, isLater: true }, 'also after it failed')
  source.value = { ...known, code: 'ams1', points: [point] }
  t.strictSame(shown.value.points, [])
  source.value = { ...known, code: null, phase: { name: 'idle' } }
  t.equal(shown.value.code, null, 'it is closed')
})
