#!/usr/bin/env node
import { version } from './version.ts'

const USAGE = `popcast ${version}: a live feed of per-PoP measurements in InfluxDB

popcast [command] [arguments]

  serve       the service: settings are environment variables or a .env file (without a command as well)
  watch       shows the feed of a running service in the terminal
  generate    writes simulated samples into an InfluxDB
  detect      prints the regressions that would have been reported of a CSV file
  token       makes a token for AUTH=token
  check       checks the settings, asks the source once, and says what it found

  --help      this text; popcast watch --help: that of the command
  --version   ${version}
`
/** As is usual for a command line that makes no sense. */
const USAGE_EXIT_CODE = 2

/** Each is loaded when it is asked for: nobody waits for what belongs to another one. */
const commands: Record<string, (args: string[]) => Promise<unknown>> = {
  serve,
  watch: async (args) => (await import('./watch/command.ts')).watch(args),
  generate: async (args) => (await import('./generator/command.ts')).generate(args),
  detect: async (args) => (await import('./detect/command.ts')).detect(args),
  token: async (args) => (await import('./token.ts')).token(args),
  check: async (args) => (await import('./check/command.ts')).check(args)
}

const [name = 'serve', ...args] = process.argv.slice(2)
if (name === '--help' || name === '-h') process.stdout.write(USAGE)
else if (name === '--version' || name === '-v') process.stdout.write(`${version}\n`)
else if (Object.hasOwn(commands, name)) await commands[name]!(args)
else fail(`there is no ${name.startsWith('-') ? 'option' : 'command'} ${JSON.stringify(name)}`)

async function serve ([first]: string[]): Promise<void> {
  if (first === '--help' || first === '-h') process.stdout.write(USAGE)
  else if (first !== undefined) fail(`serve takes no arguments, not ${JSON.stringify(first)}: settings are environment variables`)
  else await import('./server.ts')
}

function fail (fault: string): void {
  process.stderr.write(`popcast: ${fault}; commands: ${Object.keys(commands).join(', ')}; popcast --help says more\n`)
  process.exitCode = USAGE_EXIT_CODE
}
