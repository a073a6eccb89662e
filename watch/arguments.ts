import { parseArgs } from 'node:util'
import { addressOf } from './address.ts'
import { exitCodes, meanings } from './exit-codes.ts'
import { UsageError } from './usage-error.ts'

const DEFAULT_TIMEOUT_S = 10
const MAX_TIMEOUT_S = 86_400
/** The server takes no more (PROTOCOL.md, What is asked in the URL). */
const MAX_VALUES = 1_000

export interface WatchOptions {
  readonly address: string
  readonly json: boolean
  readonly once: boolean
  readonly failOnRegression: boolean
  readonly timeoutMs: number
  /** Empty: all. */
  readonly pops: readonly string[]
  readonly countries: readonly string[]
  readonly tokenFile?: string
}

/** What each exit code means, as a table. */
const exitCodeTable = Object.entries(exitCodes).map(([name, code]) =>
  `  ${`${code}`.padStart(3)}   ${meanings[name as keyof typeof exitCodes]}`
).join('\n')

export const USAGE = `Shows the feed of a running popcast: on a terminal a screen, into a pipe a line per update and alert.

popcast watch [options] [address]     (ws://127.0.0.1:3001/ws; also http(s)://..., host:port; without a path: /ws)

  --pops CODE,...         only these PoPs
  --country CC,...        only PoPs of these countries
  --token-file FILE       where popcast wants a token: the file it is in (or the variable POPCAST_TOKEN)
  --json                  one line of JSON per message of the feed, as the server said it
  --once                  what is true now, then end
  --timeout S             --once waits this long for fresh data, 0.1 to ${MAX_TIMEOUT_S} (${DEFAULT_TIMEOUT_S})
  --fail-on-regression    end with ${exitCodes.regression} as soon as a regression is open (with --once: if one is)
  --help                  this text

On the screen: q or Ctrl-C ends, Ctrl-L draws it anew. NO_COLOR switches colours off.

Exit codes:
${exitCodeTable}
`

/** Reads the command line. @throws {UsageError} that names what is wrong */
export function parseArguments (args: readonly string[]): WatchOptions | 'help' {
  const { values, positionals } = parse(args)
  if (values.help === true) return 'help'
  if (positionals.length > 1) throw new UsageError(`one address is wanted, not ${positionals.length}: ${positionals.join(' ')}`)
  const { json = false, once = false, 'fail-on-regression': failOnRegression = false } = values
  if (values.timeout !== undefined && !once) throw new UsageError('--timeout is that of --once, which is not given')
  return {
    address: addressOf(positionals[0]),
    json,
    once,
    failOnRegression,
    timeoutMs: seconds(values.timeout) * 1_000,
    pops: list('--pops', values.pops),
    countries: list('--country', values.country),
    ...values['token-file'] !== undefined && { tokenFile: values['token-file'] }
  }
}

function parse (args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        once: { type: 'boolean' },
        'fail-on-regression': { type: 'boolean' },
        timeout: { type: 'string' },
        pops: { type: 'string', multiple: true },
        country: { type: 'string', multiple: true },
        'token-file': { type: 'string' },
        help: { type: 'boolean', short: 'h' }
      }
    })
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (!code.startsWith('ERR_PARSE_ARGS_')) throw error
    const [fault = message] = message.split(/\.?\n|\. /)
    throw new UsageError(fault)
  }
}

function seconds (text = `${DEFAULT_TIMEOUT_S}`): number {
  const value = /^\d{1,5}(\.\d{1,3})?$/.test(text) ? Number(text) : NaN
  if (value >= 0.1 && value <= MAX_TIMEOUT_S) return value
  throw new UsageError(`--timeout: ${JSON.stringify(text)} is not a number of seconds from 0.1 to ${MAX_TIMEOUT_S}`)
}

function list (option: string, given: readonly string[] = []): string[] {
  const values = new Set(given.flatMap((text) => text.split(',')).map((value) => value.trim()))
  if (values.has('')) throw new UsageError(`${option}: ${JSON.stringify(given.join(','))} has an empty value; accepted: a,b,...`)
  if (values.size > MAX_VALUES) throw new UsageError(`${option}: ${values.size} values are more than ${MAX_VALUES}`)
  return [...values]
}
