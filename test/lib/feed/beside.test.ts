import t from 'tap'
import { Beside, type BesideTask } from '../../../lib/feed/beside.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** One task with so many queries to make, each of which takes so long. */
function setUp (queries: number, tookMs: number) {
  const state = { queries, isWanted: true, isUrgent: false }
  const clock = new FakeClock()
  const runs: number[] = []
  const onlyUrgent: boolean[] = []
  const errors: string[] = []
  const task = {
    name: 'places',
    get isUrgent () {
      return state.isUrgent
    },
    run: async (isOnlyUrgent: boolean) => {
      if (runs.length >= state.queries) return false
      onlyUrgent.push(isOnlyUrgent)
      runs.push(clock.monotonic() - 1_000)
      clock.pass(tookMs)
      return true
    }
  }
  const tasks: BesideTask[] = [task]
  const beside = new Beside({
    isWanted: () => state.isWanted,
    clock,
    intervalMs: 10_000,
    tasks,
    onError: (name) => {
      errors.push(name)
    }
  })
  const minutes = async (count: number, queryMs: number) => {
    for (let tick = 0; tick < count * 6; tick++) {
      void beside.ticked(queryMs)
      await clock.advance(10_000)
    }
  }
  return { clock, state, task, tasks, runs, onlyUrgent, errors, beside, minutes }
}

t.test('at first one after the other, each followed by a pause as long as it took', async (t) => {
  const { runs, minutes } = setUp(5, 300)
  await minutes(1, 100)
  t.strictSame(runs, [0, 600, 1_200, 1_800, 2_400])
})

t.test('also at first no more than what ticks will have cost in ten minutes', async (t) => {
  const { runs, minutes } = setUp(1_000, 300)
  await minutes(1, 100)
  t.equal(runs.length, 21, '60 ticks of 100 ms')
})

t.test('once running, one a minute at most', async (t) => {
  const { state, runs, minutes } = setUp(0, 50)
  await minutes(2, 100)
  state.queries = 1_000
  await minutes(10, 100)
  t.ok(runs.length <= 11, `${runs.length} in ten minutes`)
  t.ok(runs.length >= 9)
})

t.test('never for longer in all than the ticks', async (t) => {
  const { runs, minutes } = setUp(1_000, 5_000)
  await minutes(2, 10)
  const before = runs.length
  await minutes(30, 10)
  t.ok(runs.length - before <= 3, `${runs.length - before} of 5 s in 30 min, in which ticks took 1.8 s`)
})

t.test('nothing is asked for while nobody wants data', async (t) => {
  const { state, runs, minutes } = setUp(5, 300)
  state.isWanted = false
  await minutes(3, 100)
  t.strictSame(runs, [])
})

t.test('what is urgent waits neither for somebody nor for the ticks, and takes nothing else along', async (t) => {
  const { state, tasks, runs, onlyUrgent, minutes } = setUp(5, 300)
  const others: number[] = []
  tasks.unshift({ name: 'other', run: async () => { others.push(runs.length); return false } })
  Object.assign(state, { isWanted: false, isUrgent: true })
  await minutes(1, 1)
  t.strictSame(runs, [0, 600, 1_200, 1_800, 2_400])
  t.strictSame(onlyUrgent, Array(5).fill(true))
  t.strictSame(others, [])
  state.isWanted = true
  await minutes(1, 1)
  t.strictSame(others, [], 'it counts: it took longer than the ticks')
})

t.test('after a long pause it is eager again', async (t) => {
  const { clock, runs, minutes } = setUp(100_000, 1)
  await minutes(3, 100)
  await clock.advance(20 * 60_000)
  const before = runs.length
  await minutes(1, 100)
  t.ok(runs.length - before > 10)
})

t.test('a task that throws takes nothing along, and one that was stopped does nothing', async (t) => {
  const { clock, task, errors, beside, runs } = setUp(1, 0)
  task.run = () => Promise.reject(new Error('a defect'))
  await beside.ticked(1)
  t.strictSame(errors, ['places'])
  task.run = async () => { runs.push(0); return false }
  beside.stop()
  await clock.advance(120_000)
  await beside.ticked(1)
  t.strictSame(runs, [])
})
