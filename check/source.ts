import type { Config, InfluxConfig } from '../config.ts'
import type { Clock } from '../lib/clock.ts'
import { DemoSource } from '../lib/source/demo-source.ts'
import { openInflux, type OpenInflux } from '../lib/source/influx/open.ts'
import { SourceError } from '../lib/source/source-error.ts'
import { duration, list } from '../lib/words.ts'
import { note, ok, problem, type Finding } from './finding.ts'
import { lookAtSamples } from './samples.ts'

/** The engine tells its time in whole seconds, and the answer takes some: less is no difference. */
const CLOCK_SLACK_MS = 2_000
/** What the demo shows is of no seed in particular. */
const DEMO_SEED = 1

/** What the settings name is asked once. Never throws because of it, and never writes. */
export async function lookAtSource (config: Config, clock: Clock): Promise<Finding[]> {
  if (config.METRICS_SOURCE === 'influxdb') return lookAtInflux(config, clock)
  const demo = new DemoSource({ pops: config.DEMO_POPS, seed: config.DEMO_SEED ?? DEMO_SEED, clock })
  const simulated = note('source', 'INFLUXDB_URL is not set: what is served is simulated (METRICS_SOURCE demo)', { kind: 'demo' })
  return [simulated, ...await lookAtSamples(demo, config, clock)]
}

async function lookAtInflux (config: InfluxConfig, clock: Clock): Promise<Finding[]> {
  const influx = openInflux(config, clock)
  const findings: Finding[] = []
  try {
    findings.push(...await lookAtEngine(influx, config, clock))
    const samples = await lookAtSamples(influx.source, config, clock).catch(async (error: unknown) => {
      const fault = await influx.source.explain().catch(() => null)
      if (fault === null) throw error
      return [problem('samples', fault)]
    })
    if (samples.length > 1) findings.push(await lookAtNames(influx, config))
    findings.push(...samples)
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    findings.push(problem('source', `${urlOf(config)}: ${reasons[error.reason]}: ${error.message}`, { reason: error.reason }))
  } finally {
    await influx.source.close()
  }
  return findings
}

const reasons: Record<SourceError['reason'], string> = {
  unavailable: 'there is no answer',
  timeout: 'it does not answer in time (QUERY_TIMEOUT_MS)',
  unauthorized: 'it refuses INFLUXDB_TOKEN',
  bad_answer: 'its answer cannot be used'
}

const urlOf = ({ INFLUXDB_URL: url }: InfluxConfig) => url

async function lookAtEngine ({ connection }: OpenInflux, config: InfluxConfig, clock: Clock): Promise<Finding[]> {
  const startedAt = clock.monotonic()
  const { version, date } = await connection.ping()
  const pingMs = Math.round(clock.monotonic() - startedAt)
  const { INFLUXDB_QUERY_LANGUAGE: queryLanguage, INFLUXDB_BUCKET: bucket } = config
  // One that somebody has built says "unknown".
  const isKnown = version !== null && /\d/.test(version)
  const engine = isKnown ? `InfluxDB ${version.replace(/^v/, '')}` : 'an InfluxDB of no known version'
  const text = `${engine} answers at ${urlOf(config)} within ${pingMs} ms; it is asked in ${queryLanguage} for ${bucket}`
  const findings = [ok('source', text, { kind: 'influxdb', version, pingMs, queryLanguage, bucket })]
  if (date === null) return findings
  const aheadMs = date + 500 - clock.now()
  if (Math.abs(aheadMs) <= CLOCK_SLACK_MS) return findings
  const which = `${duration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'}`
  return [...findings, note('clocks', `the clock of the database is ${which} this machine's`, { databaseAheadMs: aheadMs })]
}

/** What there is of the tags that the settings name. One that is missing costs a word or a mark on the map, no more. */
async function lookAtNames ({ reader }: OpenInflux, config: InfluxConfig): Promise<Finding> {
  const tags = await reader.tags()
  const wanted = [
    'INFLUXDB_FUNCTION_TAG', 'INFLUXDB_CITY_TAG', 'INFLUXDB_COUNTRY_TAG', 'INFLUXDB_TIER_TAG'
  ] as const
  const { INFLUXDB_MEASUREMENT: measurement, INFLUXDB_FIELD: field } = config
  const missing = wanted.filter((setting) => !tags.includes(config[setting]))
  const facts = { measurement, field, tags, missing }
  const has = `${measurement} has the tags ${list(tags)}`
  if (missing.length === 0 || tags.length === 0) return ok('names', has, facts)
  const named = missing.map((setting) => `${config[setting]} (${setting})`).join(', ')
  return note('names', `${has}, and not ${named}: popcast does without`, facts)
}
