import { Type, type Static } from 'typebox'
import { authSettings } from './lib/auth/settings.ts'
import { notifySettings } from './lib/notify/settings.ts'
import { influxSettings } from './lib/source/influx/settings.ts'
import { tracingSettings } from './lib/tracing/settings.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** `description` is what an operator reads after "accepted:" when the value is wrong. */
const text = (description: string, defaultValue?: string) =>
  Type.String({ description, ...(defaultValue !== undefined && { default: defaultValue }) })

const integer = (what: string, defaultValue: number, minimum: number, maximum: number) =>
  Type.Integer({ description: `${what}, a whole number from ${minimum} to ${maximum}`, default: defaultValue, minimum, maximum })

/** More processes than any machine has cores for would only be in each other's way. */
export const MOST_WORKERS = 64

const DRAIN_DELAY_LIMIT_MS = 5 * MINUTE_MS

const duration = (defaultValue: number, minimum: number, maximum = DAY_MS) =>
  integer('milliseconds', defaultValue, minimum, maximum)

const oneOf = <T extends string> (values: readonly T[], defaultValue?: T) =>
  Type.Unsafe<T>({
    type: 'string',
    enum: values,
    description: `one of ${values.join(', ')}`,
    ...(defaultValue !== undefined && { default: defaultValue })
  })

/** Names go into queries (escaped); line breaks and other control characters have no place in one. */
const name = (what: string, defaultValue: string) =>
  Type.String({
    description: `the name of ${what}, without control characters`,
    default: defaultValue,
    pattern: '^[^\\u0000-\\u001f\\u007f]+$'
  })

/** Every setting, by the name of its environment variable. The README's and `.env.example`'s tables are tested against it. */
export const settingsSchema = Type.Object({
  HOST: text('an address or host name to listen on', '127.0.0.1'),
  PORT: integer('a TCP port (0 picks a free one)', 3001, 0, 65_535),
  WORKERS: text(`a whole number from 1 to ${MOST_WORKERS}, or auto: as many as there are cores`, '1'),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info'),
  TRUST_PROXY: Type.Optional(text('comma-separated addresses or CIDR ranges of the proxies whose X-Forwarded-For is believed')),

  ...authSettings,

  METRICS_SOURCE: Type.Optional(oneOf(['influxdb', 'demo'])),
  INFLUXDB_URL: Type.Optional(text('an http:// or https:// URL without user name and password, e.g. http://127.0.0.1:8086')),
  INFLUXDB_TOKEN: Type.Optional(text('an API token, or user:password for InfluxDB 1.x')),
  INFLUXDB_ORG: Type.Optional(text('the organisation (any text for 1.8)')),
  INFLUXDB_BUCKET: Type.Optional(text('the bucket, or database/retention-policy for 1.x')),
  INFLUXDB_QUERY_LANGUAGE: oneOf(['flux', 'influxql'], 'flux'),
  INFLUXDB_MEASUREMENT: name('the measurement', 'cold_start_metrics'),
  INFLUXDB_FIELD: name('the field that holds the latency in ms', 'cold_start_time_ms'),
  INFLUXDB_POP_TAG: name('the tag that holds the PoP code', 'pop_code'),
  INFLUXDB_FUNCTION_TAG: name('the tag that holds the function', 'function_name'),
  ...influxSettings,
  INFLUXDB_MAX_ROWS: integer('rows that one answer may have', 100_000, 1, 10_000_000),

  BROADCAST_INTERVAL_MS: duration(10_000, 100),
  QUERY_TIMEOUT_MS: duration(5_000, 10),
  POLL: oneOf(['on-demand', 'always'], 'on-demand'),
  WINDOW_MAX_ROWS: integer('samples', 1_000_000, 1_000, 100_000_000),
  WINDOW_MAX_BYTES: integer('bytes', 67_108_864, 1_048_576, 17_179_869_184),
  DEMO_POPS: integer('simulated PoPs', 20, 1, 2_000),
  DEMO_SEED: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 0xffff_ffff, description: 'a whole number from 0 to 4294967295' })
  ),
  HEALTHY_BELOW_MS: Type.Number({
    default: 10,
    exclusiveMinimum: 0,
    maximum: DAY_MS,
    description: `milliseconds, a number above 0 up to ${DAY_MS}`
  }),
  OVERVIEW_WINDOW_MS: duration(10 * MINUTE_MS, 1_000),
  MIN_DEVIATION_MS: Type.Optional(
    Type.Number({ minimum: 0, maximum: DAY_MS, description: `milliseconds, a number from 0 to ${DAY_MS}` })
  ),
  NEW_NORMAL_AFTER_MS: duration(DAY_MS, MINUTE_MS, 30 * DAY_MS),

  ...notifySettings,
  ...tracingSettings,

  PING_INTERVAL_MS: duration(25_000, 100),
  STALE_AFTER_MS: duration(5 * MINUTE_MS, 100),
  MAX_MISSED_PINGS: integer('pings', 2, 2, 100),
  STATS_LOG_INTERVAL_MS: duration(MINUTE_MS, 100),
  METRICS_PER_POP: integer('PoPs that have series of their own in /metrics (0: none)', 0, 0, 100_000),
  MAX_CONNECTIONS: integer('connections', 10_000, 1, 1_000_000),
  MAX_CONNECTIONS_PER_ADDRESS: integer('connections of one address (0: no limit)', 0, 0, 1_000_000),
  MAX_MESSAGE_BYTES: integer('bytes', 16_384, 64, 1_048_576),
  MAX_BUFFERED_BYTES: integer('bytes', 1_048_576, 1_024, 1_073_741_824),
  SLOW_CLIENT_TIMEOUT_MS: duration(30_000, 100),
  UPGRADE_RATE_LIMIT: integer('upgrades per second (0: no limit)', 0, 0, 1_000_000),
  COMPRESSION: oneOf(['on', 'off'], 'on'),
  COMPRESSION_THRESHOLD_BYTES: integer('bytes', 1_024, 0, 1_048_576),
  UPDATE_LOG_COUNT: integer('updates', 360, 1, 100_000),
  UPDATE_LOG_BYTES: integer('bytes', 1_048_576, 1_024, 1_073_741_824),
  CLUSTER_URL: Type.Optional(text('a redis:// or rediss:// URL, with user name and password where it takes them')),
  CLUSTER_NAME: Type.String({
    description: 'the name of the stream, of letters, digits, "-", "_" and "."',
    default: 'popcast',
    pattern: '^[A-Za-z0-9._-]{1,64}$'
  }),
  STATE_DIR: Type.Optional(text('a directory of this process alone, in which the stream survives a restart')),
  MAX_POPS_FILTERS: integer('distinct filters', 100, 1, 10_000),
  DRAIN_DELAY_MS: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: DRAIN_DELAY_LIMIT_MS,
      description: `milliseconds, a whole number from 0 to ${DRAIN_DELAY_LIMIT_MS}`
    })
  ),
  // Fastify gives a closing plugin 10 s (pluginTimeout); the sockets must be gone before that.
  DRAIN_TIMEOUT_MS: duration(3_000, 0, 9_000)
})

/** As they are given: those without a default may be absent. */
export type Settings = Static<typeof settingsSchema>
export type SettingName = keyof Settings

/** One wrong variable: its name, what is wrong with its value (never the value of a secret), and what is accepted. */
export interface ConfigProblem {
  variable: string
  fault: string
  accepted: string
}

/** Thrown by `loadConfig` with every problem that was found, not only the first. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[]

  constructor (problems: readonly ConfigProblem[]) {
    super(problems.map(({ variable, fault, accepted }) => `${variable}: ${fault}; accepted: ${accepted}`).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** @param fault what is wrong with the value; never the value of a secret */
export function problem (variable: SettingName, fault: string): ConfigProblem {
  return { variable, fault, accepted: (settingsSchema.properties[variable] as unknown as { description: string }).description }
}
