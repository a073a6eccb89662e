import t from 'tap'
import type { Pop, Snapshot } from '../../client/types.ts'
import { createDetail, type Fetch } from '../../web/state/detail.ts'
import { followFeed } from '../../web/state/detail-feed.ts'
import { settle } from '../support/fake-clock.ts'
import { iso, popOf, START } from '../support/pops-at.ts'

function factsOf (code: string, ...seconds: number[]) {
  return {
    pop: popOf(code, seconds.at(-1) ?? 0),
    intervalMs: 10_000,
    functions: 5,
    comparison: null,
    open: [],
    closed: [],
    history: seconds.map((second) => ({ time: iso(second), coldStartMs: 4.5, spanMs: 0 }))
  }
}

interface Asked {
  url: string
  signal: AbortSignal
  answer (status: number, body: unknown): Promise<void>
  fail (error?: unknown): Promise<void>
}

function setUp () {
  const asked: Asked[] = []
  const timers = new Set<() => void>()
  const fetch: Fetch = (url, { signal }) => new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
    asked.push({
      url,
      signal,
      answer: (status, body) => {
        resolve({ status, json: async () => body instanceof Error ? Promise.reject(body) : body })
        return settle()
      },
      fail: (error = new TypeError('fetch failed')) => {
        reject(error)
        return settle()
      }
    })
  })
  const clock = {
    setTimeout: (callback: () => void) => {
      timers.add(callback)
      return callback
    },
    clearTimeout: (callback: () => void) => { timers.delete(callback) }
  }
  const detail = createDetail({ fetch, clock })
  const follow = (second: number, ...pops: Pop[]) => detail.follow({
    pops: new Map(pops.map((pop) => [pop.code, pop])),
    server: null,
    freshness: { dataTime: new Date(START + second * 1_000) } as Snapshot['freshness']
  })
  const times = () => detail.state.value.points.map(({ time }) => (time - START) / 1_000)
  const problem = () => {
    const { phase } = detail.state.value
    return phase.name === 'failed' ? phase.problem.kind : phase.name
  }
  return { detail, asked, timers, follow, times, problem }
}

t.test('asks for a PoP once, then goes on with what updates say', async (t) => {
  const { detail, asked, timers, follow, times } = setUp()
  t.match(detail.state.value, { code: null, phase: { name: 'idle' } })
  detail.select('fra/1')
  t.match(detail.state.value, { code: 'fra/1', phase: { name: 'loading' }, points: [] })
  await asked[0]!.answer(200, factsOf('fra/1', 10, 20))
  t.equal(asked[0]!.url, 'api/pops/fra%2F1?history=60')
  t.equal(detail.state.value.phase.name, 'known')
  t.equal(timers.size, 0)
  follow(30, popOf('fra/1', 30))
  follow(40, popOf('fra/1', 40), popOf('ams1', 40))
  t.strictSame(times(), [10, 20, 30, 40])
  t.equal(asked.length, 1)
  detail.select('fra/1')
  t.equal(asked.length, 1, 'the same one again')
})

t.test('what updates say while it is asked for is not lost', async (t) => {
  const { detail, asked, follow, times } = setUp()
  detail.select('fra1')
  follow(20, popOf('fra1', 20))
  follow(30, popOf('fra1', 30))
  t.strictSame(times(), [20, 30])
  await asked[0]!.answer(200, factsOf('fra1', 10, 20))
  t.strictSame(times(), [10, 20, 30])
  t.equal(detail.state.value.lastKnown?.sampleTime, iso(30))
})

t.test('another one: what was asked is given up, and its answer is nobody\'s', async (t) => {
  const { detail, asked } = setUp()
  detail.select('fra1')
  detail.select('ams1')
  t.ok(asked[0]!.signal.aborted)
  await settle()
  t.match(detail.state.value, { code: 'ams1', phase: { name: 'loading' } }, 'that it was given up is no failure')
  await asked[1]!.answer(200, factsOf('ams1', 10))
  await asked[0]!.answer(200, factsOf('fra1', 20))
  t.equal(detail.state.value.facts?.pop.code, 'ams1')
  detail.select(null)
  t.match(detail.state.value, { code: null, phase: { name: 'idle' }, facts: null, points: [], lastKnown: null })
})

t.test('a body that comes when another one is asked for', async (t) => {
  const bodies: Array<(body: unknown) => void> = []
  const fetch: Fetch = async () => ({ status: 200, json: () => new Promise((resolve) => { bodies.push(resolve) }) })
  const detail = createDetail({ fetch, clock: { setTimeout: () => 0, clearTimeout: () => {} } })
  detail.select('fra1')
  await settle()
  detail.select('ams1')
  await settle()
  bodies[1]!(factsOf('ams1', 10))
  await settle()
  bodies[0]!(factsOf('fra1', 10))
  await settle()
  t.equal(detail.state.value.facts?.pop.code, 'ams1')
  detail.select('lhr2')
  await settle()
  detail.select(null)
  bodies[2]!(factsOf('lhr2', 10))
  await settle()
  t.match(detail.state.value, { code: null, phase: { name: 'idle' }, facts: null })
})

const notFound = { statusCode: 404, code: 'NOT_FOUND', message: 'no PoP fra1 has reported lately' }
const failures = [
  { name: 'not known', status: 404, body: notFound, kind: 'unknown-pop', words: 'fra1 is not known (any more)', again: true },
  {
    name: 'no data yet',
    status: 503,
    body: { code: 'NO_DATA', message: 'no data yet' },
    kind: 'no-data',
    words: 'no data yet',
    again: true
  },
  {
    name: 'shutting down',
    status: 503,
    body: { code: 'SHUTTING_DOWN', message: 'the server is shutting down' },
    kind: 'unavailable',
    words: 'the server cannot say now (HTTP 503: the server is shutting down)',
    again: true
  },
  {
    name: 'a proxy without the server',
    status: 502,
    body: new SyntaxError('<'),
    kind: 'unavailable',
    words: 'the server cannot say now (HTTP 502)',
    again: true
  },
  {
    name: 'refused',
    status: 400,
    body: { message: 'no' },
    kind: 'refused',
    words: 'the server refused to say (HTTP 400: no)',
    again: false
  },
  {
    name: 'a login page',
    status: 200,
    body: new SyntaxError('<'),
    kind: 'malformed',
    words: 'what came is no answer of popcast',
    again: false
  },
  {
    name: 'something else',
    status: 200,
    body: { pop: null },
    kind: 'malformed',
    words: 'what came is no answer of popcast',
    again: false
  },
  { name: 'nothing', status: 200, body: null, kind: 'malformed', words: 'what came is no answer of popcast', again: false }
]

for (const { name, status, body, kind, words, again } of failures) {
  t.test(`failure: ${name}`, async (t) => {
    const { detail, asked, follow } = setUp()
    detail.select('fra1')
    await asked[0]!.answer(status, body)
    t.match(detail.state.value, { phase: { name: 'failed', problem: { kind, words, isPassing: again } }, facts: null })
    follow(10, popOf('fra1', 10))
    t.equal(asked.length, again ? 2 : 1, 'an update that has it is a reason to ask again')
    t.equal(detail.state.value.points.length, 1)
  })
}

t.test('no network, and then somebody tries again', async (t) => {
  const { detail, asked, problem, timers } = setUp()
  detail.select('fra1')
  await asked[0]!.fail()
  t.equal(problem(), 'network')
  t.equal(timers.size, 0)
  detail.refetch()
  t.equal(problem(), 'loading')
  await asked[1]!.answer(200, factsOf('fra1', 10))
  t.equal(problem(), 'known')
})

t.test('no answer', async (t) => {
  const { detail, asked, problem, timers } = setUp()
  detail.select('fra1')
  for (const fire of timers) fire()
  await settle()
  t.ok(asked[0]!.signal.aborted)
  t.equal(problem(), 'timeout')
})

t.test('a PoP that goes: its last value stays', async (t) => {
  const { detail, asked, follow, problem } = setUp()
  follow(10, popOf('fra1', 10))
  detail.select('fra1')
  t.equal(detail.state.value.lastKnown?.sampleTime, iso(10), 'known from before')
  await asked[0]!.answer(200, factsOf('fra1', 10))
  follow(20, popOf('ams1', 20))
  t.equal(asked.length, 2, 'whether it is still known is asked')
  t.ok(detail.state.value.facts, 'what was told stays meanwhile')
  await asked[1]!.answer(404, notFound)
  t.equal(problem(), 'unknown-pop')
  t.match(detail.state.value, { facts: null, lastKnown: { code: 'fra1' } })
  follow(30, popOf('ams1', 30))
  t.equal(asked.length, 2, 'and not at each update')
})

t.test('a failure after an answer leaves what was told', async (t) => {
  const { detail, asked, times, problem } = setUp()
  detail.select('fra1')
  await asked[0]!.answer(200, factsOf('fra1', 10))
  detail.refetch()
  await asked[1]!.answer(503, null)
  t.equal(problem(), 'unavailable')
  t.strictSame(times(), [10])
  t.ok(detail.state.value.facts)
})

t.test('asks again after a gap and an alert of its own', async (t) => {
  const { detail, asked } = setUp()
  const listeners = new Map<string, (event: any) => void>()
  const end = followFeed(detail, {
    on: (name, listener) => {
      listeners.set(name, listener)
      return () => listeners.delete(name)
    }
  })
  const connection = (name: string) => listeners.get('connection')!({ name })
  detail.select('fra1')
  await asked[0]!.answer(200, factsOf('fra1', 10))
  connection('connecting')
  connection('live')
  t.equal(asked.length, 1, 'the first connection ends no gap')
  for (const name of ['waiting', 'connecting', 'syncing']) connection(name)
  t.equal(asked.length, 1)
  connection('live')
  t.equal(asked.length, 2)
  await asked[1]!.answer(200, factsOf('fra1', 10))
  const alert = (pop: string, replay: boolean) => listeners.get('alert')!({ alert: { pop }, replay })
  alert('ams1', false)
  alert('fra1', true)
  t.equal(asked.length, 2)
  alert('fra1', false)
  t.equal(asked.length, 3)
  listeners.get('change')!({ pops: new Map([['fra1', popOf('fra1', 20)]]), server: null, freshness: { dataTime: null } })
  t.equal(detail.state.value.points.length, 2)
  end()
  t.equal(listeners.size, 0)
})
