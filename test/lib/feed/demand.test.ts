import t from 'tap'
import { Demand } from '../../../lib/feed/demand.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function setUp (poll: 'on-demand' | 'always') {
  const clock = new FakeClock()
  const state = { clients: 0, isWantedElsewhere: false }
  const demand = new Demand({
    poll,
    intervalMs: 10_000,
    clock,
    isWantedElsewhere: () => state.isWantedElsewhere,
    clients: () => state.clients
  })
  return { clock, state, demand }
}

t.test('clients of other instances are demand', async (t) => {
  const { state, demand } = setUp('on-demand')
  state.isWantedElsewhere = true
  t.strictSame([demand.isWanted, demand.isWantedHere], [true, false])
})

t.test('clients that are connected are demand', async (t) => {
  const { state, demand } = setUp('on-demand')
  t.equal(demand.isWanted, false)
  state.clients = 1
  t.equal(demand.isWanted, true)
  state.clients = 0
  t.equal(demand.isWanted, false)
})

t.test('who reads over HTTP is demand for three intervals after the last request', async (t) => {
  const { clock, demand } = setUp('on-demand')
  demand.read()
  await clock.advance(29_999)
  t.equal(demand.isWanted, true)
  demand.read()
  await clock.advance(29_999)
  t.equal(demand.isWanted, true)
  await clock.advance(1)
  t.equal(demand.isWanted, false)
})

t.test('always is always', async (t) => {
  t.equal(setUp('always').demand.isWanted, true)
})
