import { execFileSync } from 'node:child_process'
import type { Test } from 'tap'
import { lookAtSource } from '../../check/source.ts'
import { isFine } from '../../check/report.ts'
import { loadConfig } from '../../config.ts'
import { systemClock } from '../../lib/clock.ts'
import { checked, told } from './check.ts'
import { writeLines, type Engine } from './influxd.ts'
import { startProgram } from './service.ts'
import { withEngine } from './with-engine.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A sample every 10 s, `count` of them up to `lateMs` ago. */
const series = (tags: string, fields: string, { now = Date.now(), count = 30, lateMs = 0 } = {}) =>
  Array.from({ length: count }, (_, index) => `${tags} ${fields} ${now - lateMs - index * 10 * SECOND}`)

interface Case {
  name: string
  env?: Record<string, string>
  lines: () => string[]
  isGood: boolean
  /** Each is in what is said. */
  says: RegExp[]
  never?: RegExp
}

const cases: Case[] = [
  {
    name: 'healthy, with a history',
    lines: () => [0, DAY, 2 * DAY, 30 * MINUTE].flatMap((lateMs) => [
      ...series('well,pop_code=fra1,function_name=auth,city=Frankfurt,country=DE,tier=1', 'cold_start_time_ms=5', { lateMs }),
      ...series('well,pop_code=ams1,function_name=images,city=Amsterdam,country=NL,tier=1', 'cold_start_time_ms=6', { lateMs })
    ]),
    env: { INFLUXDB_MEASUREMENT: 'well' },
    isGood: true,
    says: [
      /^ok source: (an InfluxDB of no known version|InfluxDB \d\S+) answers at \S+ within \d+ ms; .* in \w+ for popcast$/m,
      /^ok names: well has the tags city, country, function_name, pop_code, tier$/m,
      /^ok samples: 2 PoPs, 2 functions \(auth, images\), 2 series: \d+ samples of the last \d+ min, in each one every 10 s$/m,
      /^ok freshness: the newest sample is \d+ s old$/m,
      /^ok baselines: of 2 PoPs would be compared 2 with this time of up to 2 of the last 7 days$/m
    ],
    never: /^(note|problem)/m
  },
  {
    name: 'integers, the first day, and without a place',
    lines: () => series('whole,pop_code=fra1', 'cold_start_time_ms=5i'),
    env: { INFLUXDB_MEASUREMENT: 'whole' },
    isGood: true,
    says: [
      /^note names: whole has the tags pop_code, and not function_name \(INFLUXDB_FUNCTION_TAG\), city .* does without$/m,
      /^ok samples: 1 PoPs, 0 functions \(none\), 1 series/m,
      /^note baselines: of 1 PoPs would be compared 1 with nothing yet/m
    ],
    never: /^problem/m
  },
  {
    name: 'an hour of history only, one PoP that ended and one whose clock is ahead',
    lines: () => [
      ...series('young,pop_code=fra1,function_name=a', 'cold_start_time_ms=5', { count: 300 }),
      ...series('young,pop_code=gone,function_name=a', 'cold_start_time_ms=5', { lateMs: 20 * MINUTE }),
      ...series('young,pop_code=ahead,function_name=a', 'cold_start_time_ms=5', { lateMs: -3 * HOUR })
    ],
    env: { INFLUXDB_MEASUREMENT: 'young' },
    isGood: true,
    says: [
      /^note silent: 1 PoPs of the last hour do not report, and would be silent: gone$/m,
      /^note clocks: clocks are ahead, and their samples of the future are not used: ahead \(3 h\)$/m,
      /^ok baselines: of 1 PoPs would be compared 1 with the hour before$/m
    ]
  },
  {
    name: 'nothing under this name',
    lines: () => [],
    env: { INFLUXDB_MEASUREMENT: 'nope' },
    isGood: false,
    says: [/^problem samples: measurement `nope` not found in popcast; it has /m]
  },
  {
    name: 'another field',
    lines: () => series('misnamed,pop_code=fra1', 'latency=5'),
    env: { INFLUXDB_MEASUREMENT: 'misnamed' },
    isGood: false,
    says: [/^problem samples: field `cold_start_time_ms` not found in misnamed; it has latency$/m]
  },
  {
    name: 'text',
    lines: () => series('words,pop_code=fra1', 'cold_start_time_ms="5"'),
    env: { INFLUXDB_MEASUREMENT: 'words' },
    isGood: false,
    says: [/^problem samples: field `cold_start_time_ms` of words is of the type string, not a number$/m]
  },
  {
    name: 'old',
    lines: () => series('old,pop_code=fra1', 'cold_start_time_ms=5', { lateMs: 3 * HOUR }),
    env: { INFLUXDB_MEASUREMENT: 'old' },
    isGood: false,
    says: [/^problem samples: newest sample of `cold_start_time_ms` is 3 h old$/m]
  },
  {
    name: 'nobody writes any more',
    lines: () => series('stopped,pop_code=fra1', 'cold_start_time_ms=5', { lateMs: 5 * MINUTE }),
    env: { INFLUXDB_MEASUREMENT: 'stopped' },
    isGood: false,
    says: [/^problem freshness: the newest sample is 5 min old: nobody has written for 2\.5 intervals, the feed would be stale$/m]
  },
  {
    name: 'another bucket',
    lines: () => [],
    env: { INFLUXDB_BUCKET: 'nope' },
    isGood: false,
    says: [/^problem samples: bucket `nope` not found; there (is|are) .*popcast/m]
  },
  {
    name: 'a wrong token',
    lines: () => [],
    env: { INFLUXDB_TOKEN: 'admin:another-password' },
    isGood: false,
    says: [/^problem source: http:\/\/127\.0\.0\.1:\d+: it refuses INFLUXDB_TOKEN: HTTP 401/m],
    never: /another-password/
  },
  {
    name: 'nobody there',
    lines: () => [],
    env: { INFLUXDB_URL: 'http://127.0.0.1:1' },
    isGood: false,
    says: [/^problem source: http:\/\/127\.0\.0\.1:1: there is no answer: ECONNREFUSED/m]
  },
  {
    name: 'no such name',
    lines: () => [],
    env: { INFLUXDB_URL: 'http://database.invalid:8086' },
    isGood: false,
    says: [/^problem source: http:\/\/database\.invalid:8086: there is no answer: (ENOTFOUND|EAI_AGAIN)/m]
  }
]

/** Runs `popcast check` against a real InfluxDB: see `withEngine`. */
export function checksEngine (queryLanguage: 'influxql' | 'flux', missing: string | null, start: () => Promise<Engine>): void {
  withEngine(queryLanguage, queryLanguage, missing, start, async (t, engine) => {
    for (const one of cases) await checks(t, engine, one)
    await writesNothing(t, engine)
    await saysItToPeople(t, engine)
    if (engine.process !== null) await waitsForNobody(t, engine)
  })
}

function checks (t: Test, engine: Engine, { name, env = {}, lines, isGood, says, never }: Case) {
  return t.test(name, async (t) => {
    const written = lines()
    if (written.length > 0) await writeLines(engine, written)
    const findings = await lookAtSource(loadConfig({ ...engine.env, ...env }), systemClock)
    const text = told(findings)
    t.equal(isFine(findings), isGood, text)
    for (const each of says) t.match(text, each)
    if (never !== undefined) t.notMatch(text, never)
    t.notMatch(JSON.stringify(findings), engine.env.INFLUXDB_TOKEN!.split(':').at(-1), 'no secret')
  })
}

/** What the database itself has counted of writes; null where it does not say. */
async function countWrites ({ url }: Engine): Promise<number | null> {
  const debug = await fetch(`${url}/debug/vars`)
  if (!debug.ok || debug.headers.get('content-type')?.includes('json') !== true) return null
  const entries = Object.values(await debug.json() as Record<string, { name?: string, values?: Record<string, number> }>)
  return entries.filter(({ name }) => name === 'httpd').reduce((sum, { values }) => sum + (values?.writeReq ?? 0), 0)
}

function writesNothing (t: Test, engine: Engine) {
  return t.test('nothing is written', async (t) => {
    const before = await countWrites(engine)
    const { code, ok } = await checked(t, { ...engine.env, INFLUXDB_MEASUREMENT: 'well' })
    t.strictSame({ code, ok }, { code: 0, ok: true })
    t.equal(await countWrites(engine), before)
    t.ok(before === null || before > 0, 'writes are counted')
  })
}

function saysItToPeople (t: Test, engine: Engine) {
  return t.test('in lines for people', async (t) => {
    const program = startProgram(t, 'popcast.js', ['check'], { ...engine.env, INFLUXDB_MEASUREMENT: 'misnamed' })
    t.equal((await program.exit).code, 1)
    const lines = program.stdout().split('\n')
    t.match(lines[0], /^ok {7}source {3}.*InfluxDB/)
    t.match(lines[1], /^problem {2}samples {2}field .* not found/)
    t.strictSame(lines.slice(-3), ['', '1 problem', ''])
    t.equal(program.stderr(), '')
  })
}

function waitsForNobody (t: Test, engine: Engine) {
  return t.test('a frozen database is given up at the deadline', async (t) => {
    const { pid } = engine.process!
    execFileSync('kill', ['-STOP', String(pid)])
    const { code, findings } = await checked(t, { ...engine.env, QUERY_TIMEOUT_MS: '300' })
    execFileSync('kill', ['-CONT', String(pid)])
    t.equal(code, 1)
    t.match(told(findings), /^problem source: \S+: it does not answer in time \(QUERY_TIMEOUT_MS\): no complete answer within/m)
  })
}
