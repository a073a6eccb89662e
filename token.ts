import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { newToken, parseTokens } from './lib/auth/tokens.ts'
import { failStart } from './startup.ts'

const PROGRAM = 'popcast token'
const USAGE = `Makes a token for AUTH=token, which is shown once: the file keeps no more than its hash.

npx popcast token NAME [--file FILE] [--expires TIME] [--topics LIST] [--pops LIST]

  NAME             whose it is; in the log, beside each connection
  --file FILE      adds the line to AUTH_TOKENS_FILE, which a running popcast reads again; without it the line is printed
  --expires TIME   ISO 8601, e.g. 2027-01-01 or 2027-01-01T12:00:00Z
  --topics LIST    good for these only: metrics, alerts, pops; comma separated
  --pops LIST      good for these PoPs only, by code; comma separated
  --help           this text
`

/** The command `token`: prints a new one. @param args what follows its name */
export function token (args: readonly string[]): void {
  try {
    const { name, file, limits } = readArguments(args)
    const { token, hash } = newToken()
    const line = [name, hash, ...limits].join(' ')
    const before = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : ''
    const separator = before === '' || before.endsWith('\n') ? '' : '\n'
    // All that would be wrong with the file is wrong now.
    const made = parseTokens(`${before}${separator}${line}\n`).at(-1)
    if (made?.name !== name) throw new Error(`NAME: ${JSON.stringify(name)} begins a comment`)
    const { expiresAt } = made.grant
    if (expiresAt !== null && expiresAt <= Date.now()) throw new Error('--expires is over')
    if (file !== undefined) appendFileSync(file, `${separator}${line}\n`, { mode: 0o600 })
    process.stdout.write(file === undefined ? `token: ${token}\nline:  ${line}\n` : `${token}\n`)
  } catch (error) {
    failStart(PROGRAM, (error as Error).message)
  }
}

function readArguments (args: readonly string[]): { name: string, file: string | undefined, limits: string[] } {
  const { values: { help, file, ...limits }, positionals: [name, ...more] } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      file: { type: 'string' },
      expires: { type: 'string' },
      topics: { type: 'string' },
      pops: { type: 'string' },
      help: { type: 'boolean', short: 'h' }
    }
  })
  if (help) {
    process.stdout.write(USAGE)
    process.exit(0)
  }
  if (name === undefined || more.length > 0) throw new Error(`one NAME is wanted\n\n${USAGE}`)
  return { name, file, limits: Object.entries(limits).map(([key, value]) => `${key}=${value}`) }
}
