import type { Test } from 'tap'
import { build } from './app.ts'
import { writeLines, type Engine } from './influxd.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
// A real query takes longer than the demo's.
const PACE = { BROADCAST_INTERVAL_MS: '1000', QUERY_TIMEOUT_MS: '900', PING_INTERVAL_MS: '60000' }

/** One way to fill a database, and what a client is to be told of it. */
interface Case {
  name: string
  measurement: string
  /** Line protocol; `now`: ms since the epoch. */
  lines: (now: number) => string[]
  env?: Record<string, string>
  /** Of the first update that has as many PoPs. */
  told: { pops: Record<string, number>, silent?: string[] }
}

/** Of a series every `seconds`, so many samples up to now. */
const series = (tags: string, fields: (index: number) => string, now: number, { seconds = 10, count = 6, lateMs = 0 } = {}) =>
  Array.from({ length: count }, (_, index) => `${tags} ${fields(index)} ${now - lateMs - index * seconds * SECOND}`)

const NAMES = { INFLUXDB_FIELD: 'v', INFLUXDB_POP_TAG: 'pop', INFLUXDB_FUNCTION_TAG: 'fn' }

const cases: Case[] = [
  {
    name: 'integers are numbers as well',
    measurement: 'integers',
    lines: (now) => series('integers,pop=a', () => 'v=4i', now),
    told: { pops: { a: 4 } }
  },
  {
    name: 'no function tag at all',
    measurement: 'plain',
    lines: (now) => series('plain,pop=a', () => 'v=3', now),
    told: { pops: { a: 3 } }
  },
  {
    name: 'several hosts: the mean over their newest samples',
    measurement: 'hosts',
    lines: (now) => [
      ...series('hosts,pop=a,fn=x,host=1', () => 'v=2', now),
      ...series('hosts,pop=a,fn=x,host=2', () => 'v=4', now, { lateMs: 1_000 }),
      ...series('hosts,pop=a,fn=y,host=1', () => 'v=9', now, { lateMs: 2_000 })
    ],
    told: { pops: { a: 6 } }
  },
  {
    name: 'a host that ended drops out',
    measurement: 'ended',
    lines: (now) => [
      ...series('ended,pop=a,host=1', () => 'v=2', now),
      ...series('ended,pop=a,host=2', () => 'v=100', now, { lateMs: MINUTE })
    ],
    told: { pops: { a: 2 } }
  },
  {
    name: 'PoPs that write every 60 s, each at another time',
    measurement: 'minutes',
    lines: (now) => ['a', 'b', 'c'].flatMap((pop, index) =>
      series(`minutes,pop=${pop}`, () => 'v=5', now, { seconds: 60, count: 5, lateMs: index * 25_000 })),
    told: { pops: { a: 5, b: 5, c: 5 } }
  },
  {
    name: 'every 5 min, and one every 10 s that stopped a minute ago',
    measurement: 'five',
    lines: (now) => [
      ...series('five,pop=slow', () => 'v=5', now, { seconds: 300, count: 2, lateMs: 200_000 }),
      ...series('five,pop=dead', () => 'v=6', now, { lateMs: MINUTE })
    ],
    told: { pops: { slow: 5, dead: 6 }, silent: ['dead'] }
  },
  {
    name: 'another unit',
    measurement: 'micro',
    lines: (now) => series('micro,pop=a', () => 'v=4500i', now),
    env: { INFLUXDB_UNIT: 'us' },
    told: { pops: { a: 4.5 } }
  },
  {
    name: 'small values keep their digits',
    measurement: 'nano',
    lines: (now) => series('nano,pop=a', () => 'v=41234', now),
    env: { INFLUXDB_UNIT: 'ns' },
    told: { pops: { a: 0.0412 } }
  },
  {
    name: 'only what the filter lets through',
    measurement: 'filtered',
    lines: (now) => [
      ...series('filtered,pop=a,env=prod,host\\ name=x\\,y', () => 'v=1', now),
      ...series('filtered,pop=a,env=test,host\\ name=x\\,y', () => 'v=100', now),
      ...series('filtered,pop=b,env=prod', () => 'v=2', now)
    ],
    env: { INFLUXDB_FILTER: 'env=prod,host\\ name=x\\,y' },
    told: { pops: { a: 1 } }
  },
  {
    name: 'names that Flux and our answers use themselves',
    measurement: 'named',
    lines: (now) => series('named,result=a,table=x,error=y,value=z,time1=t', () => 'v=7', now),
    env: { INFLUXDB_POP_TAG: 'result', INFLUXDB_FUNCTION_TAG: 'table' },
    told: { pops: { a: 7 } }
  },
  {
    name: 'names that need quotes',
    measurement: 'we"ird m\'x',
    lines: (now) => series('we"ird\\ m\'x,p\\=op=a\\ b\\,"c"', () => 'va\\ l=8', now),
    env: { INFLUXDB_POP_TAG: 'p=op', INFLUXDB_FIELD: 'va l' },
    told: { pops: { 'a b,"c"': 8 } }
  },
  {
    name: 'samples without a PoP belong to none, and what overflows spoils nothing',
    measurement: 'odd',
    lines: (now) => [
      ...series('odd,fn=x', () => 'v=1', now),
      ...series('odd,pop=a,fn=x', () => 'v=1.7e308', now),
      ...series('odd,pop=a,fn=y', () => 'v=5', now)
    ],
    env: { INFLUXDB_UNIT: 's' },
    told: { pops: { a: 5_000 } }
  }
]

/** Databases as people fill them. */
export function understands (t: Test, engine: Engine) {
  return t.test('a database as others fill it', async (t) => {
    for (const { name, measurement, lines, env = {}, told } of cases) {
      t.test(name, async (t) => {
        await writeLines(engine, lines(Date.now()))
        const { app, connect } = await build(t, { ...PACE, ...engine.env, ...NAMES, INFLUXDB_MEASUREMENT: measurement, ...env })
        const client = await connect('/ws?topics=metrics,pops')
        const count = Object.keys(told.pops).length
        const update = await client.next('metrics_update', ({ data }) => data.totalPops === count)
        t.match(update, { status: 'fresh', silentPops: told.silent?.length ?? 0 })
        const { states } = app.view.latest()?.content.pops ?? { states: [] }
        t.strictSame(Object.fromEntries(states.map(({ code, coldStartMs }) => [code, coldStartMs])), told.pops)
        t.strictSame(states.filter(({ status }) => status === 'silent').map(({ code }) => code), told.silent ?? [])
        t.match((await app.inject('/health')).json(), { status: 'ok', reason: null, troubles: [] })
      })
    }
    await saysWhatIsMissing(t, engine)
    await followsAMove(t, engine)
    await startsEmpty(t, engine)
  })
}

function saysWhatIsMissing (t: Test, engine: Engine) {
  const wrong: Array<{ name: string; env: Record<string, string>; message: RegExp }> = [
    {
      name: 'a wrong measurement',
      env: { INFLUXDB_MEASUREMENT: 'colds' },
      message: /^measurement `colds` not found in popcast; it has .*looked/
    },
    { name: 'a wrong field', env: { INFLUXDB_FIELD: 'w' }, message: /^field `w` not found in looked; it has lat, v$/ },
    { name: 'a wrong tag', env: { INFLUXDB_POP_TAG: 'p' }, message: /^tag `p` not found in looked; it has host, pop$/ },
    {
      name: 'a filter that nothing fits',
      env: { INFLUXDB_FILTER: 'host=9' },
      message: /^INFLUXDB_FILTER matches nothing: tag `host` of looked is never 9; it is 1$/
    },
    { name: 'nothing new', env: { INFLUXDB_MEASUREMENT: 'old' }, message: /^newest sample of `v` is 3 h old$/ }
  ]
  return t.test('what is not there is looked for, and named in the log and in health', async (t) => {
    const now = Date.now()
    await writeLines(engine, [
      ...series('looked,pop=a,host=1', () => 'v=5,lat=1', now),
      ...series('old,pop=a', () => 'v=5', now, { lateMs: 180 * MINUTE })
    ])
    for (const { name, env, message } of wrong) {
      t.test(name, async (t) => {
        const { app, connect, logged } = await build(t, {
          ...PACE,
          ...engine.env,
          ...NAMES,
          INFLUXDB_MEASUREMENT: 'looked',
          ...env
        })
        const client = await connect()
        t.match(await client.next('metrics_update'), { data: { totalPops: 0 }, dataTime: null, status: 'stale' })
        t.match(await logged('no_data'), { detail: message })
        t.match((await app.inject('/health')).json(), {
          status: 'degraded',
          reason: 'no_data',
          troubles: [{ reason: 'no_data', message }]
        })
      })
    }
    t.test('a field that holds text', async (t) => {
      await writeLines(engine, series('texts,pop=a', () => 'v="slow"', now))
      const { app, connect, logged } = await build(t, { ...PACE, ...engine.env, ...NAMES, INFLUXDB_MEASUREMENT: 'texts' })
      await connect()
      const { detail } = await Promise.race([logged('no_data'), logged('source_failed')])
      t.match(detail, /field .?v.? .*(string|text)/)
      t.equal((await app.inject('/health')).json().status, 'degraded')
    })
  })
}

function followsAMove (t: Test, engine: Engine) {
  return t.test('a PoP that moves is where its newest sample says, coordinates as tags or as fields', async (t) => {
    const now = Date.now()
    await writeLines(engine, [
      ...series('moves,pop=a,city=Bonn,tier=1', () => 'v=5,latitude=50.7,longitude=7.1', now, { lateMs: 5_000 }),
      ...series('moves,pop=b,latitude=1.5,longitude=-2', () => 'v=5', now)
    ])
    const { app, connect } = await build(t, { ...PACE, ...engine.env, ...NAMES, INFLUXDB_MEASUREMENT: 'moves' })
    const client = await connect()
    await client.next('metrics_update', () => app.view.latest()?.content.pops.get('a')?.latitude === 50.7)
    t.match(app.view.latest()?.content.pops.states, [
      { code: 'a', city: 'Bonn', tier: '1', latitude: 50.7, longitude: 7.1 },
      { code: 'b', city: null, latitude: 1.5, longitude: -2 }
    ])
    await writeLines(engine, [`moves,pop=a,city=Berlin,tier=2 v=6 ${Date.now()}`])
    await client.next('metrics_update', () => app.view.latest()?.content.pops.get('a')?.city === 'Berlin')
    t.match(app.view.latest()?.content.pops.get('a'), { tier: '2', coldStartMs: 6, status: 'fresh' })
  })
}

function startsEmpty (t: Test, engine: Engine) {
  return t.test('an empty database that fills later just starts', async (t) => {
    const { app, connect } = await build(t, { ...PACE, ...engine.env, ...NAMES, INFLUXDB_MEASUREMENT: 'later' })
    const client = await connect()
    await client.next('metrics_update')
    await writeLines(engine, series('later,pop=a', () => 'v=5', Date.now()))
    const update = await client.next('metrics_update', ({ data }) => data.totalPops === 1)
    t.equal(update.status, 'fresh')
    await client.next('metrics_update')
    t.match((await app.inject('/health')).json(), { status: 'ok', troubles: [] })
  })
}
