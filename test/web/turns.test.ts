import t, { type Test } from 'tap'
import { BUDGET_MS, drawAll, drawFrame, isTurnOf, type Part } from '../../web/state/turns.ts'

function setUp (t: Test) {
  let now = 100
  let again: string[] = []
  t.intercept(performance, 'now', { value: () => now })
  const parts = new Map<string, Part>()
  const partOf = (name: string): Part => {
    const part = parts.get(name) ?? { setState: () => { again.push(name) } }
    parts.set(name, part)
    return part
  }
  /** A frame in which these ask one after the other, each of which takes so long. @returns who was drawn, who is asked for */
  return (asking: ReadonlyArray<readonly [name: string, ms: number]>, defect = false) => {
    const drawn: string[] = []
    again = []
    const draw = () => drawFrame(() => {
      for (const [name, ms] of asking) {
        if (!isTurnOf(partOf(name))) continue
        drawn.push(name)
        now += ms
      }
      if (defect) throw new Error('a defect')
    })
    if (defect) t.throws(draw, { message: 'a defect' })
    else draw()
    now += 16
    return { drawn, again }
  }
}

t.test('while there is time, all of them are drawn', async (t) => {
  t.strictSame(setUp(t)([['list', 1], ['map', BUDGET_MS - 1.1], ['table', 20]]), { drawn: ['list', 'map', 'table'], again: [] })
})

t.test('those for which there is none come first in the next frame', async (t) => {
  const frame = setUp(t)
  t.strictSame(frame([['list', 5], ['map', 5], ['table', 5]]), { drawn: ['list'], again: ['map', 'table'] })
  t.strictSame(frame([['map', 1], ['table', 1], ['list', 1]]), { drawn: ['map', 'table', 'list'], again: [] })
})

t.test('however long each takes, and however often all of them change, nobody waits for ever', async (t) => {
  const frame = setUp(t)
  const parts = ['list', 'map', 'chart', 'table']
  let waiting: string[] = []
  const drawn: string[] = []
  for (let frames = 0; frames < 8; frames++) {
    // Who waits was asked for before those that change meanwhile.
    const asking = [...waiting, ...parts.filter((part) => !waiting.includes(part))]
    const { drawn: now, again } = frame(asking.map((part) => [part, 50] as const))
    drawn.push(...now)
    waiting = again
  }
  t.strictSame(drawn, [...parts, ...parts])
})

t.test('what is drawn in a frame may put itself right in it', async (t) => {
  t.strictSame(setUp(t)([['list', 5], ['map', 5], ['list', 5]]), { drawn: ['list', 'list'], again: ['map'] })
})

t.test('who waits is asked for also where another one throws', async (t) => {
  t.strictSame(setUp(t)([['list', 5], ['map', 5]], true), { drawn: ['list'], again: ['map'] })
})

t.test('on paper all of them are drawn', async (t) => {
  setUp(t)([['list', 5], ['map', 5]])
  const drawn: boolean[] = []
  drawAll(() => {
    for (let part = 0; part < 3; part++) drawn.push(isTurnOf({ setState () {} }))
  })
  t.strictSame(drawn, [true, true, true])
})
