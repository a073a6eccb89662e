import { ConfigError, loadConfig, problem, type InfluxConfig } from '../config.ts'

const REQUIRED = ['INFLUXDB_URL', 'INFLUXDB_BUCKET'] as const

/**
 * The settings of the service that say where its InfluxDB is and what the samples are called there; the others are
 * not looked at, so a wrong one of theirs does not matter here.
 * @throws {ConfigError} when one is missing or wrong
 */
export function loadInfluxConfig (env: Record<string, string | undefined>): InfluxConfig {
  const missing = REQUIRED.filter((variable) => !env[variable]?.trim())
  if (missing.length > 0) {
    throw new ConfigError(missing.map((variable) => problem(variable, 'is not set, and the generator writes into an InfluxDB')))
  }
  const relevant = Object.entries(env).filter(([variable]) => variable.startsWith('INFLUXDB_') || variable === 'LOG_LEVEL')
  return loadConfig({ ...Object.fromEntries(relevant), METRICS_SOURCE: 'influxdb' }) as InfluxConfig
}
