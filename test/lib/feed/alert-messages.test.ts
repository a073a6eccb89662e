import t from 'tap'
import { AlertMessages, ByPosition } from '../../../lib/feed/alert-messages.ts'
import { alertMessage } from '../../../lib/feed/alert.ts'
import { REGRESSION } from '../../support/clients.ts'

t.test('who stand at the same position share the messages', async (t) => {
  const alerts = new AlertMessages([alertMessage(REGRESSION, 'e1', 7), alertMessage({ ...REGRESSION, id: 'other' }, 'e1', 7)])
  t.equal(alerts.at(6, false), alerts.at(6, false))
  t.not(alerts.at(6, false), alerts.at(6, true))
  const seqs = (position: number, endsTick: boolean) =>
    alerts.at(position, endsTick).map(({ json }) => JSON.parse(json.toString()).seq)
  t.strictSame([seqs(6, false), seqs(6, true), seqs(9, false)], [[6, 6], [6, 7], [7, 7]])
})

t.test('only the last few positions are remembered, however many clients lag', async (t) => {
  const byPosition = new ByPosition<object>()
  const made: number[] = []
  const at = (position: number) => byPosition.get(position, () => {
    made.push(position)
    return { position }
  })
  for (let position = 1; position <= 100; position++) at(position)
  for (let position = 93; position <= 100; position++) at(position)
  t.equal(made.length, 100, 'the last eight are known')
  t.strictSame(at(1), { position: 1 })
  t.equal(made.length, 101, 'the others are made anew')
  byPosition.clear()
  at(100)
  t.equal(made.length, 102)
})
