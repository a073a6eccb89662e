import t from 'tap'
import { wait } from '../../../lib/clock.ts'
import type { FleetReport } from '../../../lib/fleet/sample-fleet.ts'
import { SLOT_MS } from '../../../lib/fleet/summary-store.ts'
import { SourceError } from '../../../lib/source/source-error.ts'
import { collectorOf, START } from '../../support/collectors.ts'

const MINUTE_MS = 60_000
const DAY_S = 86_400

t.test('the first report has the whole window, where the source is quick', async (t) => {
  const { tick, window, source } = collectorOf()
  const report = await tick()
  t.equal(window.rows, 61)
  t.match(report, { overview: { totalPops: 1 }, silentPops: 0 })
  t.strictSame(source.asked.slice(0, 2), [[-60, 60], [-600, -60]], 'the newest first')
})

t.test('the first report does not wait for a slow one', async (t) => {
  const { clock, collector, source, window } = collectorOf()
  let calls = 0
  source.onRead = async () => { if (++calls > 1) await wait(clock, 5_000) }
  const report = collector.collect()
  await clock.advance(500)
  t.match(await report, { overview: { totalPops: 1 } })
  t.ok(window.rows < 10)
  await clock.advance(5_000)
  t.equal(window.rows, 61, 'the rest comes between the ticks')
})

t.test('one query per tick, and once running at most one a minute beside it', async (t) => {
  const { tick, source } = collectorOf()
  for (let ticks = 0; ticks < 30; ticks++) await tick()
  const before = source.asked.length
  for (let ticks = 0; ticks < 60; ticks++) await tick()
  const beside = source.asked.length - before - 60
  t.ok(beside <= 11, `${beside} in ten minutes`)
  t.ok(source.asked.slice(before).filter(([, to]) => to > 0).every(([from]) => from >= -41), 'a tick reads what is new')
})

t.test('what is usual is read once, and never again what was seen', async (t) => {
  const { tick, source, store } = collectorOf()
  for (let ticks = 0; ticks < 12; ticks++) await tick()
  const days = source.asked.filter(([from]) => from < -3 * 3_600)
  t.ok(days.some(([from, to]) => from < -DAY_S && to > -DAY_S), 'around the same time of yesterday')
  t.ok(days.some(([from]) => from < -7 * DAY_S))
  const slots = Array.from(store.slotsOf('fra1', { start: START - 86_400_000 - 5 * MINUTE_MS, stop: START - 86_400_000 }))
  t.match(slots, [{ count: 30 }])
  const begins = source.ranges.map(({ start }) => start)
  t.equal(new Set(begins).size, begins.length, 'no range twice')
})

t.test('a PoP of which nothing is left of a week is let go', async (t) => {
  const { tick, store } = collectorOf()
  const slot = START - START % (5 * MINUTE_MS)
  const take = (pop: string, start: number) => store.take(pop, start, [{ value: 5, time: start, samples: 1 }])
  take('gone', slot - 60 * MINUTE_MS)
  await tick()
  t.equal(store.pops, 2)
  take('stays', slot + 8 * DAY_S * 1_000)
  await tick()
  t.equal(store.pops, 1)
})

t.test('a slot of the past that is large is read in part', async (t) => {
  const { tick, source } = collectorOf({ maxRows: 10_000 })
  source.pops = Array.from({ length: 1_000 }, (_, index) => `p${index}`)
  for (let ticks = 0; ticks < 40; ticks++) await tick()
  const past = source.asked.filter(([from]) => from < -700)
  t.ok(past.length > 0 && past.every(([from, to]) => to - from <= 75), JSON.stringify(past.slice(0, 3)))
})

t.test('when nobody wants data any more it is read until the hour is known, without which no PoP can be judged', async (t) => {
  const { clock, state, tick, source } = collectorOf()
  state.isWanted = false
  await tick()
  const [first, ...others] = source.asked
  t.ok(first![1] > 0)
  t.ok(others.every(([from, to]) => from >= -70 * 60 && to <= 0), 'and no other day')
  t.ok(others.some(([from]) => from >= -70 * 60))
  const { length } = source.asked
  await clock.advance(10 * MINUTE_MS)
  t.equal(source.asked.length, length)
})

/** How many PoPs of a tick nobody can judge. */
const unjudged = ({ pops: { states } }: FleetReport) => states.filter(({ regression }) => regression === 'not_enough_data').length

for (const windowMs of [1, 5, 10].map((minutes) => minutes * MINUTE_MS)) {
  t.test(`whoever was judged goes on to be, with a window of ${windowMs / 1_000} s`, async (t) => {
    const { tick, source, clock } = collectorOf({ windowMs })
    source.onRead = async () => clock.pass(30)
    const told: number[] = []
    for (let ticks = 0; ticks < 120; ticks++) told.push(unjudged(await tick()))
    t.strictSame(told.slice(3), Array(117).fill(0))
  })
}

for (const idleMs of [9, 9.5, 12, 60].map((minutes) => minutes * MINUTE_MS)) {
  t.test(`who comes back every ${idleMs / MINUTE_MS} min for a minute sees what is judged`, async (t) => {
    const { tick, source, clock } = collectorOf()
    source.onRead = async () => clock.pass(30)
    const told: number[][] = []
    for (let visits = 0; visits < 5; visits++) {
      const ticks: number[] = []
      for (let count = 0; count < 6; count++) ticks.push(unjudged(await tick()))
      told.push(ticks)
      await clock.advance(idleMs)
    }
    // The first tick of all may be told before what is usual is known.
    t.strictSame(told.map((ticks) => ticks.slice(1)), told.map(() => [0, 0, 0, 0, 0]))
  })
}

/**
 * A source that cannot answer some of the past before its deadline; a query that it can takes 30 ms.
 * @returns what it was asked of the past, and for how long, and of how many PoPs each tick could not tell anything
 */
async function tickWith ({ ticks, deadlineMs = 5_000, isSlow }: {
  ticks: number
  deadlineMs?: number
  isSlow: (ago: number, slots: number, atMs: number) => boolean
}) {
  const { tick, source, clock, log, troubles } = collectorOf()
  const asked: Array<{ ago: number, slots: number, isAnswered: boolean }> = []
  const took = { ticks: 0, past: 0 }
  const beganAt = clock.now()
  source.onRead = async ({ start, stop }) => {
    const [ago, slots] = [Math.floor((clock.now() - start) / MINUTE_MS), (stop - start) / SLOT_MS]
    const isPast = start % SLOT_MS === 0 && ago >= 10
    const isAnswered = !isPast || !isSlow(ago, slots, clock.now() - beganAt)
    const ms = isAnswered ? 30 : deadlineMs
    clock.pass(ms)
    took[isPast ? 'past' : 'ticks'] += ms
    if (isPast) asked.push({ ago, slots, isAnswered })
    if (!isAnswered) throw new SourceError('timeout', 'too slow')
  }
  const told: number[] = []
  for (let count = 0; count < ticks; count++) told.push(unjudged(await tick()))
  const begun = log.of('baselines_failed').filter(({ level }) => level === 'warn').length
  return { asked, took, told, troubles, begun, ended: log.of('baselines_failed_ended').length }
}

t.test('what is never answered keeps nothing else from being read', async (t) => {
  const yesterday = (ago: number) => ago > 2 * 60 && ago < 48 * 60
  const { told, troubles, begun, ended } = await tickWith({ ticks: 360, isSlow: yesterday })
  t.strictSame(told.slice(2), Array(358).fill(0), 'the hour is read after the first failure')
  t.strictSame([begun, ended], [1, 0])
  t.match(troubles.current, [{ reason: 'baselines_failed', message: 'too slow' }])
  const others = await tickWith({ ticks: 360, deadlineMs: 150, isSlow: (ago) => ago < 2 * 60 || yesterday(ago) })
  t.equal(others.told[36], 0, 'nor the other days where the hour is not answered either')
})

for (const [most, deadlineMs] of [[1, 150], [2, 150], [1, 5_000], [2, 5_000]] as const) {
  t.test(`${most} slots within ${deadlineMs} ms are enough, and more is seldom asked for`, async (t) => {
    const isSlow = (_ago: number, slots: number) => slots > most
    const { told, asked, begun, ended } = await tickWith({ ticks: 4 * 360, deadlineMs, isSlow })
    t.strictSame(told.slice(10), Array(told.length - 10).fill(0))
    // Each of seven days and the hour fails once, and once more after ten answers.
    t.ok(asked.filter(({ isAnswered }) => !isAnswered).length <= 16)
    t.ok(begun <= 8 && ended <= begun, `begun ${begun} times, ended ${ended} times`)
  })
}

for (const { name, minutes, isSlow, ended } of [
  { name: 'lasts while nothing is answered', minutes: 80, isSlow: () => true, ended: 0 },
  { name: 'lasts while only something else is answered', minutes: 8, isSlow: (ago: number) => ago < 2 * 60, ended: 0 },
  { name: 'is over when what had failed was seen', minutes: 80, isSlow: (ago: number) => ago < 2 * 60, ended: 1 }
]) {
  t.test(`the trouble ${name}`, async (t) => {
    t.match(await tickWith({ ticks: 6 * minutes, deadlineMs: 150, isSlow }), { begun: 1, ended })
  })
}

t.test('a past that cannot be read costs little: the hour once in four minutes, the rest as the ticks allow', async (t) => {
  const { asked, took } = await tickWith({ ticks: 180, isSlow: () => true })
  t.strictSame(asked.slice(0, 3).map(({ ago }) => ago > 2 * 60), [true, false, false])
  t.ok(asked.length <= 11, `${asked.length} in half an hour`)
  t.ok(took.past <= 55_000 && took.ticks < 6_000, JSON.stringify(took))
})

for (const deadlineMs of [150, 5_000]) {
  t.test(`once a database answers that did not for a while, PoPs are judged within minutes: ${deadlineMs} ms`, async (t) => {
    const untilMs = 20 * MINUTE_MS
    const { told } = await tickWith({ ticks: 180, deadlineMs, isSlow: (_ago, _slots, atMs) => atMs < untilMs })
    t.strictSame(told.slice(120 + 5 * 6), Array(told.length - 150).fill(0))
  })
}

t.test('a slice that fails is said, and read after the next tick', async (t) => {
  const { tick, source, log, window } = collectorOf()
  let calls = 0
  source.onRead = async () => { if (++calls === 2) throw new SourceError('timeout', 'too long') }
  await tick()
  t.match(log.of('slice_failed'), [{ level: 'warn' }])
  t.ok(window.rows < 10)
  await tick()
  t.ok(window.rows >= 60)
})

t.test('a tick that fails rejects, and the next one reads all since the last', async (t) => {
  const { clock, tick, collector, source, window } = collectorOf()
  for (let ticks = 0; ticks < 6; ticks++) await tick()
  source.onRead = async () => { throw new SourceError('unavailable', 'gone') }
  await t.rejects(collector.collect(), SourceError)
  await clock.advance(60_000)
  source.onRead = async () => {}
  await tick()
  t.equal(window.rows, 61, 'nothing is missing')
})

t.test('what fails beside the ticks is a trouble while it lasts', async (t) => {
  const { clock, tick, source, troubles } = collectorOf()
  source.places = async () => { throw new SourceError('timeout', 'places took too long') }
  source.onRead = async ({ stop }) => {
    if (stop < clock.now() - 20 * MINUTE_MS) throw new SourceError('timeout', 'too long ago')
  }
  await tick()
  t.strictSame(troubles.current, [
    { reason: 'places_failed', message: 'places took too long' },
    { reason: 'baselines_failed', message: 'too long ago' }
  ])
  source.places = async () => new Map()
  source.onRead = async () => {}
  for (let ticks = 0; ticks < 20; ticks++) await tick()
  t.strictSame(troubles.current, [])
})

t.test('no data: explained, looked at again, and over when there are some', async (t) => {
  const { tick, source, troubles, log } = collectorOf()
  let looks = 0
  source.explain = async () => {
    looks++
    return looks === 2 ? Promise.reject(new Error('no answer')) : 'field `a` not found'
  }
  source.pops = []
  await tick()
  t.strictSame(troubles.current, [{ reason: 'no_data', message: 'field `a` not found' }])
  for (let ticks = 0; ticks < 12; ticks++) await tick()
  t.ok(looks >= 2 && looks <= 4, `${looks} looks in two minutes`)
  source.pops = ['fra1']
  await tick()
  await tick()
  t.strictSame(troubles.current, [])
  t.equal(log.of('no_data').filter(({ level }) => level === 'warn').length, 1)
  t.equal(log.of('no_data_ended').length, 1)
})

t.test('wrong clocks and a window that is full are troubles', async (t) => {
  const { clock, tick, source, troubles } = collectorOf({ windowMaxRows: 20 })
  source.places = async () => new Map([['ahead', { sampleTime: clock.now() + 7_200_000 }]])
  await tick()
  await tick()
  t.match(troubles.current, [
    { reason: 'clock_ahead', message: /^clocks are ahead: samples of the future are not used: ahead \(7200 s\)$/ },
    { reason: 'window_full', message: /WINDOW_MAX_ROWS/ }
  ])
})

t.test('a slow fleet is given a longer window', async (t) => {
  const { source, tick, window } = collectorOf()
  const { read } = source
  source.read = (range, take) => read.call(source, range, (key, place, time, value) => {
    if (time % 300_000 === 0) take(key, place, time, value)
  }).then((result) => ({ ...result, rows: result.rows / 30 }))
  for (let ticks = 0; ticks < 4; ticks++) await tick()
  t.ok(window.rows >= 16, `${window.rows} samples`)
})

t.test('stopped, it asks nothing more', async (t) => {
  const { clock, collector, source } = collectorOf()
  collector.stop()
  await collector.collect()
  await clock.advance(MINUTE_MS)
  t.equal(source.asked.length, 1)
})
