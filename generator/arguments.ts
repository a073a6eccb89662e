import { parseArgs } from 'node:util'
import { ConfigError, type ConfigProblem } from '../config.ts'
import { simulatedPops } from '../lib/simulation/pops.ts'

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const MAX_POPS = 2_000
const MAX_SEED = 0xffff_ffff
const MAX_FACTOR = 1_000
const MIN_INTERVAL_MS = 100
const MAX_INTERVAL_MS = UNIT_MS.h
const MAX_BACKFILL_MS = 365 * UNIT_MS.d
/** An error message names this many PoPs; more would bury the fault. */
const NAMED_POPS = 20

const DURATION = 'a duration such as 500ms, 10s, 5m, 25h or 2d'

/**
 * One PoP that is slower by `factor` for `durationMs` (Infinity: until the
 * generator stops) from the begin of the live phase on.
 */
export interface Regression {
  pop: string
  factor: number
  durationMs: number
}

export interface GeneratorOptions {
  pops: number
  intervalMs: number
  seed: number
  /** How much history is written before the live phase; 0 is none. */
  backfillMs: number
  /** Whether PoPs regress by themselves now and then, in the history too. */
  incidents: boolean
  regressions: Regression[]
}

export const USAGE = `Writes simulated cold-start samples into the InfluxDB that the INFLUXDB_* settings name, until Ctrl-C.

npx popcast generate [options]
npm run generate -- [options]     the same in a clone

  --pops N                how many PoPs report, 1 to ${MAX_POPS} (20)
  --interval D            every PoP and function reports once per interval, 100ms to 1h (10s)
  --seed N                the same seed gives the same numbers (1)
  --backfill D            first write the history of this long up to now, e.g. 25h (none)
  --regress POP[:F[:D]]   from now on POP is slower by factor F (2) for D (until stopped); may be repeated, e.g. fra1:3:10m
  --incidents             let PoPs regress by themselves now and then
  --help                  this text

Durations: 500ms, 10s, 5m, 25h, 2d.
`

/**
 * Reads the command line.
 * @param args what follows the script's name
 * @throws {ConfigError} that names each wrong option, its fault and what is accepted
 */
export function parseArguments (args: readonly string[]): GeneratorOptions | 'help' {
  const given = parse(args)
  if (given.help === true) return 'help'
  const problems: ConfigProblem[] = []
  const read = <T>(option: string, value: string | undefined, fallback: T, reader: (text: string) => T): T => {
    try {
      return value === undefined ? fallback : reader(value)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      problems.push({ variable: `--${option}`, fault: `${JSON.stringify(value)} ${error.message}`, accepted: error.accepted })
      return fallback
    }
  }
  const pops = read('pops', given.pops, 20, (text) => integer(text, 1, MAX_POPS))
  const options: GeneratorOptions = {
    pops,
    intervalMs: read('interval', given.interval, 10 * UNIT_MS.s, (text) =>
      duration(text, MIN_INTERVAL_MS, MAX_INTERVAL_MS, 'from 100ms to 1h')
    ),
    seed: read('seed', given.seed, 1, (text) => integer(text, 0, MAX_SEED)),
    backfillMs: read('backfill', given.backfill, 0, (text) => duration(text, 1, MAX_BACKFILL_MS, 'up to 365d')),
    incidents: given.incidents === true,
    regressions: (given.regress ?? []).flatMap((value) =>
      read<Regression[]>('regress', value, [], (text) => [regression(text, pops)])
    )
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return options
}

/** What is wrong with a value, and what would be right. */
class Fault extends Error {
  readonly accepted: string

  constructor (message: string, accepted: string) {
    super(message)
    this.accepted = accepted
  }
}

function parse (args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      options: {
        pops: { type: 'string' },
        interval: { type: 'string' },
        seed: { type: 'string' },
        backfill: { type: 'string' },
        regress: { type: 'string', multiple: true },
        incidents: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' }
      }
    }).values
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (!code.startsWith('ERR_PARSE_ARGS_')) throw error
    const [fault = message] = message.split(/\.?\n|\. /)
    // `npm run generate --pops 5` gives npm the option and us the 5.
    const accepted = 'the options that --help lists; `npm run generate` wants a `--` before them'
    throw new ConfigError([{ variable: 'arguments', fault, accepted }])
  }
}

function integer (text: string, minimum: number, maximum: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN
  if (value >= minimum && value <= maximum) return value
  throw new Fault(
    Number.isNaN(value) ? 'is not a whole number' : 'is out of range',
    `a whole number from ${minimum} to ${maximum}`
  )
}

function duration (text: string, minimumMs: number, maximumMs: number, range: string): number {
  const [, amount, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? []
  const value = Math.round(Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS])
  if (value >= minimumMs && value <= maximumMs) return value
  throw new Fault(unit === undefined ? 'is not a duration' : 'is out of range', `${DURATION}, ${range}`)
}

function regression (text: string, pops: number): Regression {
  const [pop = '', factorText, durationText, ...rest] = text.split(':')
  const codes = simulatedPops(pops).map(({ code }) => code)
  const named = codes.slice(0, NAMED_POPS).join(', ') + (codes.length > NAMED_POPS ? ', ...' : '')
  const accepted = `POP[:factor[:duration]], e.g. fra1:3:10m, with a PoP of ${named}`
  if (!codes.includes(pop)) throw new Fault(unknownPop(pop, pops), accepted)
  if (rest.length > 0) throw new Fault('has more than three parts', accepted)
  const factor = factorText === undefined ? 2 : /^\d+(\.\d+)?$/.test(factorText) ? Number(factorText) : NaN
  if (!(factor > 1 && factor <= MAX_FACTOR)) {
    throw new Fault('has a wrong factor', `a factor above 1, up to ${MAX_FACTOR}, as in fra1:3`)
  }
  return {
    pop,
    factor,
    durationMs: durationText === undefined ? Infinity : duration(durationText, 1, MAX_BACKFILL_MS, 'up to 365d')
  }
}

function unknownPop (pop: string, pops: number): string {
  const index = simulatedPops(MAX_POPS).findIndex(({ code }) => code === pop)
  return index === -1
    ? 'names a PoP that does not exist'
    : `names a PoP that exists only with --pops ${index + 1} or more (now ${pops})`
}
