import { createReadStream, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { failStart } from '../startup.ts'
import { detectIntervals, type Interval } from './intervals.ts'
import { picture } from './picture.ts'
import { readSamples, SamplesError } from './samples.ts'
import { timestamp } from '../lib/protocol/timestamp.ts'

const PROGRAM = 'detect'
const ENDS = { recovered: '', gone: ', then silent', new_normal: ', then the new normal' } as const
const BASELINES = { day: 'day before', week: 'week before', hour: 'hour before', start: 'first hour' } as const
const USAGE = `Prints the regressions that popcast would have reported of a time series.

npx popcast detect [--interval S] [--svg PICTURE.svg] FILE.csv     (- is the standard input)
npm run detect -- [--interval S] [--svg PICTURE.svg] FILE.csv      the same in a clone

  FILE.csv       a header that names time, pop_code, cold_start_time_ms and, where there are several, function_name
                 (in any order; further columns are ignored), then one line per sample. Times: ISO 8601, or an integer
                 of seconds, ms, us or ns since the epoch
  --interval S   it had polled every S seconds, 0.1 to 86400 (as often as there are samples)
  --svg FILE     draws the series with what was found in them
  --help         this text
`

/** The command `detect`. @param args what follows its name */
export async function detect (args: readonly string[]): Promise<void> {
  const { file, pollMs, svg } = readArguments(args)
  try {
    const samples = await readSamples(file === '-' ? process.stdin : createReadStream(file))
    const found: Interval[] = []
    for (const interval of detectIntervals(samples, { pollMs })) {
      found.push(interval)
      process.stdout.write(`${describe(interval)}\n`)
    }
    process.stdout.write(
      `${found.length} ${found.length === 1 ? 'regression' : 'regressions'} in ${samples.length} samples ` +
      `of ${new Set(samples.map(({ pop }) => pop)).size} PoPs\n`
    )
    if (svg !== undefined) writeFileSync(svg, picture(samples, found))
  } catch (error) {
    if (error instanceof SamplesError) failStart(PROGRAM, `${file}: ${error.message}`)
    throw error
  }
}

function readArguments (args: readonly string[]): { file: string, pollMs: number | undefined, svg: string | undefined } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { interval: { type: 'string' }, svg: { type: 'string' }, help: { type: 'boolean' } }
    })
    if (values.help) {
      process.stdout.write(USAGE)
      process.exit(0)
    }
    const seconds = values.interval === undefined ? undefined : Number(values.interval)
    if (seconds !== undefined && !(seconds >= 0.1 && seconds <= 86_400)) {
      throw new Error(`--interval: ${JSON.stringify(values.interval)} is not a number of seconds from 0.1 to 86400`)
    }
    const [file, ...more] = positionals
    if (file === undefined || more.length > 0) throw new Error(`one FILE.csv is wanted, not ${positionals.length}`)
    return { file, pollMs: seconds === undefined ? undefined : seconds * 1_000, svg: values.svg }
  } catch (error) {
    return failStart(PROGRAM, `${(error as Error).message}\n\n${USAGE}`)
  }
}

function describe ({ pop, severity, since, until, closeReason, worst }: Interval): string {
  const { recentMs, baselineMs, baselineKind, increase, zScore, samples } = worst
  const end =
    until === null
      ? 'open'
      : `${timestamp(until)} (${Math.round((until - since) / 1_000)} s${closeReason === null ? '' : ENDS[closeReason]})`
  return (
    `${pop} ${severity} from ${timestamp(since)} to ${end}: ` +
    `at worst ${recentMs.toFixed(2)} ms instead of ${baselineMs.toFixed(2)} ms ` +
    `(${BASELINES[baselineKind]}), +${(increase * 100).toFixed(0)} %, z ${zScore.toFixed(1)}, ` +
    `${samples.recent} samples against ${samples.baseline}`
  )
}
