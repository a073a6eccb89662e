import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { databaseOf } from '../../lib/source/influx/schema.ts'
import { freePort } from './free-port.ts'

/** A real InfluxDB that a suite runs against, and how popcast is told of it. */
export interface Engine {
  name: string
  /** Settings for popcast and the generator. */
  env: Record<string, string>
  url: string
  /** The process, where it is ours to freeze and to kill. */
  process: ChildProcess | null
  /** Starts the same database again, on the same port and folder, after its process was killed. */
  restart (): Promise<void>
  stop (): Promise<void>
}

const DATABASE = 'popcast'
const USER = 'admin'
const PASSWORD = 'password-of-a-test'

/** The distribution's package, or any other 1.x named by TEST_INFLUXD_INFLUXQL. */
export function findInfluxql (): string | null {
  return findBinary(process.env.TEST_INFLUXD_INFLUXQL ?? 'influxd')
}

/** A 1.8 or 2.x named by TEST_INFLUXD_FLUX. */
export function findFlux (): string | null {
  return process.env.TEST_INFLUXD_FLUX === undefined ? null : findBinary(process.env.TEST_INFLUXD_FLUX)
}

/** A server that speaks Flux and is already there: TEST_INFLUXDB_FLUX_URL, _TOKEN, _ORG, _BUCKET. */
export function givenFlux (): Engine | null {
  const {
    TEST_INFLUXDB_FLUX_URL: url,
    TEST_INFLUXDB_FLUX_TOKEN: token = '',
    TEST_INFLUXDB_FLUX_ORG: org = '',
    TEST_INFLUXDB_FLUX_BUCKET: bucket = ''
  } = process.env
  if (url === undefined) return null
  const nothing = async () => {}
  return { name: `flux at ${url}`, url, env: fluxEnv(url, token, org, bucket), process: null, restart: nothing, stop: nothing }
}

/** Starts a 1.x on a free port, with its data in a temporary folder that goes when it stops. */
export async function startV1 (binary: string, queryLanguage: 'influxql' | 'flux'): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), 'popcast-influxd-'))
  const configuration = join(folder, 'influxdb.conf')
  const launch = async (port: number) => {
    writeFileSync(configuration, v1Configuration(folder, port))
    const child = spawn(binary, ['-config', configuration], { stdio: ['ignore', 'ignore', 'pipe'] })
    return { child, port: await portFromLog(child, /Listening on HTTP.*addr=[\d.]+:(\d+)/) }
  }
  const { engine, url } = await supervised(launch, folder, `${queryLanguage} of InfluxDB 1.x (${binary})`)
  await execute(`${url}/query`, `CREATE USER ${USER} WITH PASSWORD '${PASSWORD}' WITH ALL PRIVILEGES`)
  await execute(`${url}/query?${new URLSearchParams({ u: USER, p: PASSWORD })}`, `CREATE DATABASE ${DATABASE}`)
  const token = `${USER}:${PASSWORD}`
  const env = queryLanguage === 'flux'
    ? fluxEnv(url, token, 'any', DATABASE)
    : { INFLUXDB_URL: url, INFLUXDB_QUERY_LANGUAGE: 'influxql', INFLUXDB_BUCKET: DATABASE, INFLUXDB_TOKEN: token }
  return Object.assign(engine, { env })
}

/** Starts a 2.x on a free port and sets it up with an organisation, a bucket and a token. */
export async function startV2 (binary: string): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), 'popcast-influxd-'))
  const launch = async (port: number) => {
    const child = spawn(binary, [
      '--bolt-path', join(folder, 'bolt'), '--engine-path', join(folder, 'engine'), '--sqlite-path', join(folder, 'sqlite'),
      '--http-bind-address', `127.0.0.1:${port}`, '--reporting-disabled'
    ], { stdio: ['ignore', 'pipe', 'ignore'] })
    return { child, port: await portFromLog(child, /msg=Listening.*transport=http.*port=(\d+)/) }
  }
  const { engine, url } = await supervised(launch, folder, `flux of InfluxDB 2.x (${binary})`)
  const setup = { username: USER, password: PASSWORD, org: 'edge', bucket: DATABASE, token: 'token-of-a-test' }
  await post(`${url}/api/v2/setup`, JSON.stringify(setup))
  return Object.assign(engine, { env: fluxEnv(url, setup.token, setup.org, setup.bucket) })
}

export function isV2 (binary: string): boolean {
  return execFileSync(binary, ['--help'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).includes('bolt-path')
}

async function supervised (
  launch: (port: number) => Promise<{ child: ChildProcess, port: number }>,
  folder: string,
  name: string
) {
  // Where it is started again, too.
  let { child, port } = await launch(await freePort())
  const engine: Engine = {
    name,
    url: `http://127.0.0.1:${port}`,
    env: {},
    get process () {
      return child
    },
    async restart () {
      ;({ child } = await launch(port))
    },
    async stop () {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
  return { engine, url: engine.url }
}

function fluxEnv (url: string, token: string, org: string, bucket: string): Record<string, string> {
  return { INFLUXDB_URL: url, INFLUXDB_QUERY_LANGUAGE: 'flux', INFLUXDB_TOKEN: token, INFLUXDB_ORG: org, INFLUXDB_BUCKET: bucket }
}

function findBinary (binary: string): string | null {
  try {
    execFileSync(binary, ['version'], { stdio: 'ignore' })
    return binary
  } catch {
    return null
  }
}

async function portFromLog (child: ChildProcess, pattern: RegExp): Promise<number> {
  const lines: string[] = []
  for await (const line of createInterface(child.stdout ?? child.stderr as NodeJS.ReadableStream)) {
    lines.push(line)
    const port = pattern.exec(line)?.[1]
    if (port === undefined) continue
    // Unread output would fill the pipe and stop the database.
    for (const stream of [child.stdout, child.stderr]) stream?.resume()
    return Number(port)
  }
  throw new Error(`influxd did not start:\n${lines.join('\n')}`)
}

export async function post (url: string, body: string | URLSearchParams): Promise<string> {
  const response = await fetch(url, { method: 'POST', body })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`)
  return text
}

/** A statement of InfluxQL that may be carried out twice: what failed is said with a 200, too. */
async function execute (url: string, q: string): Promise<void> {
  const failed = async () => {
    const text = await post(url, new URLSearchParams({ q }))
    return text.includes('"error"') ? text : null
  }
  const first = await failed()
  const again = first === null ? null : await failed()
  if (again !== null) throw new Error(`${q}: ${first}, then ${again}`)
}

function v1Configuration (folder: string, port: number): string {
  return `reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  auth-enabled = true
  flux-enabled = true
  log-enabled = false
`
}

/** Writes line protocol with times in ms. */
export async function writeLines ({ url, env }: Engine, lines: string[]): Promise<void> {
  const { INFLUXDB_BUCKET: bucket = '', INFLUXDB_ORG: org = '', INFLUXDB_TOKEN: token = '' } = env
  const target = env.INFLUXDB_QUERY_LANGUAGE === 'flux'
    ? `${url}/api/v2/write?${new URLSearchParams({ org, bucket, precision: 'ms' })}`
    : `${url}/write?${new URLSearchParams({ ...databaseOf(bucket), precision: 'ms' })}`
  // Basic credentials are what 1.6 takes; the v2 API takes tokens, and 1.8's takes user:password for one.
  const authorization = env.INFLUXDB_QUERY_LANGUAGE === 'flux' ? `Token ${token}` : `Basic ${btoa(token)}`
  const response = await fetch(target, { method: 'POST', body: lines.join('\n'), headers: { authorization } })
  if (!response.ok) throw new Error(`write answered ${response.status}: ${await response.text()}`)
}

/** How many queries the database itself has counted. */
export async function countQueries ({ url }: Engine): Promise<number> {
  const debug = await fetch(`${url}/debug/vars`)
  if (debug.ok && debug.headers.get('content-type')?.includes('json')) {
    const entries = Object.values(await debug.json() as Record<string, { name?: string, values?: Record<string, number> }>)
    const counters = entries.filter(({ name }) => name === 'httpd').map(({ values }) => values ?? {})
    return counters.reduce((sum, { queryReq = 0, fluxQueryReq = 0 }) => sum + queryReq + fluxQueryReq, 0)
  }
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const counters = metrics.matchAll(/^http_api_requests_total\{.*path="\/api\/v2\/query".*\} (\d+)$/gm)
  return Array.from(counters).reduce((sum, [, count]) => sum + Number(count), 0)
}
