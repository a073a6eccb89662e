import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { envSchema } from 'env-schema'
import { authSettingFaults } from './lib/auth/settings.ts'
import type { IntakeSettings } from './lib/feed/intake.ts'
import { isLoopback } from './lib/loopback.ts'
import { notifySettingFaults } from './lib/notify/settings.ts'
import { influxSettingFaults } from './lib/source/influx/settings.ts'
import { endpointFault } from './lib/tracing/settings.ts'
import {
  ConfigError, MOST_WORKERS, problem, settingsSchema, type ConfigProblem, type SettingName, type Settings
} from './settings.ts'

export { ConfigError, problem, settingsSchema, type ConfigProblem } from './settings.ts'

/** So long a balancer may take to notice a 503 of `/health/ready`; on a loopback address there is none. */
const DEFAULT_DRAIN_DELAY_MS = 5_000
/** As a share of HEALTHY_BELOW_MS. */
const DEFAULT_MIN_DEVIATION = 0.05

interface InfluxSettings {
  METRICS_SOURCE: 'influxdb'
  INFLUXDB_URL: string
  INFLUXDB_BUCKET: string
}

/** The settings, checked: which source there is is decided, and what that source cannot do without is there. */
export type Config = Omit<
  Settings,
  'METRICS_SOURCE' | 'INFLUXDB_URL' | 'INFLUXDB_BUCKET' | 'DRAIN_DELAY_MS' | 'MIN_DEVIATION_MS' | 'AUTH' | 'WORKERS'
> & { DRAIN_DELAY_MS: number; MIN_DEVIATION_MS: number; AUTH: NonNullable<Settings['AUTH']>; WORKERS: number } & (
  { METRICS_SOURCE: 'demo' } | InfluxSettings
)
export type InfluxConfig = Extract<Config, InfluxSettings>

/**
 * Reads and checks the settings. Variables that are empty count as unset (as Compose and Kubernetes produce them),
 * variables that are not settings are ignored.
 * @throws {ConfigError} when a value is wrong or contradicts another
 */
export function loadConfig (env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([variable, value]) => Object.hasOwn(settingsSchema.properties, variable) && value?.trim())
  )
  const { INFLUXDB_TOKEN: token } = given
  const settings = parse({ ...given, ...(token !== undefined && { INFLUXDB_TOKEN: token.trim() }) })
  const config = {
    ...settings,
    WORKERS: workersOf(settings),
    AUTH: settings.AUTH ?? 'none' as const,
    METRICS_SOURCE: settings.METRICS_SOURCE ?? (settings.INFLUXDB_URL === undefined ? 'demo' : 'influxdb'),
    MIN_DEVIATION_MS: settings.MIN_DEVIATION_MS ?? DEFAULT_MIN_DEVIATION * settings.HEALTHY_BELOW_MS,
    DRAIN_DELAY_MS: settings.DRAIN_DELAY_MS ?? (isLoopback(settings.HOST) ? 0 : DEFAULT_DRAIN_DELAY_MS)
  }
  const problems = [...contradictions({ ...config, WORKERS: settings.WORKERS }), ...authProblems(settings)]
  if (problems.length > 0) throw new ConfigError(problems)
  return config as Config
}

/** What samples are read and judged by, for the service and for `check`. */
export function intakeSettings (config: Config): IntakeSettings {
  return {
    intervalMs: config.BROADCAST_INTERVAL_MS,
    windowMs: config.OVERVIEW_WINDOW_MS,
    healthyBelowMs: config.HEALTHY_BELOW_MS,
    minDeviationMs: config.MIN_DEVIATION_MS,
    newNormalAfterMs: config.NEW_NORMAL_AFTER_MS,
    limits: { maxRows: config.WINDOW_MAX_ROWS, maxBytes: config.WINDOW_MAX_BYTES },
    maxAnswerRows: config.INFLUXDB_MAX_ROWS
  }
}

function parse (given: Record<string, unknown>): Settings {
  try {
    return envSchema<Settings>({ schema: settingsSchema, data: { ...given }, env: false })
  } catch (error) {
    const faults = (error as { errors?: Array<{ instancePath: string, message?: string }> }).errors
    if (faults === undefined) throw error
    const byVariable = new Map(
      faults.map(({ instancePath, message = 'is wrong' }) => [instancePath.slice(1) as SettingName, message])
    )
    throw new ConfigError(
      Array.from(byVariable, ([variable, message]) => problem(variable, `${show(given[variable])} ${message}`))
    )
  }
}

/** NaN: it makes no sense. */
function workersOf ({ WORKERS }: Settings): number {
  if (WORKERS === 'auto') return Math.min(availableParallelism(), MOST_WORKERS)
  const workers = /^\d+$/.test(WORKERS) ? Number(WORKERS) : NaN
  return workers >= 1 && workers <= MOST_WORKERS ? workers : NaN
}

function * contradictions (config: Settings): Iterable<ConfigProblem> {
  if (Number.isNaN(workersOf(config))) yield problem('WORKERS', `${show(config.WORKERS)} is neither a number of workers nor auto`)
  // JSON Schema knows no infinity, so its limits do not hold one off.
  if (!Number.isFinite(config.HEALTHY_BELOW_MS)) yield problem('HEALTHY_BELOW_MS', 'is not finite')
  if (config.QUERY_TIMEOUT_MS >= config.BROADCAST_INTERVAL_MS) {
    yield {
      variable: 'QUERY_TIMEOUT_MS',
      fault: `${config.QUERY_TIMEOUT_MS} is not below BROADCAST_INTERVAL_MS (${config.BROADCAST_INTERVAL_MS})`,
      accepted: 'milliseconds below BROADCAST_INTERVAL_MS, so that one query ends before the next begins'
    }
  }
  if (config.STALE_AFTER_MS < config.PING_INTERVAL_MS) {
    yield {
      variable: 'STALE_AFTER_MS',
      fault: `${config.STALE_AFTER_MS} is below PING_INTERVAL_MS (${config.PING_INTERVAL_MS})`,
      accepted: 'milliseconds, at least PING_INTERVAL_MS: silence can only be told by an unanswered ping'
    }
  }
  yield * clusterProblems(config)
  yield * proxyProblems(config)
  for (const { variable, fault } of notifySettingFaults(config)) yield problem(variable, fault)
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = config
  const fault = endpoint === undefined ? null : endpointFault(endpoint)
  if (fault !== null) yield problem('OTEL_EXPORTER_OTLP_ENDPOINT', fault)
  if (config.METRICS_SOURCE === 'influxdb') yield * influxProblems(config)
}

function * authProblems (settings: Settings): Iterable<ConfigProblem> {
  const { HOST } = settings
  for (const { variable, fault } of authSettingFaults(settings, HOST, !isLoopback(HOST))) yield problem(variable, fault)
}

function * clusterProblems ({ CLUSTER_URL: url, STATE_DIR }: Settings): Iterable<ConfigProblem> {
  if (url === undefined) return
  if (!URL.canParse(url)) yield problem('CLUSTER_URL', 'cannot be parsed as a URL')
  else if (!['redis:', 'rediss:'].includes(new URL(url).protocol)) {
    yield problem('CLUSTER_URL', `has the protocol ${show(new URL(url).protocol)}`)
  }
  if (STATE_DIR !== undefined) yield problem('STATE_DIR', 'is set, and CLUSTER_URL as well: the stream has one home')
}

function * proxyProblems ({ TRUST_PROXY }: Settings): Iterable<ConfigProblem> {
  for (const entry of TRUST_PROXY?.split(',') ?? []) {
    const [address = '', prefix, ...more] = entry.trim().split('/')
    const bits = isIP(address) === 4 ? 32 : 128
    const valid =
      isIP(address) !== 0 && (prefix === undefined || (/^[1-9]\d*$/.test(prefix) && Number(prefix) <= bits)) && more.length === 0
    if (!valid) yield problem('TRUST_PROXY', `${show(entry.trim())} is not an address (true and hop counts would believe anyone)`)
  }
}

function * influxProblems (config: Settings): Iterable<ConfigProblem> {
  if (config.INFLUXDB_URL === undefined) yield problem('INFLUXDB_URL', 'is not set, and METRICS_SOURCE is influxdb')
  else yield * urlProblems(config.INFLUXDB_URL)
  if (config.INFLUXDB_BUCKET === undefined) yield problem('INFLUXDB_BUCKET', 'is not set, and METRICS_SOURCE is influxdb')
  if (config.INFLUXDB_QUERY_LANGUAGE === 'flux' && config.INFLUXDB_ORG === undefined) {
    yield problem('INFLUXDB_ORG', 'is not set, and INFLUXDB_QUERY_LANGUAGE is flux')
  }
  for (const { variable, fault } of influxSettingFaults(config)) yield problem(variable, fault)
}

function * urlProblems (value: string): Iterable<ConfigProblem> {
  const url = URL.canParse(value) ? new URL(value) : null
  if (url === null) yield problem('INFLUXDB_URL', 'cannot be parsed as a URL')
  else if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    yield problem('INFLUXDB_URL', `has the protocol ${show(url.protocol)}`)
  } else if (url.username !== '' || url.password !== '') {
    yield problem('INFLUXDB_URL', 'holds a user name or password, which belong into INFLUXDB_TOKEN')
  } else if (url.pathname.replace(/\/$/, '').endsWith('/api/v2')) {
    yield problem('INFLUXDB_URL', 'ends with /api/v2, which the client adds by itself')
  } else if (url.search !== '' || url.hash !== '') yield problem('INFLUXDB_URL', 'has a query or a fragment')
}

// INFLUXDB_TOKEN and INFLUXDB_URL (which may hold a password) are never shown: they
// are texts of any shape, so the schema cannot fault them.
const show = (value: unknown) => JSON.stringify(value)
