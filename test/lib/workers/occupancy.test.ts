import t from 'tap'
import { AddressLimit } from '../../../lib/clients/address-limit.ts'
import { Occupancy, OccupancyBoard, type Counted } from '../../../lib/workers/occupancy.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function crew (clock: FakeClock, size: number) {
  const board = new OccupancyBoard()
  const members = Array.from({ length: size }, (_, index) => {
    const occupancy = new Occupancy(clock, (changed) => board.take(index, changed))
    const told: Counted[] = []
    const member = { occupancy, told, answer: async () => {} }
    board.join(index, async (counted) => {
      told.push(counted)
      await member.answer()
      occupancy.take(counted)
    })
    return member
  })
  return { board, members }
}

t.test('each knows what all the others have, soon', async (t) => {
  const clock = new FakeClock()
  const { members: [a, b, c] } = crew(clock, 3)
  for (const own of [1, 2, 3]) a!.occupancy.report('all', own)
  b!.occupancy.report('all', 4)
  await clock.advance(10)
  t.strictSame([a, b, c].map((one) => one!.occupancy.elsewhere('all')), [4, 3, 7])
  t.equal(c!.told.length, 2, 'what came together was told together')
  a!.occupancy.report('all', 0)
  await clock.advance(10)
  t.strictSame([a, b, c].map((one) => one!.occupancy.elsewhere('all')), [4, 0, 4])
})

t.test('what one had who has ended counts no more, and who comes is told what there is', async (t) => {
  const clock = new FakeClock()
  const { board, members: [a, b] } = crew(clock, 2)
  a!.occupancy.report('all', 5)
  a!.occupancy.report('203.0.113.1', 2)
  await clock.advance(10)
  const late = new Occupancy(clock, () => {})
  board.join(7, async (counted) => late.take(counted))
  await clock.advance(0)
  t.strictSame([late.elsewhere('all'), late.elsewhere('203.0.113.1'), b!.occupancy.elsewhere('all')], [5, 2, 5])
  board.leave(0)
  await clock.advance(0)
  t.strictSame([late.elsewhere('all'), late.elsewhere('203.0.113.1'), b!.occupancy.elsewhere('all')], [0, 0, 0])
})

t.test('one that takes nothing is told no more until it does, and then what is so', async (t) => {
  const clock = new FakeClock()
  const { members: [a, b] } = crew(clock, 2)
  let take = () => {}
  b!.answer = () => new Promise((resolve) => { take = resolve })
  for (const own of [1, 2, 3]) {
    a!.occupancy.report('all', own)
    await clock.advance(10)
  }
  t.strictSame(b!.told, [[['all', 1]]])
  b!.answer = async () => {}
  take()
  await clock.advance(0)
  t.strictSame(b!.told, [[['all', 1]], [['all', 3]]])
  t.equal(b!.occupancy.elsewhere('all'), 3)
})

t.test('an address has so many over all', async (t) => {
  const clock = new FakeClock()
  const { members: [a, b] } = crew(clock, 2)
  const [here, there] = [new AddressLimit(2, a!.occupancy), new AddressLimit(2, b!.occupancy)]
  here.take('203.0.113.1')
  const end = there.take('203.0.113.1')
  await clock.advance(10)
  t.strictSame([here, there].map((limit) => limit.hasRoomFor('203.0.113.1')), [false, false])
  t.ok(here.hasRoomFor('203.0.113.2'))
  end()
  await clock.advance(10)
  t.strictSame([here, there].map((limit) => limit.hasRoomFor('203.0.113.1')), [true, true])
})
