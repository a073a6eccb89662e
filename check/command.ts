import { parseArgs } from 'node:util'
import { ConfigError, loadConfig, type Config } from '../config.ts'
import { systemClock } from '../lib/clock.ts'
import { loadEnvFile, orFailStart } from '../startup.ts'
import { problem, type Finding } from './finding.ts'
import { isFine, reportJson, reportLines } from './report.ts'
import { lookAtSource } from './source.ts'
import { lookAround } from './surroundings.ts'

const PROGRAM = 'popcast'

export const USAGE = `Checks the settings, asks the source once, and says what popcast would find there. Nothing is written.

npx popcast check [--json]

  --json    one line of JSON: {"ok":...,"findings":[{"part","level","text","facts"}]}; level: ok, note or problem
  --help    this text

Settings are those of the service: environment variables or a .env file. Looked at are the source (engine, names, samples,
freshness, silent PoPs, clocks, what regressions would be told against), and as far as they are set CLUSTER_URL, STATE_DIR,
ALERTMANAGER_URL, WEBHOOK_URL, OTEL_EXPORTER_OTLP_ENDPOINT, and whom AUTH would let in.

Exit codes:
  0   popcast would do its work; there may be notes
  1   a problem was found, or a setting is wrong (then popcast would not start, and ends with 1 as well)
  2   wrong arguments
`
const exitCodes = { fine: 0, problem: 1, usage: 2 } as const

/** The command `check`. @param args what follows its name */
export async function check (args: readonly string[]): Promise<void> {
  const options = readArguments(args)
  if (options === null) return
  loadEnvFile(PROGRAM)
  const config = options.json ? readConfig() : orFailStart(PROGRAM, () => loadConfig(process.env))
  const findings = Array.isArray(config) ? config : await findAll(config)
  process.stdout.write(options.json ? `${reportJson(findings)}\n` : `${reportLines(findings).join('\n')}\n`)
  process.exitCode = isFine(findings) ? exitCodes.fine : exitCodes.problem
}

function readArguments (args: readonly string[]): { json: boolean } | null {
  try {
    const { values: { json = false, help = false } } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } }
    })
    if (!help) return { json }
    process.stdout.write(USAGE)
  } catch (error) {
    process.stderr.write(`popcast check: ${(error as Error).message}\npopcast check --help says more\n`)
    process.exitCode = exitCodes.usage
  }
  return null
}

/** Or what is wrong with the settings. */
function readConfig (): Config | Finding[] {
  try {
    return loadConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ variable, fault, accepted }) =>
      problem('settings', `${variable}: ${fault}; accepted: ${accepted}`, { variable, fault, accepted }))
  }
}

async function findAll (config: Config): Promise<Finding[]> {
  const [source, around] = await Promise.all([lookAtSource(config, systemClock), lookAround(config, systemClock)])
  return [...source, ...around]
}
