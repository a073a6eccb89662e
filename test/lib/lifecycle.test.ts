import t from 'tap'
import { Lifecycle } from '../../lib/lifecycle.ts'

t.test('phases', async (t) => {
  type Step = 'drain' | 'close'
  const cases: Array<{ name: string, steps: Step[], isServing: boolean, isClosing: boolean }> = [
    { name: 'serving from the begin', steps: [], isServing: true, isClosing: false },
    { name: 'draining', steps: ['drain'], isServing: false, isClosing: false },
    { name: 'draining twice', steps: ['drain', 'drain'], isServing: false, isClosing: false },
    { name: 'drained, then closing', steps: ['drain', 'close'], isServing: false, isClosing: true },
    { name: 'closing at once', steps: ['close'], isServing: false, isClosing: true },
    { name: 'closing is never left', steps: ['close', 'drain'], isServing: false, isClosing: true }
  ]
  for (const { name, steps, isServing, isClosing } of cases) {
    const lifecycle = new Lifecycle()
    for (const step of steps) lifecycle[step]()
    t.strictSame({ isServing: lifecycle.isServing, isClosing: lifecycle.isClosing }, { isServing, isClosing }, name)
  }
})
