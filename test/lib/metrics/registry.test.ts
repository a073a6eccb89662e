import t from 'tap'
import { counter, gauge } from '../../../lib/metrics/exposition.ts'
import { Registry } from '../../../lib/metrics/registry.ts'

const lines = (text: string) => text.split('\n').filter((line) => !line.startsWith('#') && line !== '')

t.test('what was told to others is summed with theirs, not what has been counted since', async (t) => {
  const metrics = new Registry()
  let count = 0
  metrics.add(() => [counter('asked_total', 'Asked.', ++count), gauge('same', 'Same.', 3)])
  const told = metrics.read().slice(0, 1)
  t.strictSame(lines(metrics.expose(told, [[counter('asked_total', 'Asked.', 10)]])), ['asked_total 11', 'same 3'])
  t.strictSame(lines(metrics.expose()), ['asked_total 3', 'same 3'])
})
