import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { findInfluxql, startV1, writeLines } from '../../test/support/influxd.ts'
import type { Context } from '../context.ts'
import { MIB, toMiB, toMs, type Fault, type Finding } from '../fault.ts'
import { get } from '../http.ts'
import { Observer } from '../observer.ts'
import type { Subject } from '../subject.ts'
import { expectSoon, HANG_MS, pause } from '../waiting.ts'

type Script = (response: ServerResponse) => void

interface DatabaseFault {
  name: string
  isQuick: boolean
  /** In the place of the database's answer. */
  script: Script
  /** What clients are told, and what the log says why. */
  code: 'SOURCE_UNAVAILABLE' | 'SOURCE_TIMEOUT'
  reason: string
}

const JSON_HEAD = { 'content-type': 'application/json' }
const SAMPLE = '{"results":[{"statement_id":0,"series":[{"name":"cold_start_metrics",' +
  '"columns":["time","_value","function_name","pop_code"],"values":[[1,5,"auth","pop0"]'
/** Within two polls and the deadline of a query; a loaded machine takes its time. */
const TOLD_MS = 8_000

const faulty: DatabaseFault[] = [
  {
    name: 'database stalled mid-body',
    isQuick: true,
    script: (response) => { response.writeHead(200, JSON_HEAD).write(SAMPLE) },
    code: 'SOURCE_TIMEOUT',
    reason: 'timeout'
  },
  {
    name: 'database trickling, a byte every 50 ms',
    isQuick: true,
    script (response) {
      response.writeHead(200, JSON_HEAD)
      const timer = setInterval(() => response.write(' '), 50)
      response.on('close', () => clearInterval(timer))
    },
    code: 'SOURCE_TIMEOUT',
    reason: 'timeout'
  },
  {
    name: 'database reset mid-answer',
    isQuick: false,
    script (response) {
      response.writeHead(200, JSON_HEAD).write(SAMPLE, () => response.socket?.resetAndDestroy())
    },
    code: 'SOURCE_UNAVAILABLE',
    reason: 'unavailable'
  },
  {
    name: 'database answers 401',
    isQuick: true,
    script: (response) => { response.writeHead(401, JSON_HEAD).end('{"error":"authorization failed"}') },
    code: 'SOURCE_UNAVAILABLE',
    reason: 'unauthorized'
  },
  {
    name: 'database answers 429, Retry-After: 7',
    isQuick: false,
    script: (response) => { response.writeHead(429, { ...JSON_HEAD, 'retry-after': '7' }).end('{"error":"too many"}') },
    code: 'SOURCE_UNAVAILABLE',
    reason: 'unavailable'
  },
  {
    name: 'database answers 503',
    isQuick: false,
    script: (response) => { response.writeHead(503).end('no server is available') },
    code: 'SOURCE_UNAVAILABLE',
    reason: 'unavailable'
  },
  {
    name: 'an error after the 200',
    isQuick: true,
    script (response) {
      response.writeHead(200, JSON_HEAD).end('{"results":[{"statement_id":0,"error":"engine: timeout"}]}\n')
    },
    code: 'SOURCE_UNAVAILABLE',
    reason: 'bad_answer'
  },
  {
    name: 'HTML with a 200',
    isQuick: true,
    script: (response) => { response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>') },
    code: 'SOURCE_UNAVAILABLE',
    reason: 'bad_answer'
  },
  {
    name: 'an answer that is truncated',
    isQuick: true,
    script: (response) => { response.writeHead(200, { ...JSON_HEAD, connection: 'close' }).end(SAMPLE) },
    code: 'SOURCE_UNAVAILABLE',
    reason: 'bad_answer'
  }
]

/** What is to be seen of a source that fails, and that it works again. */
async function isTold (
  subject: Subject,
  { code, reason }: Pick<DatabaseFault, 'code' | 'reason'>,
  heal: () => unknown,
  during = pause(0)
) {
  const failedAt = performance.now()
  await subject.all(`${code} and stale`, ({ errors, status }) => errors.includes(code) && status === 'stale')
  const toldMs = performance.now() - failedAt
  await subject.logged('source_failed', (line) => line.reason === reason)
  const up = await subject.counted('popcast_source_up')
  const counted = await subject.counted('popcast_queries_total', { outcome: reason })
  const isDegraded = (await get(`${subject.url}/health`)).body.includes('"degraded"')
  await during
  await heal()
  const healedAt = performance.now()
  await subject.all('fresh again', ({ status }) => status === 'fresh')
  const freshMs = performance.now() - healedAt
  await subject.logged('source_recovered')
  const isSeen = up === 0 && counted > 0 && isDegraded && await subject.counted('popcast_source_up') === 1
  return { toldMs, freshMs, isSeen, told: `clients told ${code} and stale, log and metrics ${reason}; fresh again` }
}

function finding ({ toldMs, freshMs, isSeen, told }: Awaited<ReturnType<typeof isTold>>): Finding {
  return {
    what: isSeen ? told : 'not seen in metrics or health',
    figure: `told after ${toMs(toldMs)}, fresh after ${toMs(freshMs)}`,
    goal: `each < ${toMs(TOLD_MS)}`,
    pass: isSeen,
    inTime: Math.max(toldMs, freshMs) < TOLD_MS
  }
}

async function run (context: Context, fault: DatabaseFault): Promise<Finding> {
  const subject = await context.start()
  await subject.updates(1)
  subject.database.fault = fault.script
  return finding(await isTold(subject, fault, () => { subject.database.fault = null }))
}

/** A real InfluxDB with a little data up to a minute ahead. */
async function realDatabase (context: Context) {
  const binary = findInfluxql()
  if (binary === null) return null
  const engine = await startV1(binary, 'influxql')
  context.teardown(() => engine.stop())
  const now = Date.now()
  const series = (index: number) => `cold_start_metrics,pop_code=fra${index % 5},function_name=auth`
  await writeLines(engine, Array.from({ length: 600 }, (_, index) =>
    `${series(index)} cold_start_time_ms=${5 + index % 7} ${now + (index - 300) * 1_000}`))
  return engine
}

const FROZEN_MS = { quick: 5_000, whole: 60_000 }

async function frozen (context: Context): Promise<Finding> {
  const ms = context.isQuick ? FROZEN_MS.quick : FROZEN_MS.whole
  const engine = await realDatabase(context)
  const subject = await context.start({ env: engine?.env ?? {} })
  await subject.updates(1)
  engine?.process?.kill('SIGSTOP')
  // Where there is no real one.
  subject.database.fault = () => {}
  const thaw = () => {
    engine?.process?.kill('SIGCONT')
    subject.database.fault = null
  }
  const seen = await isTold(subject, { code: 'SOURCE_TIMEOUT', reason: 'timeout' }, thaw, pause(ms))
  const result = finding(seen)
  return { ...result, what: `${engine === null ? 'a scripted server' : 'influxd'} frozen ${ms / 1_000} s: ${result.what}` }
}

async function killed (context: Context): Promise<Finding> {
  const engine = await realDatabase(context)
  if (engine === null) return run(context, faulty.find(({ name }) => name.includes('reset'))!)
  const subject = await context.start({ env: engine.env })
  await subject.updates(1)
  // It is asked, and does not answer any more.
  engine.process?.kill('SIGSTOP')
  await pause(subject.intervalMs / 2)
  engine.process?.kill('SIGKILL')
  const seen = await isTold(subject, { code: 'SOURCE_UNAVAILABLE', reason: 'unavailable' }, () => engine.restart())
  const result = finding(seen)
  return { ...result, what: `influxd killed: ${result.what}` }
}

async function noDns (context: Context): Promise<Finding> {
  const service = { INFLUXDB_URL: 'http://influxdb.example.invalid:8086' }
  const subject = await context.start({ observers: 0, env: service })
  // There was never any data: the error is all that can be told.
  for (let count = 0; count < 4; count++) subject.observers.push(await Observer.open(subject.told, subject))
  const startedAt = performance.now()
  await subject.all('SOURCE_UNAVAILABLE', ({ errors }) => errors.includes('SOURCE_UNAVAILABLE'))
  const toldMs = performance.now() - startedAt
  const line = await subject.logged('source_failed')
  const up = await subject.counted('popcast_source_up')
  const isReady = await subject.status('/health/ready')
  const complaints = subject.observers.flatMap(({ complaints }) => complaints)
  await Promise.all(subject.observers.splice(0).map((observer) => observer.leave()))
  return {
    what: `clients told SOURCE_UNAVAILABLE, in the log: ${String(line.reason)}; ready all the same`,
    figure: `told after ${toMs(toldMs)}`,
    goal: `< ${toMs(TOLD_MS)}`,
    pass: up === 0 && isReady === 200 && complaints.length === 0,
    inTime: toldMs < TOLD_MS
  }
}

const ROWS_PER_DOCUMENT = 1_000

/** Answers with so many rows, as many as are taken: as many series as a schema that explodes would have. */
function manyRows (rows: number): Script {
  const columns = ['time', '_value', 'function_name', 'pop_code']
  return async (response) => {
    response.writeHead(200, JSON_HEAD)
    const now = Date.now()
    const closed = once(response, 'close')
    for (let from = 0; from < rows && !response.destroyed; from += ROWS_PER_DOCUMENT) {
      const values = Array.from({ length: ROWS_PER_DOCUMENT }, (_, index) =>
        [now - index, 5 + index % 9 / 10, `f${index % 50}`, `pop${(from + index) % 2_000}`])
      const series = [{ name: 'cold_start_metrics', columns, values, partial: true }]
      const isTaken = response.write(`${JSON.stringify({ results: [{ statement_id: 0, series, partial: true }] })}\n`)
      if (!isTaken) await Promise.race([once(response, 'drain'), closed])
    }
    response.end('{"results":[{"statement_id":0}]}\n')
  }
}

const LONGEST_TURN_MS = 100

async function largeAnswer (context: Context, rows: number, isRefused: boolean): Promise<Finding> {
  const subject = await context.start({ env: { BROADCAST_INTERVAL_MS: '3000', QUERY_TIMEOUT_MS: '2900' } })
  const before = await subject.held()
  const answered = subject.database.polls.length
  subject.database.fault = manyRows(rows)
  if (isRefused) {
    await subject.all('SOURCE_UNAVAILABLE', ({ errors }) => errors.includes('SOURCE_UNAVAILABLE'))
    await subject.logged('source_failed', (line) => line.reason === 'bad_answer')
  } else {
    await expectSoon(HANG_MS, 'it is asked', () => subject.database.polls.length > answered)
    await expectSoon(HANG_MS, 'the rows are in', async () => await subject.counted('popcast_query_rows_total') >= rows)
    await subject.updates(1)
  }
  subject.database.fault = null
  const after = await subject.held()
  const grown = after.residentBytes - before.residentBytes
  const figure = `longest turn ${toMs(after.longestTurnMs)}, memory +${toMiB(Math.max(0, grown))}`
  if (isRefused) await subject.all('fresh again', ({ status }) => status === 'fresh')
  return {
    what: isRefused
      ? 'refused at INFLUXDB_MAX_ROWS, clients told SOURCE_UNAVAILABLE; fresh again'
      : 'taken in, everybody served meanwhile',
    figure,
    goal: `< ${toMs(LONGEST_TURN_MS)}, < 128 MiB`,
    pass: grown < 128 * MIB,
    inTime: after.longestTurnMs < LONGEST_TURN_MS
  }
}

async function noDemand (context: Context): Promise<Finding> {
  const subject = await context.start({ observers: 1 })
  await subject.updates(2)
  await Promise.all(subject.observers.splice(0).map((observer) => observer.leave()))
  await expectSoon(HANG_MS, 'nobody is there', async () => await subject.counted('popcast_connections_open') === 0)
  await pause(2 * subject.intervalMs)
  const before = subject.database.polls.length
  const ms = context.isQuick ? 3_000 : 8_000
  await pause(ms)
  const asked = subject.database.polls.length - before
  const idle = await subject.counted('popcast_feed_status', { status: 'idle' })
  await subject.observe(4)
  const ticks = subject.database.ticks.length
  return {
    what: 'nobody there: the feed is idle, nothing is asked; who comes is told what is new',
    figure: `${asked} queries in ${ms / 1_000} s`,
    goal: '0 queries',
    pass: asked === 0 && idle === 1 && ticks > 0
  }
}

export const database: Fault[] = [
  { name: 'InfluxDB frozen', isQuick: true, withinMs: 110_000, run: frozen },
  { name: 'InfluxDB killed mid-answer', isQuick: true, run: killed },
  ...faulty.map((fault) => ({ name: fault.name, isQuick: fault.isQuick, run: (context: Context) => run(context, fault) })),
  { name: 'no DNS', isQuick: true, needsOwnNetwork: true, run: noDns },
  { name: 'an answer of 100,000 rows', isQuick: false, isHeavy: true, run: (context) => largeAnswer(context, 100_000, false) },
  { name: 'an answer of a million rows', isQuick: true, isHeavy: true, run: (context) => largeAnswer(context, 1_000_000, true) },
  { name: 'no demand', isQuick: true, run: noDemand }
]
